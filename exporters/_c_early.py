"""An artefact of target `c` on a board, allowed to stop early: where it stops, and what its rule says at its limits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from neurodeploy.early_exit import EarlyRun, Exits
from neurodeploy.exporters._c_boards import Board
from neurodeploy.exporters._c_build import OPTIMISE, build, program
from neurodeploy.exporters._c_execute import answered
from neurodeploy.exporters._c_request import MAGIC, WORD, request_rows
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact


def run_early_on(
    board: Board, artefact: Artefact, frames: Array, probes: Array, options: Sequence[str] = (OPTIMISE,)
) -> EarlyRun:
    """What NAME_predict_early answers for each sample, and NAME_is_final for each probe.

    The program is compiled as a user would, without -DNAME_DEBUG.

    Args:
        frames: (time, samples, *input shape).
        probes: (probes, 2), leads and timesteps.
        options: of the compiler.
    Raises:
        ToolchainMissingError, BoardTooSmallError, ArtefactError: as for a run.
    """
    executable = build(board, program(artefact, ("early.c", *board.start), (), options))
    steps, samples = frames.shape[:2]
    head = np.array([MAGIC, steps, samples, len(probes)], WORD).tobytes()
    request = head + probes.astype("<i4").tobytes() + request_rows(frames)
    answer = answered(board, artefact.folder, executable, request, WORD.itemsize * (len(probes) + 2 * samples))
    words = np.frombuffer(answer, WORD).astype(np.int64)
    decisions, pairs = words[: len(probes)] != 0, words[len(probes) :].reshape(samples, 2)
    return EarlyRun(Exits(pairs[:, 1], pairs[:, 0]), decisions)
