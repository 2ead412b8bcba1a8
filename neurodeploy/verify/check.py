"""Does an artefact compute what was trained? Every runtime's answer, with what was compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import (
    ArtefactError,
    BoardTooSmallError,
    DataError,
    MismatchError,
    ToolchainMissingError,
)
from neurodeploy.fast import Simulator
from neurodeploy.graph import Graph, IntGraph, Node, Trace, simulate
from neurodeploy.graph.file import graph_files
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.recordings import Recordings
from neurodeploy.graph.simulate import check_frames
from neurodeploy.graph.unrounded import unrounded
from neurodeploy.targets import Artefact, Exporter, Reference, Runtime, chosen_runtimes, find
from neurodeploy.verify.compare import compare
from neurodeploy.verify.early import check_early
from neurodeploy.verify.float_check import check_float
from neurodeploy.verify.integer_values import are_integer_values
from neurodeploy.verify.verdict import Status, Verdict


def verify(
    artefact: Artefact,
    frames: Recordings,
    *,
    runtimes: Sequence[str] = (),
    batch: int = 50,
    progress: Callable[[str], None] = lambda text: None,
) -> list[Verdict]:
    """A verdict on the files themselves if any changed, and one for each runtime of the artefact's target.

    Args:
        frames: (time, samples, *input shape), time being the artefact's T; states are zero at the start of each sample.
        runtimes: names to run; empty means all that apply to this artefact.
        batch: samples held in memory at a time.
        progress: told what runs now.
    Raises:
        ArtefactError: the reference graph cannot be read.
        ConfigError: an unknown runtime.
        DataError: the frames do not fit the network.
    """
    exporter = find(artefact.target)
    chosen = chosen_runtimes(exporter, runtimes)
    changed = artefact.changed_files()
    verdicts = []
    if changed:
        reason = f"changed since export (SHA-256 differs from the manifest): {', '.join(changed)}"
        verdicts.append(Verdict(artefact.target, "files", Status.MISMATCH, reason=reason))
        if any(name.startswith("reference/") for name in changed):
            return verdicts
    integer = artefact.integer_graph()
    references: dict[Reference, IntGraph | Graph | None] = {
        Reference.INTEGER: integer,
        Reference.FLOAT: artefact.float_graph(),
        Reference.UNROUNDED: unrounded(integer),
    }
    _check_steps(artefact, frames)
    for runtime in chosen:
        graph = references[runtime.reference]
        if graph is not None:
            progress(f"{artefact.target}: {runtime.name}")
            verdicts.append(_Check(artefact, exporter, runtime, graph).run(frames, batch))
    return verdicts


def _check_steps(artefact: Artefact, frames: Recordings) -> None:
    if frames.shape[0] != artefact.timesteps:
        reason = f"{frames.shape[0]} timesteps, the network was trained and exported for {artefact.timesteps} timesteps"
        raise DataError(source="frames", reason=reason, hint=f"Set data.timesteps={artefact.timesteps}.")


@final
class _Check:
    """One runtime's run over all batches, adding up what was compared."""

    def __init__(self, artefact: Artefact, exporter: Exporter, runtime: Runtime, graph: IntGraph | Graph) -> None:
        self.artefact, self.exporter, self.runtime, self.graph = artefact, exporter, runtime, graph
        self.is_unrounded = runtime.reference is Reference.UNROUNDED
        self.origin = artefact.integer_graph() if self.is_unrounded else graph
        self.is_integer = True  # every value so far is one of the integer network
        self.fast = Simulator(graph) if isinstance(graph, IntGraph) else None
        self.plain = plain = graph.graph if isinstance(graph, IntGraph) else graph
        self.neurons: list[Node] = [node for node in plain.nodes if node.states]
        self.order = [f"{n.name}{part}" for n in plain.nodes for part in ("", *(f".{state}" for state in n.states))]
        self.spikes = {node.name: 0 for node in self.neurons if isinstance(node, Cuba)}
        self.exposed: set[str] = set()
        self.differing_spikes = self.differing_answers = self.exits = 0
        self.verdict = Verdict(artefact.target, runtime.name, Status.EXACT, steps=artefact.timesteps)

    def run(self, frames: Recordings, batch: int) -> Verdict:
        """The verdict over all samples; the first difference ends the run."""
        try:
            for start in range(0, frames.shape[1], batch):
                self._compare(frames[:, start : start + batch])
        except MismatchError as error:
            return replace(self._counted(), status=Status.MISMATCH, reason=str(error))
        except ArtefactError as error:
            return replace(self._counted(), status=Status.MISMATCH, reason=f"the file cannot be run: {error}")
        except (ToolchainMissingError, BoardTooSmallError) as error:
            return Verdict(self.artefact.target, self.runtime.name, Status.NOT_RUN, reason=str(error))
        return self._judged()

    def _compare(self, frames: Array) -> None:
        check_frames(self.plain, frames)
        found = self.exporter.run(self.artefact, self.runtime, frames)
        expected = self._simulate(frames, set(found.values))
        self.exposed |= set(found.values)
        if isinstance(self.graph, IntGraph):
            values = compare(expected, found, self.order).values
            self.exits += check_early(self.exporter, self.artefact, self.runtime, self.plain, expected, frames)
        else:
            values = self._compare_float(self.graph, expected, found, frames)
        for name in self.spikes:
            self.spikes[name] += int(expected[name].sum())
        old = self.verdict
        self.verdict = replace(old, samples=old.samples + frames.shape[1], values=old.values + values)

    def _simulate(self, frames: Array, names: set[str]) -> Trace:
        """What `names` and all neurons must be."""
        if self.fast is not None:
            return self.fast.trace(frames, names | {node.name for node in self.neurons})
        return simulate(self.origin, frames)

    def _compare_float(self, graph: Graph, expected: Trace, found: Trace, frames: Array) -> int:
        tolerance = self.runtime.tolerance
        checked = check_float(graph, frames, expected, found, tolerance, decays_round=self.is_unrounded)
        largest = max(self.verdict.largest_difference or 0.0, checked.largest)
        self.verdict = replace(self.verdict, largest_difference=largest)
        self.differing_spikes += checked.differing_spikes
        self.differing_answers += checked.differing_answers
        self.is_integer = self.is_integer and self.is_unrounded and are_integer_values(graph, expected, found)
        return checked.values

    def _counted(self) -> Verdict:
        compared = [node for node in self.neurons if node.name in self.exposed]
        states = [f"{node.name}.{state}" for node in self.neurons for state in node.states]
        hidden = tuple(name for name in (*(n.name for n in self.neurons), *states) if name not in self.exposed)
        spikes = sum(self.spikes[name] for name in self.spikes if name in self.exposed)
        return replace(self.verdict, layers=len(compared), spikes=spikes, exits=self.exits, not_exposed=hidden)

    def _judged(self) -> Verdict:
        verdict = self._counted()
        silent = [name for name, spikes in self.spikes.items() if spikes == 0]
        unseen = [node.name for node in self.neurons if node.name not in self.exposed]
        if not verdict.values or unseen:
            reason = f"not compared: {', '.join(unseen)}" if unseen else "nothing was compared"
            return replace(verdict, status=Status.NOT_PROVEN, reason=reason)
        if silent:
            reason = f"never spiked on this data: {', '.join(silent)}; give more or other samples, or train longer"
            return replace(verdict, status=Status.NOT_PROVEN, reason=reason)
        if self.is_integer:
            return verdict
        reason = f"from end to end {self.differing_spikes} of {verdict.spikes} spikes and {self.differing_answers} of "
        reason += f"{verdict.samples} answers differ from "
        reason += "the integer network, which rounds" if self.is_unrounded else "a float64 run"
        return replace(verdict, status=Status.WITHIN_TOLERANCE, reason=reason)


