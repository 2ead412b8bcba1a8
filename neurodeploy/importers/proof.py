"""Proof of an import: the module and the graph run on the same frames, compared layer by layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.drift import Drift
from neurodeploy.importers.frameworks import find_framework
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.lif import unit
from neurodeploy.importers.source_run import Candidate, SourceRun, compare
from neurodeploy.importers.torch_layers import array
from neurodeploy.importers.torch_module import Source, read_source
from neurodeploy.importers.torch_run import inference, listening, placed, run, spikes_of
from neurodeploy.importers.torch_values import Axes
from neurodeploy.importers.torch_wiring import Part


def prove(imported: Imported, module: nn.Module, frames: Array) -> tuple[Drift, ...]:
    """How far the imported graph lies from its module, layer by layer; states inside the module are forgotten.

    Args:
        imported: what `from_snntorch`, `from_norse` or `from_spikingjelly` made of `module`.
        frames: (time, samples, *shape), integers.
    """
    framework = find_framework(imported.source.partition(" ")[0])
    source = read_source(module, imported.graph.input.shape, framework)
    _, (found,) = compare(partial(run_source, source, imported), [Candidate(imported.graph)], frames)
    return found.drifts


def run_source(source: Source, imported: Imported, frames: Array) -> SourceRun:
    """The module run on `frames` (time, batch, *shape) in eval mode, its states zero before and forgotten after."""
    return _Recorder(source, imported).record(frames)


@final
class _Recorder:
    """One run of the source, listened to at its neurons and at its answer."""

    def __init__(self, source: Source, imported: Imported) -> None:
        self.source = source
        nodes = {imported.paths.get(n.name): n.name for n in imported.graph.nodes if isinstance(n, Cuba)}
        neurons = [part for part in source.wiring.parts if source.framework.is_neuron(part.module)]
        self.neurons = {part.key.path: part for part in neurons if part.key.path in nodes}
        self.names = {path: str(nodes[path]) for path in self.neurons}
        self.answer = next(part for part in source.wiring.parts if part.key == source.wiring.output)
        self.outputs: dict[str, list[Tensor]] = {}
        self.voltages: dict[str, list[Tensor]] = {}

    def record(self, frames: Array) -> SourceRun:
        """Run the module on one batch."""
        module, framework = self.source.module, self.source.framework
        inside = {path: part.module for path, part in self.neurons.items()}
        inside[self.answer.key.path] = self.answer.module
        framework.reset(module)
        with inference(module), listening(inside, self._listen), self._showing():
            run(module, placed(module, torch.from_numpy(np.ascontiguousarray(frames))), self.source.wiring.feeding)
        framework.reset(module)
        values: dict[str, Array] = {}
        for path, part in self.neurons.items():
            values[self.names[path]] = self._steps(part, self.outputs[path], frames).astype(np.uint8)
            if path in self.voltages:
                lif = framework.neuron(path, part.module)
                voltages = self._steps(part, self.voltages[path], frames)
                values[f"{self.names[path]}.voltage"] = voltages * unit(path, lif, part.after)
        answer = self._steps(self.answer, self.outputs[self.answer.key.path], frames)
        return SourceRun(values, answer.sum(0).reshape(frames.shape[1], -1))

    def _listen(self, path: str, module: nn.Module, value: Tensor, output: Any) -> None:  # Any: the framework's states
        spikes = spikes_of(output)
        self.outputs.setdefault(path, []).append(spikes)
        if path in self.neurons:
            voltage = self.source.framework.voltage(module, output, spikes)
            if voltage is not None:
                self.voltages.setdefault(path, []).append(voltage.expand_as(spikes).clone())

    def _steps(self, part: Part, calls: list[Tensor], frames: Array) -> Array:
        """The calls of one part as (time, batch, *shape)."""
        if part.axes is Axes.STEP:
            calls = calls[part.key.place :: len(calls) // len(frames)]
        return array(torch.cat([part.axes.steps(each, len(frames)) for each in calls]))

    @contextmanager
    def _showing(self) -> Iterator[None]:
        with ExitStack() as stack:
            for part in self.neurons.values():
                stack.enter_context(self.source.framework.showing_voltages(part.module))
            yield
