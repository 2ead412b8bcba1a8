"""Neurons that go on from a state, start above zero, or learn their decay: against plain loops that autograd differentiates."""

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from neurodeploy.errors import GraphError
from neurodeploy.graph.nodes import Reset
from neurodeploy.train.neurons import cells
from neurodeploy.train.neurons.cells import STEP, Cell, State, spike, spike_integer, spike_integer_on, spike_on
from neurodeploy.train.neurons.surrogate import Arctan, Triangle

NEURONS = {"lif": (4096, 1000), "cuba": (2048, 700), "if": (4096, 0)}
CELLS = [
    pytest.param(Cell(*decays, 0.6, reset, bump), id=f"{name}-{reset.value}-{type(bump).__name__}")
    for (name, decays), reset, bump in itertools.product(NEURONS.items(), Reset, (Triangle(0.8), Arctan(0.8)))
]
SHAPE = (6, 5, 3, 4, 4)


class Fire(torch.autograd.Function):
    @staticmethod
    def forward(ctx, level: Tensor, cell: Cell) -> Tensor:
        ctx.save_for_backward(level)
        ctx.cell = cell
        return (level > cell.threshold).to(level.dtype)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        (level,) = ctx.saved_tensors
        return grad * ctx.cell.surrogate.derivative(level - ctx.cell.threshold), None