def same_network(artefact: Artefact, deployment: Deployment) -> Verdict:
    """Whether the artefact's reference is the network that the run holds now: structure, settings and every number.

    An artefact with an exit rule must have the run's; one without answers after all timesteps, which is always right.
    """
    trained = deployment.integer.graph
    arrays = [value for node in trained.nodes for value in vars(node).values() if isinstance(value, np.ndarray)]
    numbers = sum(array.size for array in arrays)
    layers = sum(bool(node.states) for node in trained.nodes)
    verdict = Verdict(artefact.target, "reference-is-the-run", Status.EXACT, steps=deployment.timesteps)
    verdict = replace(verdict, layers=layers, values=numbers)
    kept = graph_files(artefact.integer_graph().graph)
    if kept != graph_files(trained) or artefact.timesteps != deployment.timesteps:
        reason = f"the artefact holds another network than run '{deployment.name}'; export it again"
        if "changed" in artefact.manifest["notes"]:
            reason = f"the export was told to change run '{deployment.name}': {artefact.manifest['notes']['changed']}"
        return replace(verdict, status=Status.MISMATCH, reason=reason)
    rule = artefact.exit_rule()
    if rule is not None and rule != deployment.exit_rule:
        reason = f"the artefact holds another exit rule than run '{deployment.name}'; export it again"
        return replace(verdict, status=Status.MISMATCH, reason=reason)
    return verdict
