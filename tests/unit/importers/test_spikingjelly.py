"""SpikingJelly nodes: equal spikes for every kind, reset, decay form and step mode, thresholds met exactly included."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph.nodes import Cuba

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import assert_equal, frames, proved, seeded

pytest.importorskip("spikingjelly", reason="SpikingJelly is not installed")
from spikingjelly.activation_based import functional, layer, neuron, surrogate

from neurodeploy.importers.spikingjelly import from_spikingjelly

Rng = np.random.Generator
KINDS: dict[str, Callable[..., nn.Module]] = {
    "IF": neuron.IFNode,
    "LIF": lambda **own: neuron.LIFNode(tau=2.0, **own),
    "LIF without decay_input": lambda **own: neuron.LIFNode(tau=4.0, decay_input=False, **own),
    "PLIF": lambda **own: neuron.ParametricLIFNode(init_tau=2.0, **own),
    "PLIF without decay_input": lambda **own: neuron.ParametricLIFNode(init_tau=4.0, decay_input=False, **own),
}


def two_layers(kind: str, mode: str = "s", threshold: float = 0.25, **own: Any) -> nn.Module:
    def make() -> nn.Module:
        first, last = (KINDS[kind](v_threshold=threshold, **own) for _ in range(2))
        return nn.Sequential(layer.Linear(20, 24), first, layer.Linear(24, 10), last)

    net = seeded(make)
    functional.set_step_mode(net, mode)
    return net


@pytest.mark.parametrize("mode", ["s", "m"])
@pytest.mark.parametrize("v_reset", [0.0, None, -0.125, 0.125])
@pytest.mark.parametrize("kind", KINDS)
def test_spikes_are_equal(kind: str, v_reset: float | None, mode: str, rng: Rng) -> None:
    net = two_layers(kind, mode, v_reset=v_reset)
    net[2].weight.data.mul_(2)
    assert_equal(proved(from_spikingjelly, net, frames(rng, 20, density=0.5)))


@pytest.mark.parametrize("kind", ["IF", "LIF without decay_input"])
@pytest.mark.parametrize("v_reset", [0.0, None])
def test_a_voltage_exactly_at_the_threshold_fires(kind: str, v_reset: float | None, rng: Rng) -> None:
    net = two_layers(kind, v_reset=v_reset, threshold=1.0)
    for each in (net[0], net[2]):
        each.weight.data.copy_(torch.from_numpy(rng.integers(-2, 4, each.weight.shape) / 4))
        each.bias.data.zero_()
    data = frames(rng, 20, time=6)
    assert_equal(proved(from_spikingjelly, net, data))
    at_threshold = from_spikingjelly(net, (20,)).graph["ifnode1" if kind == "IF" else "lifnode1"]
    assert isinstance(at_threshold, Cuba)
    assert at_threshold.threshold == np.nextafter(1.0, 0)


def test_containers_of_steps_and_sequences(rng: Rng) -> None:
    def make() -> nn.Module:
        return nn.Sequential(
            layer.SeqToANNContainer(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4)),
            neuron.LIFNode(step_mode="m", v_threshold=0.1),
            layer.SeqToANNContainer(nn.MaxPool2d(2), nn.Flatten()),
            layer.MultiStepContainer(nn.Linear(36, 8), neuron.IFNode(v_threshold=0.5)),
            layer.Linear(8, 5),
            neuron.IFNode(step_mode="m", v_threshold=0.25, v_reset=None),
        )

    imported = from_spikingjelly(seeded(make), (2, 8, 8))
    assert_equal(proved(from_spikingjelly, seeded(make), frames(rng, 2, 8, 8)))
    assert imported.paths["ifnode3_1"] == "3.1"


def test_layers_with_time(rng: Rng) -> None:
    def make() -> nn.Module:
        net = nn.Sequential(
            layer.Conv2d(2, 4, 3, padding=1),
            layer.BatchNorm2d(4),
            neuron.ParametricLIFNode(v_threshold=0.1),
            layer.AvgPool2d(2),
            layer.Dropout(),
            layer.Flatten(),
            layer.Linear(64, 10),
            neuron.IFNode(v_threshold=0.25),
        )
        functional.set_step_mode(net, "m")
        return net

    assert_equal(proved(from_spikingjelly, seeded(make), frames(rng, 2, 8, 8)))


def test_the_module_keeps_its_settings(rng: Rng) -> None:
    net = two_layers("LIF", "m")
    proved(from_spikingjelly, net, frames(rng, 20))
    assert [each.store_v_seq for each in (net[1], net[3])] == [False, False]
    assert net[1].v == 0.0


def test_a_time_constant_between_two_steps_is_stated() -> None:
    net = seeded(lambda: nn.Sequential(layer.Linear(20, 10), neuron.LIFNode(tau=3.0)))
    notes = " ".join(from_spikingjelly(net, (20,)).notes)
    assert "1: voltage: keeps 0.666666667 of itself per step in the source, 0.666748047 here (1365/4096)" in notes


def refusal(node: nn.Module) -> str:
    with pytest.raises(UnsupportedNodeError) as caught:
        from_spikingjelly(seeded(lambda: nn.Sequential(layer.Linear(20, 10), node)), (20,))
    return str(caught.value)


def test_a_threshold_at_rest_is_refused() -> None:
    assert "must be silent at rest" in refusal(neuron.IFNode(v_threshold=0.5, v_reset=0.5))


def test_a_smooth_surrogate_in_the_forward_pass_is_refused() -> None:
    node = neuron.LIFNode(surrogate_function=surrogate.Sigmoid(spiking=False))
    assert "node '1' (LIFNode)" in refusal(node)
    assert "Set spiking=True" in refusal(node)


@pytest.mark.parametrize("node", [neuron.QIFNode, neuron.SimpleIFNode, neuron.IzhikevichNode])
def test_other_neurons_are_refused(node: Callable[[], nn.Module]) -> None:
    assert f"node '1' ({type(node()).__name__}): it has no form in the graph" in refusal(node())


def test_a_layer_that_only_looks_like_one_is_refused() -> None:
    net = seeded(lambda: nn.Sequential(layer.WSLinear(20, 10), neuron.IFNode()))
    with pytest.raises(UnsupportedNodeError, match=r"node '0' \(WSLinear\)"):
        from_spikingjelly(net, (20,))
