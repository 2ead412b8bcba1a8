"""The compiled loops against the torch ones of `cells`, in every layout of memory."""

import numpy as np
import pytest
import torch

from neurodeploy.graph.nodes import Reset
from neurodeploy.train.neurons import kernels
from neurodeploy.train.neurons.cells import STEP, Cell, Rule, float_rule, float_states, integer_states
from neurodeploy.train.neurons.compiled import kernels_for
from neurodeploy.train.neurons.surrogate import Triangle

SHAPE = (5, 3, 4, 6, 7)
BUMP = Triangle(1.0)
LAYOUTS = {
    "channels outside": lambda x: x,
    "channels inside": lambda x: x.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3),
    "batch inside": lambda x: x.permute(0, 2, 3, 4, 1).contiguous().permute(0, 4, 1, 2, 3),
}


@pytest.fixture
def drive() -> torch.Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("reset", Reset)
def test_voltages_are_those_of_torch_in_every_layout(layout: str, reset: Reset, drive: torch.Tensor) -> None:
    drive = LAYOUTS[layout](drive)
    cell, bias = Cell(3000, 1000, 0.7, reset, Triangle(1.0)), torch.linspace(-0.2, 0.5, 4)
    assert kernels_for(drive, BUMP) is kernels
    rule = float_rule(cell)
    found, wanted = kernels.float_voltages(drive, bias, rule), float_states(drive, rule, bias)
    for mine, theirs in zip(found[:2], wanted[:2], strict=True):
        torch.testing.assert_close(mine, theirs, rtol=1e-6, atol=1e-6)
        assert mine.stride() == drive.stride()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("reset", Reset)
@pytest.mark.parametrize("top", [100, 200_000])
def test_integers_are_exactly_those_of_torch_even_where_they_wrap(
    layout: str, reset: Reset, top: int, drive: torch.Tensor
) -> None:
    drive = LAYOUTS[layout]((drive * top).round())
    cell, bias = Cell(1000, 300, 0.7, reset, Triangle(1.0)), torch.tensor([-40.0, 0.0, 3.0, 90.0])
    rule = Rule(cell.keep_current, cell.keep_voltage, 50 * STEP, 0.0, reset, BUMP, float(STEP))
    voltage, spikes, _ = kernels.integer_voltages(drive, bias, (1000, 300), rule)
    states = integer_states(drive, cell, bias, 50)
    assert torch.equal(voltage, states.voltage)
    assert torch.equal(spikes, states.spikes)
    assert 0 < spikes.mean() < 1


def test_every_neuron_of_many_blocks_is_computed() -> None:
    drive = torch.ones(2, 3, 5000)
    rule = Rule(0.0, 1.0, 1e9, 0.0, Reset.ZERO, BUMP)
    voltage, _, _ = kernels.float_voltages(drive, torch.arange(5000.0), rule)
    np.testing.assert_array_equal(voltage[1].numpy(), np.tile(2 + 2 * np.arange(5000.0, dtype=np.float32), (3, 1)))


@pytest.mark.parametrize(
    "other",
    [torch.zeros(3, 2, 4).double(), torch.zeros(3, 2, 8)[..., ::2], torch.zeros(2, 3, 4).transpose(0, 1)],
    ids=["float64", "gaps", "time inside"],
)
def test_what_the_kernels_do_not_take_is_left_to_torch(other: torch.Tensor) -> None:
    assert kernels_for(other, BUMP) is None


def test_one_thread_and_two_give_the_same_bits(drive: torch.Tensor) -> None:
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            found.append(kernels.float_voltages(drive, None, Rule(0.0, 0.5, 0.7, 0.0, Reset.ZERO, BUMP))[0])
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)
