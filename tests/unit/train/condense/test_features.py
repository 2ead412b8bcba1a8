"""SDR: the spikes of training, residual voltages with exact gradients, nothing changed in the network."""

from dataclasses import replace

import pytest
import torch

from neurodeploy.errors import ConfigError
from neurodeploy.graph.nodes import Reset
from neurodeploy.train.condense.features import neurons, observe, running
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.cell import Cell
from neurodeploy.train.neurons.surrogate import Triangle

MODEL = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 1))
CELL = Cell(4096, 2048, 1.0, Reset.ZERO, Triangle(1.0))


def net(**neuron: object) -> SpikingNet:
    made = build_model(MODEL, NeuronConfig(threshold=0.5, **neuron), (2, 8, 8), 3, torch.Generator().manual_seed(0))
    for stage in made.stages:
        stage.norm.momentum = 1.0
    made(frames())
    return made.eval()


def frames(seed: int = 0) -> torch.Tensor:
    return (torch.rand((5, 4, 2, 8, 8), generator=torch.Generator().manual_seed(seed)) < 0.3).float()


@pytest.mark.parametrize(
    "neuron",
    [{}, {"reset": "subtract"}, {"kind": "cuba"}, {"kind": "if"}, {"readout": "spikes"}],
    ids=["lif", "subtract", "cuba", "if", "counted"],
)
def test_spikes_and_logits_are_those_of_the_network(neuron: dict[str, object]) -> None:
    made = net(**neuron)
    view, output = observe(made, frames(), running(made)), made(frames())
    for layer, spikes in zip(view.layers, output.spikes, strict=True):
        assert torch.equal(layer.spikes, spikes)
        assert spikes.any()
    torch.testing.assert_close(view.logits, output.logits)


def test_without_a_norm_the_bias_of_the_neurons_counts() -> None:
    made = build_model(replace(MODEL, batch_norm=False), NeuronConfig(), (2, 8, 8), 3, torch.Generator().manual_seed(0))
    for stage in made.stages:
        torch.nn.init.constant_(stage.bias, 0.7)
    view = observe(made, frames())
    assert view.statistics == (None, None)
    assert torch.equal(view.layers[1].spikes, made(frames()).spikes[1])


def test_statistics_of_the_frames_are_those_of_train_mode() -> None:
    made = net().train()
    view = observe(made, frames())
    assert torch.equal(view.layers[0].spikes, made(frames()).spikes[0])


def test_given_statistics_are_used() -> None:
    made = net()
    other = observe(made, frames(1)).statistics
    assert not torch.equal(
        observe(made, frames(), other).layers[1].residual, observe(made, frames()).layers[1].residual
    )


def test_kappa_0_gives_the_spikes_bit_for_bit() -> None:
    layer = observe(net(), frames()).layers[0]
    assert torch.equal(layer.densified(0.0, clamped=True), layer.spikes.flatten(2))


def test_a_hard_reset_gives_1_where_it_fires_and_less_elsewhere() -> None:
    drive = torch.linspace(-2, 3, 60).reshape(6, 1, 10)
    spikes, residual = neurons(drive, CELL)
    dense = spikes + residual
    assert torch.equal(dense[spikes == 1], torch.ones(int(spikes.sum())))
    assert bool((dense[spikes == 0] <= 1).all())


def test_a_subtracting_reset_gives_the_voltage_before_it() -> None:
    cell = replace(CELL, reset=Reset.SUBTRACT, threshold=1.5)
    drive = torch.randn((6, 1, 10), generator=torch.Generator().manual_seed(0))
    spikes, residual = neurons(drive, cell)
    before = torch.zeros(1, 10)
    for time, inflow in enumerate(drive):
        before = before * 0.5 + inflow
        torch.testing.assert_close(1.5 * (spikes + residual)[time], before, atol=1e-6, rtol=0)
        before = before - 1.5 * spikes[time]


def test_the_residual_can_be_kept_within_a_threshold() -> None:
    layer = observe(net(), 9 * frames()).layers[0]
    assert layer.residual.min() < -1
    assert torch.equal(layer.densified(1.0, clamped=True), (layer.spikes + layer.residual.clamp(-1, 1)).flatten(2))


def test_a_silent_neuron_has_a_gradient_through_its_voltage_and_none_through_its_spikes() -> None:
    drive = torch.tensor([[[-3.0]], [[0.1]]], requires_grad=True)
    spikes, residual = neurons(drive, CELL)
    assert not spikes.any()
    (of_spikes,) = torch.autograd.grad(spikes.sum(), drive, retain_graph=True)
    (of_residual,) = torch.autograd.grad(residual.sum(), drive)
    assert of_spikes.flatten().tolist() == [0.0, 0.0]
    assert of_residual.flatten().tolist() == [1.5, 1.0]


def test_the_gradient_through_voltages_is_the_slope_of_the_recursion() -> None:
    drive = torch.randn((5, 2, 7), generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 0.8
    drive.requires_grad_(True)
    cell = replace(CELL, current_decay=1024, surrogate=Triangle(1e-9))
    weights = torch.randn((5, 2, 7), generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    (found,) = torch.autograd.grad((neurons(drive, cell)[1] * weights).sum(), drive)
    step = 1e-6
    for place in [(0, 0, 0), (2, 1, 3), (4, 1, 6)]:
        moved = torch.zeros_like(drive)
        moved[place] = step
        up, down = ((neurons(drive.detach() + sign * moved, cell)[1] * weights).sum() for sign in (1, -1))
        assert found[place] == pytest.approx(float(up - down) / (2 * step), abs=1e-6)


def test_looking_changes_nothing_in_the_network() -> None:
    made = net().train()
    before = {name: value.clone() for name, value in made.state_dict().items()}
    observe(made, frames())
    assert all(torch.equal(before[name], value) for name, value in made.state_dict().items())


def test_artificial_neurons_are_refused() -> None:
    made = build_model(MODEL, NeuronConfig(kind="relu"), (2, 8, 8), 3, torch.Generator().manual_seed(0))
    with pytest.raises(ConfigError, match="another kind"):
        observe(made, frames())
