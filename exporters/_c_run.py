"""An artefact of target `c` on a board: its golden vectors, and everything it computes for given frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from neurodeploy.exporters._c_boards import Board
from neurodeploy.exporters._c_build import OPTIMISE, build, prefix, program
from neurodeploy.exporters._c_execute import Exit, answered, execute, failure
from neurodeploy.exporters._c_request import answer_length, request_bytes, trace_of
from neurodeploy.graph import Trace
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact


@final
@dataclass(frozen=True)
class Golden:
    """How a firmware with the artefact's golden vectors ended.

    Args:
        status: of the emulator, which is the firmware's; 0 means that every value was right; None: it stood still.
        reason: why it is not 0, or "".
    """

    status: int | None
    reason: str

    @property
    def passed(self) -> bool:
        """Whether every value was right."""
        return self.status == Exit.FINE


def run_on(board: Board, artefact: Artefact, frames: Array, options: Sequence[str] = (OPTIMISE,)) -> Trace:
    """Outputs and states of every neuron, from a program around NAME.c that is compiled for `board` and run there.

    Args:
        frames: (time, samples, *input shape), each sample starting from a reset.
        options: of the compiler.
    Raises:
        ToolchainMissingError: no compiler or no emulator.
        BoardTooSmallError: flash or RAM is too small.
        ArtefactError: NAME.c does not compile, faults, stands still or refuses an input.
    """
    graph = artefact.integer_graph().graph
    seen = (*options, f"-D{prefix(artefact)}_DEBUG")
    executable = build(board, program(artefact, ("runner.c", "request.c", *board.start), (), seen))
    steps, samples = frames.shape[:2]
    wanted = answer_length(graph, steps, samples)
    answer = answered(board, artefact.folder, executable, request_bytes(frames), wanted)
    return trace_of(answer, graph, steps, samples)


def run_golden(board: Board, artefact: Artefact, options: Sequence[str] = (OPTIMISE,)) -> Golden:
    """The verdict of the firmware test_NAME.c on `board`.

    Raises:
        ToolchainMissingError, BoardTooSmallError, ArtefactError: it could not be built.
    """
    seen = (*options, f"-D{prefix(artefact)}_DEBUG")
    executable = build(board, program(artefact, ("golden.c", *board.start), ("test_{}.c",), seen))
    status, _, said = execute(board, executable)
    return Golden(status, "" if status == Exit.FINE else failure(status, said))
