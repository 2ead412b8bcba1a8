"""snnTorch neurons: equal spikes for every reset and delay, stated drift where a decay is rounded, refusals by path."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph.nodes import Cuba, Dense, Reset

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import assert_equal, frames, proved, seeded

snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")
from_snntorch = pytest.importorskip("neurodeploy.importers.snntorch").from_snntorch

Rng = np.random.Generator


def two_layers(kind: str, threshold: float = 1.0, scale: float = 1.0, **options: Any) -> nn.Module:
    """20-24-10 with Leaky or Synaptic neurons whose decays are multiples of 1/4096."""

    def neuron(beta: float) -> nn.Module:
        own = {"alpha": 0.5} if kind == "Synaptic" else {}
        return getattr(snn, kind)(beta=beta, threshold=threshold, init_hidden=True, **own, **options)

    net = seeded(lambda: nn.Sequential(nn.Linear(20, 24), neuron(0.75), nn.Linear(24, 10), neuron(0.875)))
    for layer in (net[0], net[2]):
        layer.weight.data.mul_(scale)
    return net


EXACT = [
    (kind, reset, delay)
    for kind in ("Leaky", "Synaptic")
    for reset in ("zero", "subtract", "none")
    for delay in (True, False)
    if (kind, reset, delay) != ("Synaptic", "zero", True)
]


@pytest.mark.parametrize(("kind", "reset", "delay"), EXACT)
def test_spikes_are_equal(kind: str, reset: str, delay: bool, rng: Rng) -> None:
    # weights so small that no voltage exceeds twice the threshold, where 'subtract' without delay is another rule
    net = two_layers(kind, reset_mechanism=reset, reset_delay=delay, scale=1.0 if kind == "Leaky" else 0.6)
    assert_equal(proved(from_snntorch, net, frames(rng, 20)))


def test_subtraction_without_delay_differs_beyond_twice_the_threshold_and_the_proof_says_so(rng: Rng) -> None:
    net = two_layers("Leaky", threshold=0.25, reset_mechanism="subtract", reset_delay=False)
    imported = from_snntorch(net, (20,))
    assert any("twice the threshold" in note for note in imported.notes)
    first = proved(from_snntorch, net, frames(rng, 20))[0]
    assert first.differing > 0
    assert first.first_timestep is not None


def test_a_delayed_subtraction_returns_what_the_graph_decayed_too_much() -> None:
    graph = from_snntorch(two_layers("Leaky", threshold=0.5), (20,)).graph
    neuron, back = graph["leaky1"], graph["leaky1_back"]
    assert isinstance(neuron, Cuba)
    assert isinstance(back, Dense)
    assert neuron.reset is Reset.SUBTRACT
    np.testing.assert_array_equal(back.weight, np.diag(np.full(24, -(1 - 0.75) * 0.5)))
    assert [(ref.node, ref.delay) for ref in back.inputs] == [("leaky1", 1)]


def test_a_delayed_reset_to_zero_needs_no_synapse() -> None:
    graph = from_snntorch(two_layers("Leaky", reset_mechanism="zero"), (20,)).graph
    assert [node.name for node in graph.nodes] == ["input", "linear0", "leaky1", "linear2", "leaky3"]


def test_maps_with_norm_pooling_and_dropout(rng: Rng) -> None:
    def make() -> nn.Module:
        return nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1),
            nn.BatchNorm2d(4),
            snn.Leaky(beta=0.5, init_hidden=True, threshold=0.4),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3),
            nn.AvgPool2d(2),
            nn.BatchNorm2d(6),
            snn.Synaptic(alpha=0.25, beta=0.75, init_hidden=True, threshold=0.1),
            nn.AvgPool2d(2),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(6, 5),
            snn.Leaky(beta=0.875, init_hidden=True, threshold=0.2),
        )

    net = seeded(make)
    for norm in (net[1], net[6]):
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.5, 1.5)
    data = frames(rng, 2, 12, 12)
    imported = from_snntorch(net, (2, 12, 12))
    assert_equal(proved(from_snntorch, net, data))
    assert "10: Flatten" not in " ".join(imported.notes)
    assert "1: batch norm with running statistics, folded into the synapse before it" in imported.notes
    assert "9: Dropout gives what it gets" in imported.notes
    assert imported.paths["conv2d0"] == "0"


def test_thresholds_of_single_neurons_become_equal(rng: Rng) -> None:
    net = two_layers("Leaky")
    net[1].threshold = torch.linspace(0.3, 1.2, 24)
    imported = from_snntorch(net, (20,))
    assert_equal(proved(from_snntorch, net, frames(rng, 20)))
    assert "1: thresholds differ, made equal by scaling what feeds each neuron" in imported.notes


def test_a_threshold_per_channel(rng: Rng) -> None:
    def make() -> nn.Module:
        neuron = snn.Leaky(beta=0.75, init_hidden=True, threshold=torch.tensor([0.2, 0.3, 0.5]).reshape(3, 1, 1))
        return nn.Sequential(nn.Conv2d(2, 3, 3), neuron, nn.Flatten(), nn.Linear(48, 4))

    drifts = proved(from_snntorch, seeded(make), frames(rng, 2, 6, 6))
    assert_equal(drifts)
    assert [drift.layer for drift in drifts] == ["leaky1"]


def test_a_learned_decay_that_all_neurons_share_is_one_decay(rng: Rng) -> None:
    net = two_layers("Leaky", learn_beta=True)
    net[1].beta = nn.Parameter(torch.full((24,), 0.75))
    assert_equal(proved(from_snntorch, net, frames(rng, 20)))


def test_a_decay_beyond_one_is_clamped_as_in_the_source(rng: Rng) -> None:
    net = two_layers("Leaky", threshold=0.5)
    net[1].beta = torch.tensor(1.25)
    assert from_snntorch(net, (20,)).graph["leaky1"].voltage_decay == 0
    assert_equal(proved(from_snntorch, net, frames(rng, 20)))


def test_a_decay_between_two_steps_is_stated_and_drifts(rng: Rng) -> None:
    net = two_layers("Leaky", threshold=0.5)
    net[1].beta = torch.tensor(0.9)
    imported = from_snntorch(net, (20,))
    asked = "1: voltage: keeps 0.899999976 of itself per step in the source, 0.899902344 here (410/4096)"
    assert asked in imported.notes
    first = proved(from_snntorch, net, frames(rng, 20, time=60))[0]
    assert first.largest_difference is not None
    assert 1e-5 < first.largest_difference < 0.01


def test_states_left_in_the_module_do_not_reach_the_import(rng: Rng) -> None:
    net = two_layers("Leaky")
    with torch.no_grad():
        net(torch.ones(5, 20))
    assert_equal(proved(from_snntorch, net, frames(rng, 20)))


def test_the_module_keeps_its_mode() -> None:
    net = two_layers("Leaky").train()
    net[1].eval()
    from_snntorch(net, (20,))
    assert [each.training for each in net] == [True, False, True, True]


def refusal(net: nn.Module) -> str:
    with pytest.raises(UnsupportedNodeError) as caught:
        from_snntorch(net, (20,))
    return str(caught.value)


def broken(**settings: Any) -> nn.Module:
    net = two_layers("Leaky")
    for name, value in settings.items():
        setattr(net[3], name, value)
    return net


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"inhibition": True}, "inhibition"),
        ({"state_quant": lambda value: value}, "state_quant"),
        ({"graded_spikes_factor": torch.tensor(2.0)}, "graded_spikes_factor"),
        ({"spike_grad": lambda value: torch.sigmoid(value)}, "spike_grad"),
        ({"beta": torch.linspace(0.1, 0.9, 10)}, "beta differs between neurons (0.1"),
        ({"reset_mechanism": "zero"}, "was built with reset 'subtract' and set to 'zero'"),
        ({"threshold": torch.tensor(-1.0)}, "threshold lies -1"),
    ],
)
def test_a_setting_without_a_form_is_refused_by_path(settings: dict[str, Any], words: str) -> None:
    message = refusal(broken(**settings))
    assert "node '3'" in message
    assert words in message


def test_synaptic_with_a_delayed_reset_to_zero_is_refused_with_the_way_out() -> None:
    message = refusal(two_layers("Synaptic", reset_mechanism="zero"))
    assert "node '1' (Synaptic)" in message
    assert "Train it with reset_delay=False" in message


def test_other_neurons_are_refused() -> None:
    net = seeded(lambda: nn.Sequential(nn.Linear(20, 10), snn.Lapicque(beta=0.5, init_hidden=True)))
    assert "node '1' (Lapicque)" in refusal(net)


def test_thresholds_that_differ_within_a_channel_are_refused() -> None:
    def make() -> nn.Module:
        neuron = snn.Leaky(beta=0.75, init_hidden=True, threshold=torch.linspace(0.1, 1, 16).reshape(4, 4))
        return nn.Sequential(nn.Conv2d(2, 3, 3), neuron)

    with pytest.raises(UnsupportedNodeError, match=r"node '1' .*threshold differs within a channel"):
        from_snntorch(seeded(make), (2, 6, 6))
