"""The time loops written by hand against plain loops that autograd differentiates, and against the numpy simulator."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Reset
from neurodeploy.graph.numeric import shift_to_zero
from neurodeploy.graph.numeric import wrap as numpy_wrap
from neurodeploy.train.neurons import cells
from neurodeploy.train.neurons.cells import Cell, integer_states, spike, spike_integer, truncate_, wrap
from neurodeploy.train.neurons.surrogate import Arctan, Surrogate, Triangle

NEURONS = {"lif": (4096, 1000), "cuba": (2048, 700), "if": (4096, 0), "forgetful": (4096, 4096)}
CELLS = [
    pytest.param(Cell(*decays, 0.6, reset, bump), id=f"{name}-{reset.value}-{type(bump).__name__}")
    for (name, decays), reset, bump in itertools.product(NEURONS.items(), Reset, (Triangle(0.8), Arctan(0.8)))
]


class PlainSpike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, distance: Tensor, bump: Surrogate) -> Tensor:
        ctx.save_for_backward(distance)
        ctx.bump = bump
        return (distance > 0).float()

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        return grad * ctx.bump.derivative(*ctx.saved_tensors), None


def plain(drive: Tensor, cell: Cell, bias: Tensor) -> Tensor:
    """The equations of Cuba, step by step, differentiated by autograd; the reset is detached."""
    current = voltage = torch.zeros_like(drive[0])
    spikes = []
    for inflow in drive:
        current = current * cell.keep_current + inflow
        voltage = voltage * cell.keep_voltage + current + bias.reshape(-1, *(1,) * (drive.ndim - 3))
        fired = PlainSpike.apply(voltage - cell.threshold, cell.surrogate)
        held = fired.detach()
        voltage = voltage * (1 - held) if cell.reset is Reset.ZERO else voltage - cell.threshold * held
        spikes.append(fired)
    return torch.stack(spikes)


@pytest.fixture(autouse=True, params=["compiled", "torch"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Every fact holds for the compiled kernels and for the plain torch that runs elsewhere."""
    if request.param == "torch":
        monkeypatch.setattr(cells, "kernels_for", lambda drive, surrogate: None)
    return request.param


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(3)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("shape", [(6, 5, 3, 4, 4), (6, 5, 3)])
def test_spikes_and_gradients_are_those_of_a_plain_loop(
    cell: Cell, shape: tuple[int, ...], generator: torch.Generator
) -> None:
    drive = torch.randn(shape, generator=generator).requires_grad_()
    bias = (0.3 * torch.randn(3, generator=generator)).requires_grad_()
    weights = torch.randn(shape, generator=generator)
    found, wanted = spike(drive, cell, bias), plain(drive, cell, bias)
    assert 0 < wanted.mean() < 1
    assert torch.equal(found, wanted)
    gradients = [torch.autograd.grad((spikes * weights).sum(), (drive, bias)) for spikes in (found, wanted)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)  # other order of the same float32 operations


def test_a_wrong_decay_changes_the_gradient(generator: torch.Generator) -> None:
    drive = torch.randn((6, 5, 3), generator=generator).requires_grad_()
    right, wrong = (Cell(4096, decay, 5.0, Reset.ZERO, Arctan(1.0)) for decay in (1000, 1100))
    gradients = [torch.autograd.grad(spike(drive, cell).sum(), drive)[0] for cell in (right, wrong)]
    with pytest.raises(AssertionError):
        torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)


def test_maps_with_channels_innermost_give_the_same_and_stay_so(generator: torch.Generator) -> None:
    cell = Cell(4096, 1024, 0.5, Reset.ZERO, Triangle(1.0))
    drive = torch.randn((4 * 2, 3, 5, 5), generator=generator)
    inner = drive.contiguous(memory_format=torch.channels_last).view(4, 2, 3, 5, 5)
    found = spike(inner, cell)
    assert torch.equal(found, spike(drive.view(4, 2, 3, 5, 5), cell))
    assert found.stride() == inner.stride()


def test_a_voltage_at_the_threshold_is_silent() -> None:
    cell = Cell(4096, 0, 1.0, Reset.ZERO, Triangle(1.0))
    assert spike(torch.tensor([1.0, 1e-6]).reshape(2, 1, 1), cell).flatten().tolist() == [0.0, 1.0]


def test_half_precision_is_computed_in_float32(generator: torch.Generator) -> None:
    cell = Cell(4096, 5, 1.0, Reset.ZERO, Triangle(1.0))
    drive = torch.rand((50, 1, 20), generator=generator).bfloat16()
    found = spike(drive, cell)
    assert found.dtype == torch.bfloat16
    assert torch.equal(found.float(), spike(drive.float(), cell))


