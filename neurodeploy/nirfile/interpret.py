"""Steps a NIR file: our reference for what it means, in float32 as every reader does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from neurodeploy.graph.numeric import Array
from neurodeploy.nirfile.layers import LAYERS, REAL
from neurodeploy.nirfile.loops import order_of
from neurodeploy.nirfile.network import FileNetwork, FileNode
from neurodeploy.nirfile.neurons import Line, Memory, Neurons
from neurodeploy.nirfile.shapes import Shape, shapes_of


@final
@dataclass(frozen=True, eq=False)
class Recorded:
    """What a run of a file gave.

    Args:
        output: (time, batch, *shape), what enters the Output.
        values: node path -> output of the nodes with a memory and of Thresholds, and "path.current", "path.voltage" ->
            state after the step; (time, batch, *shape) each, as the file counts them.
    """

    output: Array
    values: dict[str, Array] = field(default_factory=dict)


def interpret(network: FileNetwork, frames: Array, dt: float) -> Recorded:
    """All timesteps of `frames` (time, batch, *input shape), from states of zero.

    Args:
        dt: duration of a timestep in seconds.
    Raises:
        ArtefactError: a node has an unknown kind or numbers that do not fit; it is named.
    """
    start, end = network.the_input(), network.the_output()
    shapes = shapes_of(network)
    if frames.shape[2:] != shapes[start.path]:
        raise start.error(f"its shape is {shapes[start.path]}, the frames have {frames.shape[2:]}")
    run = _Run(network, dt, shapes)
    kept: dict[str, list[Array]] = {}
    with np.errstate(over="ignore", invalid="ignore"):  # a file may hold any numbers; what they give is compared
        for frame in frames.astype(REAL):
            run.step(start.path, frame)
            for name, value in run.recorded(end.path).items():
                kept.setdefault(name, []).append(value)
    stacked = {name: np.stack(values) for name, values in kept.items()}
    return Recorded(stacked.pop(end.path), stacked)


@final
class _Run:
    """All nodes between two timesteps."""

    def __init__(self, network: FileNetwork, dt: float, shapes: Mapping[str, Shape]) -> None:
        self.network, self.dt, self.shapes, self.order = network, dt, shapes, order_of(network)
        self.thresholds = [path for path, node in network.nodes.items() if node.kind == "Threshold"]
        self.memories: dict[str, Memory] = {}
        self.now: dict[str, Array] = {}
        self.last: dict[str, Array] = {}

    def step(self, start: str, frame: Array) -> None:
        """Compute every node once."""
        self.last, self.now = self.now, {start: frame}
        for path in self.order.paths:
            if path != start:
                self.now[path] = self._output(self.network.nodes[path], self._entering(path, len(frame)))

    def recorded(self, end: str) -> dict[str, Array]:
        """What a run keeps of a step."""
        found = {end: self.now[end]}
        for path, memory in self.memories.items():
            found[path] = self.now[path]
            found |= {f"{path}.{name}": state for name, state in memory.states.items()}
        return found | {path: self.now[path] for path in self.thresholds}

    def _entering(self, path: str, batch: int) -> Array:
        """The sum of what the edges bring; before the first step there was silence."""
        sources = self.network.sources(path)
        total = np.zeros((batch, *self.shapes[sources[0]]), REAL)
        for source in sources:
            values = self.last if (source, path) in self.order.later else self.now
            if source in values:
                total = total + values[source]
        return total

    def _output(self, node: FileNode, value: Array) -> Array:
        if node.kind in LAYERS:
            return LAYERS[node.kind](node, value)
        if node.path not in self.memories:
            self.memories[node.path] = self._memory(node, value.shape)
        return self.memories[node.path].step(value)

    def _memory(self, node: FileNode, shape: Shape) -> Memory:
        if node.kind == "Delay":
            return Line(node, self.dt, shape, late=int(node.path in self.order.cut))
        return Neurons(node, self.dt, shape)
