"""One network on one target: written, read and run again, compared in every value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import final

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.twin import float_twin
from neurodeploy.deployment import Deployment
from neurodeploy.errors import (
    BoardTooSmallError,
    MismatchError,
    RangeError,
    ToolchainMissingError,
    UnsupportedNodeError,
)
from neurodeploy.files import sha256
from neurodeploy.graph import IntGraph, Trace, simulate
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.unrounded import unrounded
from neurodeploy.targets import Artefact, Exporter, Reference, Runtime, read_artefact, write_artefact
from neurodeploy.verify.compare import compare
from neurodeploy.verify.float_check import check_float


class Answer(Enum):
    """How a check ended."""

    EXACT = "EXACT"
    """Every value was equal."""
    WITHIN_TOLERANCE = "WITHIN_TOLERANCE"
    """Runtimes in floats only: every difference was one of rounding."""
    MISMATCH = "MISMATCH"
    """A value differs."""
    FAILED = "FAILED"
    """The exporter or its runtime ended with an error on a network that it did not refuse."""
    REFUSED = "REFUSED"
    """The target has no form for the network and said so before it wrote a file."""
    NOT_RUN = "NOT_RUN"
    """The runtime is not installed, or its board is too small for the network."""

    @property
    def is_wrong(self) -> bool:
        """Whether the target does not conform."""
        return self in (Answer.MISMATCH, Answer.FAILED)

    @property
    def has_run(self) -> bool:
        """Whether the network was compared, or should have been."""
        return self not in (Answer.REFUSED, Answer.NOT_RUN)


@final
@dataclass(frozen=True)
class Check:
    """What one runtime made of one network.

    Args:
        subject: name of the case, or which random network.
        runtime: name; "" where the files were not written.
        values: numbers compared.
        states: whether currents and voltages were among them.
        reason: why it is neither EXACT nor WITHIN_TOLERANCE, or "".
    """

    subject: str
    runtime: str
    answer: Answer
    values: int = 0
    states: bool = False
    reason: str = ""

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON."""
        return {**asdict(self), "answer": self.answer.value}


@final
@dataclass(frozen=True, eq=False)
class Trial:
    """A network and the frames that it is tried on; what must come out is worked out once.

    Args:
        frames: (time, samples, *input shape).
    """

    subject: str
    network: IntGraph
    frames: Array

    @classmethod
    def of(cls, case: Case) -> Trial:
        """The trial of a case."""
        return cls(case.name, case.integer, case.frames)

    def deployment(self, with_float: bool) -> Deployment:
        """What an exporter is given; the float network has the same numbers, divided by a power of two."""
        graph = self.network.graph
        classes = tuple(str(number) for number in range(graph.shapes[graph.output.name][0]))
        twin = float_twin(graph) if with_float else None
        return Deployment(self.network, twin, len(self.frames), classes, name="conformance")

    @cached_property
    def expected(self) -> Trace:
        """The specification's values."""
        return simulate(self.network, self.frames)


def check(
    exporter: Exporter, runtimes: Sequence[Runtime], trial: Trial, folder: Path, *, twice: bool = False
) -> list[Check]:
    """One check for each runtime, or a single one when nothing was written.

    Args:
        folder: where the artefact goes; must not exist.
        twice: emit once more, and call other bytes a failure.
    """
    deployment = trial.deployment(any(runtime.reference is Reference.FLOAT for runtime in runtimes))
    try:
        artefact = write_artefact(exporter, deployment, folder)
        again = exporter.emit(deployment).files if twice else {}
        artefact = read_artefact(artefact.folder)
    except (UnsupportedNodeError, RangeError) as error:
        return [Check(trial.subject, "", Answer.REFUSED, reason=str(error))]
    except ToolchainMissingError as error:
        return [Check(trial.subject, "", Answer.NOT_RUN, reason=str(error))]
    except Exception as error:  # noqa: BLE001  # a target from elsewhere may raise anything; that is the finding
        return [Check(trial.subject, "", Answer.FAILED, reason=_told(error))]
    differing = [name for name, content in again.items() if artefact.manifest["files"].get(name) != sha256(content)]
    if differing:
        reason = f"two exports of one network differ in {', '.join(sorted(differing))}"
        return [Check(trial.subject, "", Answer.FAILED, reason=reason)]
    return [run(exporter, runtime, artefact, trial) for runtime in runtimes]


def run(exporter: Exporter, runtime: Runtime, artefact: Artefact, trial: Trial) -> Check:
    """What `runtime` makes of files that may have been changed since they were written."""
    is_exact = runtime.reference is Reference.INTEGER
    started = Check(trial.subject, runtime.name, Answer.EXACT if is_exact else Answer.WITHIN_TOLERANCE)
    try:
        found = exporter.run(artefact, runtime, trial.frames)
        values = _compared(runtime, trial, found)
    except MismatchError as error:
        return replace(started, answer=Answer.MISMATCH, reason=str(error))
    except (ToolchainMissingError, BoardTooSmallError) as error:
        return replace(started, answer=Answer.NOT_RUN, reason=str(error))
    except Exception as error:  # noqa: BLE001  # as above
        return replace(started, answer=Answer.FAILED, reason=_told(error))
    neurons = [node for node in trial.network.graph.nodes if node.states]
    hidden = [node.name for node in neurons if node.name not in found]
    if hidden or not values:
        reason = f"its trace lacks {', '.join(hidden) or 'every value'}"
        return replace(started, answer=Answer.FAILED, values=values, reason=reason)
    states = all(f"{node.name}.{state}" in found for node in neurons for state in node.states)
    return replace(started, values=values, states=states)


def _compared(runtime: Runtime, trial: Trial, found: Trace) -> int:
    """How many numbers were compared.

    Raises:
        MismatchError: one differs.
    """
    if runtime.reference is Reference.INTEGER:
        return compare(trial.expected, found, trial.expected.values).values
    if runtime.reference is Reference.UNROUNDED:
        graph, expected = unrounded(trial.network), trial.expected
    else:
        graph = float_twin(trial.network.graph)
        expected = simulate(graph, trial.frames)
    is_unrounded = runtime.reference is Reference.UNROUNDED
    tolerance = runtime.tolerance
    return check_float(graph, trial.frames, expected, found, tolerance, decays_round=is_unrounded).values


def _told(error: Exception) -> str:
    """The error's class and message on one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())}"