def plain(
    drive: Tensor, cell: Cell, bias: Tensor, keep: Tensor, current: Tensor, left: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The equations of Cuba, step by step; the reset is detached."""
    spikes = []
    for inflow in drive:
        current = current * cell.keep_current + inflow
        level = left * keep + current + bias.reshape(-1, *(1,) * (drive.ndim - 3))
        fired = Fire.apply(level, cell)
        held = fired.detach()
        left = level * (1 - held) if cell.reset is Reset.ZERO else level - cell.threshold * held
        spikes.append(fired)
    return torch.stack(spikes), current, left


@pytest.fixture(params=["compiled", "torch"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "torch":
        monkeypatch.setattr(cells, "kernels_for", lambda drive, surrogate: None)
    return request.param


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def random(shape: tuple[int, ...], generator: torch.Generator, scale: float = 1.0) -> Tensor:
    return (scale * torch.randn(shape, generator=generator)).requires_grad_()


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("cell", CELLS)
def test_states_and_the_learned_decay_have_the_gradients_of_a_plain_loop(
    cell: Cell, generator: torch.Generator
) -> None:
    drive, bias, keep = random(SHAPE, generator), random((3,), generator, 0.3), torch.tensor(cell.keep_voltage)
    current, left = random(SHAPE[1:], generator, 0.5), random(SHAPE[1:], generator, 0.4)
    keep.requires_grad_()
    remembers = cell.keep_current > 0
    state = State(current if remembers else None, left)
    spikes, after = spike_on(drive, cell, bias, state, keep=keep)
    wanted = plain(drive, cell, bias, keep, current if remembers else torch.zeros_like(current), left)
    assert torch.equal(spikes, wanted[0])
    found = (spikes, after.current, after.remains) if remembers else (spikes, after.remains)
    wanted = wanted if remembers else (wanted[0], wanted[2])
    inputs = (drive, bias, keep, left, *([current] if remembers else []))
    towards = [torch.randn(each.shape, generator=generator) for each in wanted]
    gradients = [
        torch.autograd.grad(sum((value * way).sum() for value, way in zip(values, towards, strict=True)), inputs)
        for values in (found, wanted)
    ]
    for ours, theirs in zip((*found, *gradients[0]), (*wanted, *gradients[1]), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)  # other order of the same float32 sums


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("cell", CELLS)
def test_timestep_by_timestep_is_all_at_once_to_the_last_bit(cell: Cell, generator: torch.Generator) -> None:
    drive, bias = random(SHAPE, generator), random((3,), generator, 0.3)
    towards = torch.randn(SHAPE, generator=generator)
    state, parts = None, []
    for inflow in drive:
        fired, state = spike_on(inflow[None], cell, bias, state)
        parts.append(fired)
    found, wanted = torch.cat(parts), spike(drive, cell, bias)
    assert torch.equal(found, wanted)
    ours, theirs = (torch.autograd.grad((spikes * towards).sum(), drive)[0] for spikes in (found, wanted))
    assert torch.equal(ours, theirs)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("cell", CELLS)
def test_integers_timestep_by_timestep_are_those_of_all_at_once(cell: Cell, generator: torch.Generator) -> None:
    scale = 50.0
    drive = (scale * torch.randn(SHAPE, generator=generator)).round_().requires_grad_()
    bias = torch.tensor([-3.0, 0.0, 7.0])
    towards = torch.randn(SHAPE, generator=generator)
    state, parts = None, []
    for inflow in drive:
        fired, state = spike_integer_on(inflow[None], cell, bias, scale, state)
        parts.append(fired)
    found, wanted = torch.cat(parts), spike_integer(drive, cell, bias, scale)
    assert 0 < wanted.mean() < 1
    assert torch.equal(found, wanted)
    ours, theirs = (torch.autograd.grad((spikes * towards).sum(), drive)[0] for spikes in (found, wanted))
    assert torch.equal(ours, theirs)


@pytest.mark.usefixtures("path")
def test_the_decay_of_integers_has_the_gradient_of_the_float_one(generator: torch.Generator) -> None:
    """On a fine grid nothing is rounded noticeably, so both neurons are the same and the gradients must agree."""
    scale, cell = 2.0**12, Cell(4096, 1024, 0.625, Reset.SUBTRACT, Triangle(1.0))
    drive = torch.randn(SHAPE, generator=generator).mul_(scale).round_()
    towards, found = torch.randn(SHAPE, generator=generator), []
    for spikes_of in (
        lambda keep: spike_integer(drive, cell, None, scale, keep=keep),
        lambda keep: spike(drive / scale, cell, keep=keep),
    ):
        keep = torch.tensor(cell.keep_voltage, requires_grad=True)
        found.append(torch.autograd.grad((spikes_of(keep) * towards).sum(), keep)[0])
    torch.testing.assert_close(*found, rtol=1e-3, atol=1e-3)


@pytest.mark.usefixtures("path")
def test_the_gradient_of_the_decay_is_that_of_a_smooth_neuron() -> None:
    """Far from the threshold an IF neuron is linear: the surrogate of all voltages together is a known number."""
    cell = Cell(4096, 1024, 100.0, Reset.ZERO, Arctan(50.0))
    drive, keep = torch.ones(3, 1, 1), torch.tensor(0.75, requires_grad=True)
    spike(drive, cell, keep=keep).sum().backward()
    levels = torch.tensor([1.0, 1.75, 2.3125])
    slopes = cell.surrogate.derivative(levels - 100.0)
    change = torch.tensor([0.0, 1.0, 1.75 + 0.75])  # of each voltage with the share that is kept
    torch.testing.assert_close(keep.grad, (slopes * change).sum())


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("cell", CELLS)
def test_voltages_start_at_a_share_of_the_threshold(cell: Cell, generator: torch.Generator) -> None:
    drive, bias = random(SHAPE, generator), random((3,), generator, 0.3)
    begun = torch.full(SHAPE[1:], 0.5 * cell.threshold)
    wanted, _, _ = plain(drive, cell, bias, torch.tensor(cell.keep_voltage), torch.zeros(SHAPE[1:]), begun)
    found = spike(drive, replace(cell, start=0.5), bias)
    assert torch.equal(found, wanted)
    assert not torch.equal(found, spike(drive, cell, bias))


def test_integers_that_would_start_above_zero_are_refused() -> None:
    cell = Cell(4096, 0, 1.0, Reset.SUBTRACT, Triangle(1.0), start=0.5)
    with pytest.raises(GraphError, match="0.5 of the threshold"):
        spike_integer(torch.zeros(1, 1, 1), cell, None, 1.0)


def test_a_drive_that_nobody_reads_again_becomes_the_voltage(generator: torch.Generator) -> None:
    cell, drive = Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)), torch.randn(SHAPE, generator=generator)
    spent = drive.clone()
    assert torch.equal(spike(spent, cell, spend=True), spike(drive, cell))
    assert not torch.equal(spent, drive)


def test_a_drive_is_left_alone_unless_it_may_be_spent(generator: torch.Generator) -> None:
    cell, drive = Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)), torch.randn(SHAPE, generator=generator)
    before = drive.clone()
    spike(drive, cell)
    assert torch.equal(drive, before)


def test_a_state_in_another_order_of_memory_is_the_same_state(generator: torch.Generator) -> None:
    cell, drive = Cell(2048, 1000, 0.6, Reset.ZERO, Triangle(0.8)), torch.randn(SHAPE, generator=generator)
    current, left = torch.randn(SHAPE[1:], generator=generator), torch.randn(SHAPE[1:], generator=generator)
    inner = State(*(value.contiguous(memory_format=torch.channels_last) for value in (current, left)))
    (found, after), (wanted, same) = (spike_on(drive, cell, None, s) for s in (inner, State(current, left)))
    assert torch.equal(found, wanted)
    assert torch.equal(after.remains, same.remains)


def test_membrane_steps_are_the_unit_of_integer_states() -> None:
    cell = Cell(4096, 0, 10.0, Reset.ZERO, Triangle(1.0))
    _, state = spike_integer_on(torch.full((1, 1, 1), 3.0), cell, None, 1.0, None)
    assert state.remains.item() == 3 * STEP
