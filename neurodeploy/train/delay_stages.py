"""Which layers of a network learn delays, and the nodes of the graph that a delayed layer becomes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import nn

from neurodeploy.errors import ConfigError
from neurodeploy.graph import Node
from neurodeploy.graph.nodes import Dense
from neurodeploy.graph.parallel import parts, split_by_delay
from neurodeploy.train.config import NeuronConfig
from neurodeploy.train.delays import AxonalDelay, Delay, SynapticDelay
from neurodeploy.train.stage import Stage


def add_delays(stages: Sequence[Stage], neuron: NeuronConfig, generator: torch.Generator) -> None:
    """Give the dense stages the delays that `neuron` asks for; axons are those of the stage before.

    Args:
        generator: drawn from after all weights, so that these are the same with and without delays.
    Raises:
        ConfigError: there is no such stage.
    """
    if not neuron.has_delays or neuron.is_ann:
        return
    for place, stage in enumerate(stages):
        before = stages[place - 1] if place else None
        stage.delay = _delay(stage, before, neuron, generator)
    if not any(stage.delay for stage in stages):
        hint = (
            "Use model.kind=mlp with more hidden layers, or neuron.readout=spikes, or neuron.delays=synapse with mlp."
        )
        wanted = "a dense layer of neurons" + (" behind other neurons" if neuron.delays == "axon" else "")
        raise ConfigError(key="neuron.delays", found=neuron.delays, allowed=f"none without {wanted}", hint=hint)


def _delay(stage: Stage, before: Stage | None, neuron: NeuronConfig, generator: torch.Generator) -> Delay | None:
    if not isinstance(stage.synapse, nn.Linear):
        return None
    if neuron.delays == "synapse":
        outputs, inputs = stage.synapse.weight.shape
        return SynapticDelay(outputs, inputs, neuron.max_delay, generator)
    channels = 0 if before is None else len(before.synapse.weight)
    if not channels:
        return None
    # Spread at first: from zero, the gradient seldom finds a delay of several timesteps.
    return AxonalDelay(channels, neuron.max_delay, start=float(neuron.max_delay), generator=generator)


def delayed_nodes(node: Node, stage: Stage) -> tuple[Node, ...]:
    """The synapses of `stage` as nodes of the graph: one for each delay."""
    if stage.delay is None or not isinstance(node, Dense):
        return (node,)
    return split_by_delay(node, stage.delay.export_delays(node.weight.shape[1]))


def part_names(name: str, stage: nn.Module | None) -> Iterable[str]:
    """Names of the nodes that the synapses called `name` become; None stands for a readout."""
    if not isinstance(stage, Stage) or stage.delay is None:
        return (name,)
    return parts(name, stage.delay.export_delays(stage.synapse.weight.shape[1]))
