"""A float graph as a network that can be trained: the way back from `to_graph`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn, cast, final

import numpy as np
import torch
from torch import nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import Graph, Node, Synapse
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.self_edge import is_diagonal
from neurodeploy.train.events.layout import laid_out
from neurodeploy.train.model import SpikingNet
from neurodeploy.train.neurons.cells import Cell
from neurodeploy.train.neurons.surrogate import Surrogate
from neurodeploy.train.stage import Stage, Synapses


def from_graph(
    graph: Graph, reset: Reset, surrogate: Surrogate, weight_bits: int = 8, *, learn_decay: bool = False
) -> SpikingNet:
    """A network with the weights of `graph`, whose neurons reset as asked; every threshold becomes 1.

    Where the reset changes from subtraction to zero, edges that only delay the subtraction by a timestep (one weight
    from each neuron to itself, one step later) go with it.

    Args:
        graph: lowered: a chain of dense or convolutional synapses without biases, each with its neurons.
        surrogate: its width is in units of the threshold.
        learn_decay: the voltage decay of each layer is learned from that of the graph on.
    Raises:
        UnsupportedNodeError: the graph is no such chain; the node is named.
    """
    net = _Chain(graph, reset, surrogate).net(weight_bits)
    for stage in cast(Sequence[Stage], net.stages) if learn_decay else []:
        stage.learn_decay()
    return net


@final
class _Chain:
    """Stages in the order of the graph."""

    def __init__(self, graph: Graph, reset: Reset, surrogate: Surrogate) -> None:
        self.graph, self.reset, self.surrogate = graph, reset, surrogate
        self.stages: list[Stage] = []
        self.readout: nn.Linear | None = None
        self.end = graph.input.name
        """Name of the last node in the chain."""

    def net(self, weight_bits: int) -> SpikingNet:
        for node in self.graph.nodes:
            if not isinstance(node, Input) and not self._delays_the_reset(node):
                self._append(node)
        return SpikingNet(self.stages, self.readout, weight_bits)

    def _append(self, node: Node) -> None:
        inputs = [ref for ref in node.inputs if not self._delays_the_reset(self.graph[ref.node])]
        if [(ref.node, ref.delay) for ref in inputs] != [(self.end, 0)]:
            found = ", ".join(f"{ref.node} ({ref.delay} steps ago)" for ref in inputs)
            _refuse(node, f"it reads {found}, wanted {self.end}: only chains without delays and recurrence are trained")
        if isinstance(node, Cuba):
            self._neurons(node)
        elif isinstance(node, Readout):
            self.readout = self._linear(node)
        elif isinstance(node, Synapse):
            if node.bias is not None:
                _refuse(node, "it has a bias that could not be moved into the neurons")
        elif not isinstance(node, Flatten):
            _refuse(node, "it cannot be trained")
        self.end = node.name

    def _neurons(self, node: Cuba) -> None:
        synapse = self.graph[node.inputs[0].node]
        module = _module(synapse)
        if module is None or not node.threshold:
            _refuse(node, "neurons are trained after a dense or convolutional synapse, with a threshold above 0")
        cell = Cell(node.current_decay, node.voltage_decay, 1.0, self.reset, self.surrogate)
        stage = Stage(module, None, cell)
        module.weight.data.div_(node.threshold)
        if node.bias is not None and stage.bias is not None:
            stage.bias.data.copy_(_tensor(node.bias / node.threshold))
        self.stages.append(stage)

    def _linear(self, node: Readout) -> nn.Linear:
        module = _module(self.graph[node.inputs[0].node])
        if not isinstance(module, nn.Linear):
            _refuse(node, "a readout is trained after a dense synapse")
        return module

    def _delays_the_reset(self, node: Node) -> bool:
        """Whether `node` only takes the threshold off a timestep after the spike, where neurons reset to zero now."""
        if self.reset is not Reset.ZERO or not isinstance(node, Dense | Conv2d) or len(node.inputs) != 1:
            return False
        neurons = self.graph[node.inputs[0].node]
        own = node.inputs[0].delay == 1 and self.graph.consumers(node.name) == (neurons,)
        return own and isinstance(neurons, Cuba) and neurons.reset is Reset.SUBTRACT and is_diagonal(node)


def _module(synapse: Node) -> Synapses | None:
    """The torch module with the weights of `synapse`, or None where there is no such module."""
    if isinstance(synapse, Dense):
        out, inputs = synapse.weight.shape
        linear = nn.Linear(inputs, out, bias=False, device="meta")
        linear.weight = nn.Parameter(laid_out(_tensor(synapse.weight)))
        return linear
    if isinstance(synapse, Conv2d):
        out, inputs, *kernel = synapse.weight.shape
        height, width = kernel
        conv = nn.Conv2d(
            inputs * synapse.groups,
            out,
            (height, width),
            synapse.stride,
            synapse.padding,
            synapse.dilation,
            synapse.groups,
            bias=False,
            device="meta",
        )
        conv.weight = nn.Parameter(laid_out(_tensor(synapse.weight)))
        return conv
    return None


def _tensor(values: Array) -> torch.Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _refuse(node: Node, reason: str) -> NoReturn:
    hint = "Lower the graph first; networks with recurrence, delays or skips are trained in their own framework."
    raise UnsupportedNodeError(target="training", node=node.name, kind=type(node).__name__, reason=reason, hint=hint)
