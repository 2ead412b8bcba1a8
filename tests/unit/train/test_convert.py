"""From activations to spike rates: exact where the theory says so, and the same with and without batch norm."""

from dataclasses import replace

import pytest
import torch

from neurodeploy.errors import ConfigError
from neurodeploy.graph.nodes import Reset
from neurodeploy.train.ann import Qcfs
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.convert import ceilings, convert_ann
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.cells import Cell, spike
from neurodeploy.train.neurons.surrogate import Triangle

SHAPE = (2, 6, 6)
MODEL = ModelConfig(channels=(4, 5), kernels=(3, 3), strides=(1, 2), paddings=(0, 1))
IF = NeuronConfig(kind="if", reset="subtract", threshold=0.7)


def rate(drive: torch.Tensor, threshold: float, timesteps: int, start: float) -> torch.Tensor:
    """Threshold times the spike rate of neurons with constant drive."""
    cell = Cell(4096, 0, threshold, Reset.SUBTRACT, Triangle(1.0), start=start)
    return threshold * spike(drive.expand(timesteps, 1, -1).contiguous(), cell).mean((0, 1))


def points(count: int, low: float, high: float) -> torch.Tensor:
    return low + (high - low) * torch.rand(count, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("levels", [4, 8, 16])
def test_qcfs_is_the_rate_of_a_neuron_that_starts_at_half_its_threshold(levels: int) -> None:
    drive, ceiling = points(20_000, -0.5, 1.8), 1.3
    with torch.no_grad():
        wanted = Qcfs(levels, ceiling)(drive)
    found = rate(drive, ceiling, levels, 0.5)
    edge = ((drive * levels / ceiling + 0.5) % 1 - 0.5).abs() > 0.499
    # At an edge the neuron fires above its threshold and the activation rounds up: a rounding decides there.
    assert torch.allclose(found[~edge], wanted[~edge], atol=1e-5)


def test_with_other_timesteps_than_levels_the_mean_error_is_0_with_the_start_and_not_without() -> None:
    ceiling, levels, timesteps = 1.3, 4, 8
    drive = points(100_000, 0.0, ceiling)
    with torch.no_grad():
        wanted = Qcfs(levels, ceiling)(drive)
    half, zero = (float((rate(drive, ceiling, timesteps, start) - wanted).mean()) for start in (0.5, 0.0))
    assert abs(half) < 2e-3
    assert zero == pytest.approx(-ceiling / (2 * timesteps), abs=5e-3)


def trained_ann(batch_norm: bool) -> SpikingNet:
    """An artificial network with statistics, shifts and lambdas of its own."""
    model, generator = replace(MODEL, batch_norm=batch_norm), torch.Generator().manual_seed(0)
    ann = build_model(model, NeuronConfig(kind="qcfs", qcfs_levels=8), SHAPE, 3, generator)
    for number, stage in enumerate(ann.stages):
        stage.activation.learned.data.fill_(1.0 + 0.7 * number)
        for values in (stage.bias,) if stage.norm is None else (stage.norm.bias, stage.norm.weight):
            values.data.uniform_(-0.5, 1.5, generator=generator)
        if stage.norm is not None:
            stage.norm.running_mean.uniform_(-0.5, 0.5, generator=generator)
            stage.norm.running_var.uniform_(0.2, 2.0, generator=generator)
    return ann.eval()


@pytest.mark.parametrize("norms", [(True, True), (True, False), (False, True), (False, False)])
def test_with_constant_input_the_first_layer_fires_as_its_activation_is(norms: tuple[bool, bool]) -> None:
    ann = trained_ann(norms[0])
    net = build_model(replace(MODEL, batch_norm=norms[1]), IF, SHAPE, 3, torch.Generator().manual_seed(9)).eval()
    convert_ann(ann, net)
    for stage in net.stages:
        stage.cell = replace(stage.cell, start=0.5)
    frames = torch.rand(1, 6, *SHAPE, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, found = ann(frames), net(frames.expand(8, *frames.shape[1:]))
    ceiling = ceilings(ann)[0]
    # float rounding may put a level that lies on an edge on its other side
    differs = (ceiling * found.spikes[0].mean(0) - wanted.spikes[0][0]).abs() > 1e-4
    assert float(differs.float().mean()) < 1e-3
    assert (found.logits.mean(0).argmax(1) == wanted.logits[0].argmax(1)).all()


@pytest.mark.parametrize("norm", [True, False])
def test_every_layer_receives_the_activations_times_threshold_over_lambda(norm: bool) -> None:
    """Fed with rates in place of spikes, a converted stage computes the drive of its activation, scaled."""
    ann = trained_ann(True)
    net = build_model(replace(MODEL, batch_norm=norm), IF, SHAPE, 3, torch.Generator()).eval()
    convert_ann(ann, net)
    before, value = 1.0, torch.rand(1, 6, *SHAPE, generator=torch.Generator().manual_seed(1))
    for source, target, scale in zip(ann.stages, net.stages, ceilings(ann), strict=True):
        (weight, bias), (ours, own) = source.folded(), target.folded()
        torch.testing.assert_close(ours, weight * (before * IF.threshold / scale), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(own, bias * (IF.threshold / scale), rtol=1e-5, atol=1e-6)
        before = scale
    torch.testing.assert_close(net.readout.weight, ann.readout.weight * before)
    assert value.shape[0] == 1


def test_memory_of_the_current_makes_it_smaller_and_leaves_biases() -> None:
    ann, neuron = trained_ann(True), NeuronConfig(kind="cuba", current_decay=1024)
    net = build_model(MODEL, neuron, SHAPE, 3, torch.Generator()).eval()
    convert_ann(ann, net)
    (weight, bias), (ours, own) = ann.stages[0].folded(), net.stages[0].folded()
    ceiling = ceilings(ann)[0]
    torch.testing.assert_close(ours, weight * (0.25 / ceiling), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(own, bias / ceiling, rtol=1e-5, atol=1e-6)


def test_the_artificial_network_is_not_changed_and_shares_nothing() -> None:
    ann = trained_ann(True)
    kept = {name: value.clone() for name, value in ann.state_dict().items()}
    net = build_model(MODEL, IF, SHAPE, 3, torch.Generator())
    convert_ann(ann, net)
    for value in net.state_dict().values():
        value.add_(1)
    assert all(torch.equal(value, kept[name]) for name, value in ann.state_dict().items())


def test_scales_may_be_given() -> None:
    ann, net = trained_ann(False), build_model(MODEL, IF, SHAPE, 3, torch.Generator())
    convert_ann(ann, net, [2.0, 4.0])
    torch.testing.assert_close(net.readout.weight, ann.readout.weight * 4.0)


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"model": replace(MODEL, channels=(4, 6))}, "model"),
        ({"model": replace(MODEL, strides=(1, 1))}, "model"),
        ({"neuron": NeuronConfig(kind="relu")}, "neuron.kind"),
        ({"neuron": replace(IF, readout="spikes")}, "neuron.readout"),
        ({"scales": [1.0]}, "scales"),
        ({"scales": [1.0, 0.0]}, "scales"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict, key: str) -> None:
    net = build_model(change.get("model", MODEL), change.get("neuron", IF), SHAPE, 3, torch.Generator())
    with pytest.raises(ConfigError) as error:
        convert_ann(trained_ann(True), net, change.get("scales"))
    assert error.value.key == key
