"""The trained network as a float graph: batch norm folded, nothing of torch left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Graph, Node, Ref, Shape
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.train.delay_stages import delayed_nodes
from neurodeploy.train.delays import AxonalDelay, SynapticDelay
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.stage import Stage, Synapses
from neurodeploy.train.step_size import StepSize

KNOWN: tuple[type[nn.Module], ...] = (
    SpikingNet,
    Stage,
    AxonalDelay,
    SynapticDelay,
    nn.ModuleList,
    StepSize,
    nn.Conv2d,
    nn.Linear,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
)


def to_graph(net: SpikingNet, shape: Shape, *, high: int = 1, timestep_us: float = 1000.0) -> Graph:
    """The float graph of `net` with running normalisation statistics; it computes what `net` computes in eval mode.

    Nodes: input, conv1, cuba1, conv2, cuba2, ..., flatten, fc1, ..., fc, readout (or output when spikes are counted).
    A layer whose synapses have several delays is one node for each of them: fc2_d0, fc2_d3.

    Args:
        shape: of one timestep of frames, (channel, height, width) or (neurons,).
        high: largest value of a frame.
        timestep_us: duration of a timestep.
    Raises:
        UnsupportedNodeError: a module has no form in the graph; its path is named.
        GraphError: a weight is NaN or infinite.
    """
    if net.is_ann:
        raise _no_spikes(net)
    for path, module in net.named_modules():
        if type(module) not in KNOWN:
            _refuse(path, module, "it has no form in the graph")
    nodes: list[Node] = [Input("input", (), shape, high)]
    is_map = len(shape) == 3
    for (path, stage), name in zip(_stages(net), net.neuron_names, strict=True):
        weight, bias = stage.folded()
        number = name.removeprefix("cuba") if name != "output" else ""
        is_map = _add_synapse(nodes, stage.synapse, _array(weight), number, is_map, path)
        synapses = delayed_nodes(nodes.pop(), stage)
        nodes += [*synapses, _cuba(name, synapses, stage, _array(bias))]
    if net.readout is not None:
        _add_synapse(nodes, net.readout, _array(net.readout.weight.double()), "", is_map, "readout")
        nodes.append(Readout("readout", (Ref(nodes[-1].name),)))
    return Graph(tuple(nodes), timestep_us=timestep_us)


def _no_spikes(net: SpikingNet) -> UnsupportedNodeError:
    hint = "Begin a spiking network with it (recipe.kind=hsd train.init=THIS_RUN), or teach one (distill.teacher=...)."
    path, kind = next((path, type(m).__name__) for path, m in net.named_modules() if path.endswith("activation"))
    reason = "an artificial network has no spikes, so it has no integer form and cannot be deployed"
    return UnsupportedNodeError(target="graph", node=path, kind=kind, reason=reason, hint=hint)


def _stages(net: SpikingNet) -> list[tuple[str, Stage]]:
    found: list[tuple[str, Stage]] = []
    for place, stage in enumerate(net.stages):
        path = f"stages.{place}"
        if not isinstance(stage, Stage):
            _refuse(path, stage, "a stage is wanted here")
        else:
            found.append((path, stage))
    return found


def _add_synapse(nodes: list[Node], synapse: Synapses, weight: Array, number: str, is_map: bool, path: str) -> bool:
    """Append the node of `synapse`, after a Flatten where one is needed; whether its output is a map."""
    if synapse.bias is not None:
        _refuse(path, synapse, "it has a bias of its own; biases belong to the neurons")
    inputs = (Ref(nodes[-1].name),)
    if isinstance(synapse, nn.Conv2d):
        if synapse.padding_mode != "zeros" or isinstance(synapse.padding, str):
            _refuse(path, synapse, f"padding is {synapse.padding!r}, {synapse.padding_mode}; wanted numbers and zeros")
        stride, padding, dilation = (_pair(getattr(synapse, key)) for key in ("stride", "padding", "dilation"))
        nodes.append(Conv2d(f"conv{number}", inputs, weight, None, stride, padding, dilation, synapse.groups))
        return True
    if is_map:
        nodes.append(Flatten("flatten", inputs))
        inputs = (Ref("flatten"),)
    nodes.append(Dense(f"fc{number}", inputs, weight))
    return False


def _cuba(name: str, sources: Sequence[Node], stage: Stage, bias: Array) -> Cuba:
    cell = stage.neurons
    if cell.start:
        reason = f"its neurons start at {cell.start:g} of the threshold, for which no target's format has a place"
        hint = (
            "Neurons that are deployed start at 0: train the converted weights on in such a network (recipe.kind=hsd)."
        )
        raise UnsupportedNodeError(target="graph", node=name, kind="Cell.start", reason=reason, hint=hint)
    inputs = tuple(Ref(source.name) for source in sources)
    return Cuba(name, inputs, cell.current_decay, cell.voltage_decay, cell.threshold, bias=bias, reset=cell.reset)


def _pair(values: tuple[int, ...]) -> tuple[int, int]:
    height, width = values
    return height, width


def _array(value: Tensor) -> Array:
    return np.asarray(value.detach().cpu().numpy())


def _refuse(path: str, module: nn.Module, reason: str) -> None:
    hint = "Use neurodeploy.train.Stage with Conv2d or Linear, batch norm or none."
    raise UnsupportedNodeError(target="graph", node=path, kind=type(module).__name__, reason=reason, hint=hint)
