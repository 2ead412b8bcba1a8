"""Delays by themselves: what they compute, their gradients, and that they find a lag."""

import numpy as np
import pytest
import torch
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.train.delays import (
    SIGMA_END,
    AxonalDelay,
    SynapticDelay,
    bells,
    delays_of,
    narrow,
    shift,
    sigma_at,
)
from neurodeploy.train.neurons.cells import Cell, spike
from neurodeploy.train.neurons.surrogate import surrogate

MOST = 62


def train_of(rng: np.random.Generator, *shape: int, rate: float = 0.3) -> Tensor:
    return torch.from_numpy((rng.random(shape) < rate).astype(np.float32))


def filtered(values: Tensor, keep: float = 0.7) -> Tensor:
    """Low-pass filtered twice, so that a spike is answered smoothly: the kernel of SLAYER's neurons."""
    time = torch.arange(len(values))
    lag = (time[:, None] - time).clamp(min=0)
    response = torch.tril((1 - keep) ** 2 * (lag + 1) * keep**lag)
    return torch.einsum("ts,s...->t...", response, values)


# ------------------------------------------------------------------------------------ the shift


@pytest.mark.parametrize("steps", range(MOST + 1))
def test_a_shift_is_a_roll_that_brings_zeros(steps: int, rng: np.random.Generator) -> None:
    spikes = train_of(rng, 70, 2, 3)
    wanted = np.roll(spikes.numpy(), steps, axis=0)
    wanted[:steps] = 0
    np.testing.assert_array_equal(shift(spikes, torch.full((3,), steps)).numpy(), wanted)


def test_only_spikes_pushed_out_of_the_window_are_lost(rng: np.random.Generator) -> None:
    spikes, steps = train_of(rng, 70, 2, 4), torch.tensor([0, 5, 30, 62])
    left = [float(spikes[: 70 - d, :, c].sum()) for c, d in enumerate(steps.tolist())]
    assert shift(spikes, steps).sum((0, 1)).tolist() == left


def test_channels_of_a_map_are_shifted_together_and_a_negative_shift_is_the_way_back(rng: np.random.Generator) -> None:
    spikes, steps = train_of(rng, 9, 2, 3, 4, 5), torch.tensor([0, 2, 9])
    later = shift(spikes, steps)
    np.testing.assert_array_equal(later[2:, :, 1], spikes[:-2, :, 1])
    assert not later[:, :, 2].any()
    np.testing.assert_array_equal(shift(later, -steps)[:-2, :, 1], spikes[:-2, :, 1])


# ------------------------------------------------------------------------------------ axons


def test_axons_floor_their_delays_within_the_limits() -> None:
    delay = AxonalDelay(5, max_delay=6)
    delay.steps.data = torch.tensor([-3.0, 0.99, 1.0, 5.99, 80.0])
    assert delay.rounded().tolist() == [0, 0, 1, 5, 6]
    delay.train()(torch.zeros(4, 1, 5))
    assert delay.steps.tolist() == pytest.approx([0.0, 0.99, 1.0, 5.99, 6.0])


def test_the_first_delays_of_slayer_do_nothing(rng: np.random.Generator) -> None:
    spikes, delay = train_of(rng, 9, 2, 3), AxonalDelay(3)
    assert torch.equal(delay(spikes), spikes)


def smooth_loss(signal: Tensor, weights: Tensor, delay: AxonalDelay, steps: float) -> Tensor:
    delay.steps.data.fill_(steps)
    return (weights * delay(signal)).sum()


@pytest.mark.parametrize("steps", [1.0, 4.0, 9.0])
def test_the_gradient_of_an_axon_is_the_slope_of_the_loss(steps: float, rng: np.random.Generator) -> None:
    """Within a fifth, on a smooth signal: the rule differs from the symmetric difference by half a timestep."""
    signal = filtered(filtered(train_of(rng, 80, 4, 1, rate=0.1), 0.85), 0.85)
    weights = filtered(torch.from_numpy(rng.normal(size=(80, 1, 1)).astype(np.float32)), 0.9).cumsum(0)
    delay = AxonalDelay(1)
    with torch.no_grad():
        slope = (smooth_loss(signal, weights, delay, steps + 1) - smooth_loss(signal, weights, delay, steps - 1)) / 2
    smooth_loss(signal, weights, delay, steps).backward()
    assert delay.steps.grad is not None
    assert float(delay.steps.grad) == pytest.approx(float(slope), rel=0.2)


def test_a_constant_signal_has_no_slope() -> None:
    delay = AxonalDelay(1)
    delay(torch.ones(20, 2, 1))[1:].sum().backward()
    assert delay.steps.grad is not None
    assert not delay.steps.grad.any()


