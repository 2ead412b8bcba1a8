"""Torch modules of any framework as graphs: run once on marked values, wired, built."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import final

from torch import Tensor, nn

from neurodeploy.errors import GraphError, UnsupportedNodeError
from neurodeploy.graph import Graph, Shape
from neurodeploy.graph.nodes import Input
from neurodeploy.graph.passes import lower
from neurodeploy.importers.framework import Framework
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_graph import GraphBuilder
from neurodeploy.importers.torch_layers import BUILDERS, PASSING, takes
from neurodeploy.importers.torch_marked import marked_run
from neurodeploy.importers.torch_run import Feeding, Layout, leaves
from neurodeploy.importers.torch_values import Axes
from neurodeploy.importers.torch_wiring import Wirer, Wiring

FAILURES = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError, AssertionError)
"""What a module may raise when it is fed in a way that it was not written for."""


@final
@dataclass(frozen=True, eq=False)
class Source:
    """A module that has been read: how it is fed and wired."""

    module: nn.Module
    framework: Framework
    wiring: Wiring


def read_source(module: nn.Module, shape: Shape | None, framework: Framework) -> Source:
    """How `module` is wired; the states inside it are forgotten.

    Args:
        shape: of a frame, (channel, height, width) or (neurons,); None takes the inputs of its first layer.
    Raises:
        UnsupportedNodeError: a module inside it, or what enters one, has no form in the graph; its path is named.
    """
    reader = _Reader(module, framework)
    tried: list[tuple[int, UnsupportedNodeError]] = []
    failed: list[str] = []
    shape = shape or reader.first_inputs()
    for feeding in _feedings(shape):
        framework.reset(module)
        try:
            found = marked_run(module, reader.inside, shape, feeding, reader.refuse)
        except FAILURES as error:
            failed.append(f"{feeding.layout.value}{', flattened' if feeding.is_flat else ''}: {_line(error)}")
            continue
        finally:
            framework.reset(module)
        wirer = Wirer(module, found, reader.takes)
        try:
            return Source(module, framework, wirer.wiring(feeding, shape))
        except UnsupportedNodeError as error:
            tried.append((wirer.done.total(), error))
    if tried:
        raise max(tried, key=lambda each: each[0])[1]
    reader.refuse_neurons()
    hint = f"Frames of shape {shape} were given; forward must take frames and nothing else."
    raise refused("network", type(module).__name__, f"it cannot be run ({'; '.join(failed)})", hint)


def import_module(source: Source, *, high: int = 1, timestep_us: float = 1000.0) -> Imported:
    """The float graph of a module that was read.

    Args:
        high: largest value of a frame.
        timestep_us: duration of a timestep.
    Raises:
        UnsupportedNodeError, GraphError: a part of it has no form in the graph.
    """
    builder = GraphBuilder(source.framework, source.wiring)
    nodes = builder.nodes(Input("input", (), source.wiring.shape, high))
    graph = _lowered(Graph(nodes, timestep_us=timestep_us), builder)
    present = {node.name for node in graph.nodes}
    paths = {name: path for name, path in builder.paths.items() if name in present}
    name = f"{source.framework.package} {version(source.framework.package)}"
    return Imported(graph, name, paths, tuple(builder.notes))


def _lowered(graph: Graph, builder: GraphBuilder) -> Graph:
    """The graph without pooling and batch norm; a refusal names the module."""
    try:
        return lower(graph)
    except GraphError as error:
        path = builder.paths.get(error.node)
        if path is None:
            raise
        raise refused(path, type(graph[error.node]).__name__, error.reason, error.hint) from error


def _feedings(shape: Shape) -> Iterator[Feeding]:
    for layout in Layout:
        for is_flat in (False, True) if len(shape) == 3 else (False,):
            yield Feeding(layout, is_flat)


def _line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


@final
class _Reader:
    """What the framework and the torch layers say about the modules inside a network."""

    def __init__(self, module: nn.Module, framework: Framework) -> None:
        self.framework = framework
        self.bases: dict[type[nn.Module], type[nn.Module]] = {kind: kind for kind in (*BUILDERS, *PASSING)}
        self.bases |= framework.layers()
        self.inside = leaves(module, lambda each: type(each) in self.bases or framework.is_neuron(each))
        self.network = module

    def refuse(self, path: str, module: nn.Module) -> None:
        """Raise for a module that has no form in the graph."""
        if self.framework.is_neuron(module):
            self.framework.neuron(path, module)
        elif type(module) not in self.bases:
            supported = {kind.__name__ for kind in (*BUILDERS, *self.framework.kinds)}
            kind = type(module)
            reason = f"{kind.__module__.partition('.')[0]}'s {kind.__name__} has no form in the graph"
            raise refused(path, kind.__name__, reason, supported=supported)

    def refuse_neurons(self) -> None:
        """Raise for the first neurons that have no form in the graph, called or not."""
        for path, module in self.inside.items():
            if self.framework.is_neuron(module):
                self.framework.neuron(path, module)

    def takes(self, path: str, module: nn.Module, axes: Axes, value: Tensor) -> bool:
        """Whether a module treats the leading axes of `value` as time and batch."""
        if self.framework.is_neuron(module):
            wanted = Axes.TIME_BATCH if self.framework.neuron(path, module).has_time else Axes.STEP
            return axes is wanted
        return takes(self.bases[type(module)], module, axes, value)

    def first_inputs(self) -> Shape:
        """Inputs of the first layer.

        Raises:
            UnsupportedNodeError: it takes maps of a size that only their user knows.
        """
        for path, module in self.inside.items():
            if isinstance(module, nn.Linear):
                return (module.in_features,)
            if isinstance(module, nn.Conv2d | nn.AvgPool2d | nn.MaxPool2d):
                hint = "Give the shape of a frame: (channel, height, width)."
                raise refused(path, type(module).__name__, "the size of its maps is not known", hint)
        raise refused("network", type(self.network).__name__, "it holds no Linear and no Conv2d")