def layer(cell: Cell, threshold: int, bias: np.ndarray) -> IntGraph:
    nodes = (
        Input("input", (), (7,)),
        Dense("fc", (Ref("input"),), np.random.default_rng(0).integers(-128, 128, (5, 7)) * 2),
        Cuba("cuba", (Ref("fc"),), cell.current_decay, cell.voltage_decay, threshold, bias, cell.reset),
    )
    return IntGraph(Graph(nodes))


@pytest.mark.parametrize("cell", CELLS)
def test_integer_states_are_those_of_the_simulator(cell: Cell, rng: np.random.Generator) -> None:
    bias = rng.integers(-90, 90, 5)
    graph = layer(cell, 200, bias)
    trace = simulate(graph, rng.integers(0, 2, (30, 4, 7)))
    states = integer_states(torch.from_numpy(trace["fc"]), cell, torch.from_numpy(bias), 200)
    assert trace["cuba"].any()
    np.testing.assert_array_equal(states.spikes.numpy(), trace["cuba"])
    np.testing.assert_array_equal(states.current.numpy(), trace["cuba.current"])
    np.testing.assert_array_equal(states.remains.numpy(), trace["cuba.voltage"])


@pytest.mark.parametrize("current_decay", [0, 100, 4096])
def test_currents_wrap_and_voltages_saturate_as_in_the_simulator(current_decay: int, rng: np.random.Generator) -> None:
    cell = Cell(current_decay, 3, 1.0, Reset.ZERO, Triangle(1.0))
    dense = Dense("fc", (Ref("input"),), rng.integers(-32767, 32768, (5, 9)))
    cuba = Cuba("cuba", (Ref("fc"),), current_decay, 3, 131071)
    trace = simulate(IntGraph(Graph((Input("input", (), (9,)), dense, cuba))), rng.integers(0, 2, (40, 6, 9)))
    states = integer_states(torch.from_numpy(trace["fc"]), cell, None, 131071)
    assert np.abs(trace["cuba.voltage"]).max() == 2**23 - 1
    np.testing.assert_array_equal(states.current.numpy(), trace["cuba.current"])
    np.testing.assert_array_equal(states.remains.numpy(), trace["cuba.voltage"])


def test_overflow_is_that_of_the_specification_at_every_border() -> None:
    values = np.concatenate([side * 2**23 + np.arange(-3, 4) for side in (-3, -2, -1, 0, 1, 2, 3)])
    np.testing.assert_array_equal(wrap(torch.from_numpy(values).double()).numpy(), numpy_wrap(values))


def test_truncation_is_that_of_the_specification() -> None:
    values = np.arange(-9000, 9000, 7)
    found = truncate_(torch.from_numpy(values).double() / 4096)
    np.testing.assert_array_equal(found.numpy(), shift_to_zero(values, 12))


def test_a_layer_can_be_continued_from_its_state(rng: np.random.Generator) -> None:
    cell = Cell(1000, 500, 1.0, Reset.SUBTRACT, Triangle(1.0))
    drive = torch.from_numpy(rng.integers(-200, 260, (10, 3, 4)))
    whole, first = integer_states(drive, cell, None, 150), integer_states(drive[:6], cell, None, 150)
    second = integer_states(drive[6:], cell, None, 150, first)
    assert torch.equal(torch.cat([first.remains, second.remains]), whole.remains)
    assert torch.equal(torch.cat([first.current, second.current]), whole.current)


@pytest.mark.parametrize("cell", CELLS)
def test_integer_spikes_have_the_gradient_of_the_float_neuron(cell: Cell, generator: torch.Generator) -> None:
    """On a fine grid nothing is rounded noticeably, so both neurons are the same and the gradients must agree."""
    scale = 2.0**12
    cell = replace(cell, threshold=0.625)
    drive = torch.randn((6, 5, 3, 2, 2), generator=generator).mul_(scale).round_().requires_grad_()
    bias = torch.randn(3, generator=generator).mul_(0.2 * scale).round_().requires_grad_()
    weights = torch.randn(drive.shape, generator=generator)
    found, wanted = spike_integer(drive, cell, bias, scale), spike(drive / scale, cell, bias / scale)
    assert torch.equal(found, wanted)
    gradients = [torch.autograd.grad((spikes * weights).sum(), (drive, bias)) for spikes in (found, wanted)]
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours * scale, theirs * scale, rtol=1e-3, atol=1e-3)  # the grid is 1/4096


def test_sums_that_are_almost_integers_count_as_integers() -> None:
    cell = Cell(4096, 0, 10.0, Reset.ZERO, Triangle(1.0))
    drive = torch.tensor([10.0004, 0.9998]).reshape(2, 1, 1)
    assert spike_integer(drive, cell, None, 1.0).flatten().tolist() == [0.0, 1.0]