def test_grad_scale_multiplies_the_gradient_of_the_delay_alone(rng: np.random.Generator) -> None:
    grads = []
    for scale in (1.0, 3.0):
        delay, spikes = AxonalDelay(2, grad_scale=scale), train_of(rng, 9, 2, 2).requires_grad_()
        delay.steps.data.fill_(2)
        rng = np.random.default_rng(0)
        weights = torch.from_numpy(rng.normal(size=(9, 2, 2)).astype(np.float32))
        rng = np.random.default_rng(20261121)
        (delay(spikes) * weights).sum().backward()
        grads.append((delay.steps.grad, spikes.grad))
    assert torch.allclose(3 * grads[0][0], grads[1][0])
    assert torch.equal(grads[0][1], grads[1][1])


def test_spikes_get_the_gradient_of_what_arrives_later(rng: np.random.Generator) -> None:
    delay, spikes = AxonalDelay(1), train_of(rng, 6, 1, 1).requires_grad_()
    delay.steps.data.fill_(2)
    delay(spikes).flatten().dot(torch.arange(6.0)).backward()
    assert spikes.grad is not None
    assert spikes.grad.flatten().tolist() == [2, 3, 4, 5, 0, 0]


@pytest.mark.parametrize("lag", [3, 7, 12])
def test_an_axon_learns_when_a_pulse_is_wanted(lag: int) -> None:
    delay = AxonalDelay(1, generator=torch.Generator().manual_seed(lag))
    given, wanted = torch.zeros(2, 60, 1, 1)
    given[10] = wanted[10 + lag] = 1
    optimizer = torch.optim.Adam(delay.parameters(), 0.3)
    for step in range(200):
        optimizer.param_groups[0]["lr"] = 0.3 * (1 - step / 200)
        optimizer.zero_grad()
        ((filtered(delay(given)) - filtered(wanted)) ** 2).sum().backward()
        optimizer.step()
    assert abs(int(delay.rounded()) - lag) <= 1


# ------------------------------------------------------------------------------------ synapses


@pytest.mark.parametrize("is_integer", [False, True])
def test_in_evaluation_and_in_integers_each_synapse_delays_by_itself(
    is_integer: bool, rng: np.random.Generator
) -> None:
    spikes, weight = train_of(rng, 30, 3, 5), torch.from_numpy(rng.integers(-128, 128, (4, 5)).astype(np.float32))
    delay = SynapticDelay(4, 5, 9, torch.Generator().manual_seed(0)).train(is_integer)
    found = delay.integer_sum(spikes, weight) if is_integer else delay(spikes, weight)
    wanted = np.zeros((30, 3, 4))
    for (out, source), steps in np.ndenumerate(delay.export_delays(5)):
        wanted[steps:, :, out] += float(weight[out, source]) * spikes.numpy()[: 30 - steps, :, source]
    np.testing.assert_array_equal(found.detach().numpy().reshape(30, 3, 4), wanted)


def test_at_the_end_most_of_a_synapse_acts_at_its_delay() -> None:
    """sigma 0.23 acts as 0.5: about two thirds at a distance of 0.3, and all of it for a vanishing width."""
    places = torch.arange(9)
    assert float(bells(torch.tensor(4.3), places, 0.5)[4]) == pytest.approx(0.67, abs=0.02)
    assert float(bells(torch.tensor(4.0), places, 0.27)[4]) == pytest.approx(0.998, abs=2e-3)
    assert float(bells(torch.tensor(4.3), places, 0.5).sum()) == pytest.approx(1.0)


def test_the_integer_phase_has_the_gradients_of_the_bell(rng: np.random.Generator) -> None:
    spikes, weight = train_of(rng, 30, 3, 5), torch.from_numpy(rng.normal(size=(4, 5)).astype(np.float32))
    delay, slopes = SynapticDelay(4, 5, 9, torch.Generator().manual_seed(0)), []
    delay.sigma = SIGMA_END
    for add in (delay, delay.integer_sum):
        delay.zero_grad()
        (add(spikes, weight) * torch.arange(90.0)[:, None]).sum().backward()
        assert delay.steps.grad is not None
        slopes.append(delay.steps.grad.clone())
    assert torch.allclose(slopes[0], slopes[1], rtol=1e-4)
    assert slopes[0].any()


def test_sigma_reaches_its_end_after_a_quarter_of_the_epochs_and_stays() -> None:
    found = [sigma_at(epoch, 40, 24) for epoch in range(1, 41)]
    assert found[0] == 12
    assert found[9] > SIGMA_END
    assert found[10:] == pytest.approx([SIGMA_END] * 30)
    assert all(ratio == pytest.approx(found[1] / found[0]) for ratio in np.divide(found[1:11], found[:10]))


def test_narrow_sets_all_synapses_of_a_network_and_refines_what_was_learned_before() -> None:
    net = torch.nn.ModuleList([SynapticDelay(1, 1, 24), AxonalDelay(1), SynapticDelay(1, 1, 0)])
    narrow(net, 5, 40)
    assert [delay.sigma for delay in delays_of(net) if isinstance(delay, SynapticDelay)] == [
        sigma_at(5, 40, 24),
        SIGMA_END,
    ]
    narrow(net, 1, 0)
    assert net[0].sigma == SIGMA_END


@pytest.mark.parametrize("lag", [3, 7, 12])
def test_a_synapse_learns_when_a_pulse_is_wanted(lag: int) -> None:
    delay = SynapticDelay(1, 1, 20, torch.Generator().manual_seed(lag))
    given, wanted = torch.zeros(2, 60, 1, 1)
    given[10] = wanted[10 + lag] = 1
    optimizer = torch.optim.Adam(delay.parameters(), 0.1)
    for epoch in range(1, 21):
        narrow(delay, epoch, 20)
        for _ in range(15):
            optimizer.zero_grad()
            arrived = delay(given, torch.ones(1, 1)).view(60, 1, 1)
            ((filtered(arrived) - filtered(wanted)) ** 2).sum().backward()
            optimizer.step()
    assert abs(int(delay.rounded()) - lag) <= 1


@pytest.mark.parametrize("most", [0, 1, 7, 62])
def test_exported_delays_are_whole_steps_within_the_limit(most: int) -> None:
    axon = AxonalDelay(3, most, start=float(most), generator=torch.Generator().manual_seed(1))
    synapse = SynapticDelay(4, 6, most, torch.Generator().manual_seed(1))
    synapse.steps.data[0, 0], synapse.steps.data[0, 1] = -5.0, 99.0
    for delays, shape in ((axon.export_delays(6), (1, 6)), (synapse.export_delays(6), (4, 6))):
        assert delays.shape == shape
        assert delays.dtype == np.int64
        assert delays.min() >= 0
        assert delays.max() <= most
    assert axon.export_delays(6)[0].tolist() == np.repeat(axon.rounded().numpy(), 2).tolist()


# ------------------------------------------------------------------------------------ coincidence

LAG, STEPS = 5, 30


def pulses(rng: np.random.Generator, count: int) -> tuple[Tensor, Tensor]:
    """Two inputs with a pulse each; class 1: the second comes 5 steps after the first, class 0: any other lag."""
    spikes, labels = torch.zeros(STEPS, count, 2), torch.arange(count) % 2
    others = [lag for lag in range(-8, 9) if abs(lag - LAG) > 1]
    for place, label in enumerate(labels.tolist()):
        start, lag = int(rng.integers(8, STEPS - 18)), LAG if label else int(rng.choice(others))
        spikes[start, place, 0] = spikes[start + lag, place, 1] = 1
    return spikes, labels


def accuracy_of_one_neuron(delayed: bool, rng: np.random.Generator) -> tuple[float, list[int]]:
    """A neuron that shall fire on class 1 alone, after 200 steps of learning."""
    delay = AxonalDelay(2, 12, generator=torch.Generator().manual_seed(0))
    weight, bias = torch.nn.Parameter(torch.full((1, 2), 0.5)), torch.nn.Parameter(torch.zeros(1))
    cell = Cell(1024, 1024, 1.0, Reset.ZERO, surrogate("triangle", 1.0))
    rates = ((delay.parameters(), 0.3), ([weight, bias], 0.01))
    optimizer = torch.optim.Adam([{"params": list(group), "lr": rate, "top": rate} for group, rate in rates])

    def fires(spikes: Tensor) -> Tensor:
        return spike((delay(spikes) if delayed else spikes) @ weight.T, cell, bias).sum((0, 2))

    learned, tested = pulses(rng, 256), pulses(rng, 400)
    for step in range(200):
        for group in optimizer.param_groups:
            group["lr"] = group["top"] * (1 - step / 200)
        optimizer.zero_grad()
        logits = 4 * fires(learned[0]) - 2
        torch.nn.functional.binary_cross_entropy_with_logits(logits, learned[1].float()).backward()
        optimizer.step()
    right = (fires(tested[0]) > 0) == (tested[1] > 0)
    return float(right.float().mean()), delay.rounded().tolist()


def test_a_neuron_with_delays_tells_a_lag_that_one_without_cannot(rng: np.random.Generator) -> None:
    accuracy, delays = accuracy_of_one_neuron(True, rng)
    assert accuracy > 0.95
    assert abs(delays[0] - delays[1] - LAG) <= 1
    assert accuracy_of_one_neuron(False, rng)[0] < 0.6
