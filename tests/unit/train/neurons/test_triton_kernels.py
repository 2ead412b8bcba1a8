"""Triton's kernels against plain torch; on a GPU, or by Triton's interpreter (TRITON_INTERPRET=1) where there is none."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.train.neurons import recursion
from neurodeploy.train.neurons.cells import STEP, Cell, Rule, State, float_rule, integer_states, spike
from neurodeploy.train.neurons.compiled import Kernels, triton_kernels
from neurodeploy.train.neurons.surrogate import Arctan, Triangle

pytestmark = pytest.mark.cuda

NEURONS = {"lif": (4096, 1000), "cuba": (2048, 700), "if": (4096, 0)}
CELLS = [
    pytest.param(Cell(*decays, 0.6, reset, bump, start=0.25), id=f"{name}-{reset.value}-{type(bump).__name__}")
    for (name, decays), reset, bump in itertools.product(NEURONS.items(), Reset, (Triangle(0.8), Arctan(0.8)))
]
SHAPE = (6, 5, 3, 4, 4)
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "channels outside": lambda x: x,
    "channels inside": lambda x: x.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3),
}


@pytest.fixture
def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


@pytest.fixture
def ours() -> Kernels:
    found = triton_kernels()
    assert found is not None, "Triton comes with torch for CUDA"
    return found


@pytest.fixture
def draw(device: str) -> Callable[..., Tensor]:
    generator = torch.Generator().manual_seed(3)
    return lambda shape, scale=1.0: (scale * torch.randn(shape, generator=generator)).to(device)


def state_of(cell: Cell, draw: Callable[..., Tensor]) -> State:
    return State(draw(SHAPE[1:], 0.5) if cell.keep_current else None, draw(SHAPE[1:], 0.4))


def assert_close(found: Tensor | None, wanted: Tensor | None) -> None:
    assert (found is None) == (wanted is None)
    if found is not None and wanted is not None:
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)  # other order of the same float32 sums


@pytest.mark.parametrize("with_state", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("cell", CELLS)
def test_values_and_gradients_are_those_of_torch(
    cell: Cell, layout: str, with_state: bool, ours: Kernels, draw: Callable[..., Tensor]
) -> None:
    drive, bias, rule = LAYOUTS[layout](draw(SHAPE)), draw((3,), 0.3), float_rule(cell)
    before = state_of(cell, draw) if with_state else None
    later = state_of(cell, draw) if with_state else None
    voltage, spikes, after = ours.float_voltages(drive, bias, rule, before)
    wanted, fired, reached = recursion.float_states(drive, rule, bias, before)
    assert 0 < fired.mean() < 1
    assert_close(voltage, wanted)
    assert torch.equal(spikes, fired)
    if after is not None:
        assert_close(after.remains, reached.remains)
        assert_close(after.current, reached.current)
    options = {"biased": True, "learned": True, "before": before, "later": later}
    grad = draw(SHAPE)
    found, right = (way.gradients(grad, voltage, rule, **options) for way in (ours, recursion))
    for name in ("drive", "bias", "keep"):
        assert_close(getattr(found, name), getattr(right, name))
    if found.state is not None and right.state is not None:
        assert_close(found.state.remains, right.state.remains)
        assert_close(found.state.current, right.state.current)


@pytest.mark.parametrize("reset", Reset)
@pytest.mark.parametrize("top", [100, 200_000])
def test_integers_are_exactly_those_of_torch_even_where_they_wrap(
    top: int, reset: Reset, ours: Kernels, draw: Callable[..., Tensor]
) -> None:
    drive, bias = (draw(SHAPE) * top).round(), torch.tensor([-40.0, 3.0, 90.0], device=draw((1,)).device)
    cell = Cell(1000, 300, 0.7, reset, Triangle(1.0))
    rule = Rule(cell.keep_current, cell.keep_voltage, 50 * STEP, 0.0, reset, cell.surrogate, float(STEP))
    voltage, spikes, _ = ours.integer_voltages(drive, bias, (1000, 300), rule)
    states = integer_states(drive, cell, bias, 50)
    assert torch.equal(voltage, states.voltage)
    assert torch.equal(spikes, states.spikes)


def test_half_precision_is_computed_in_float32(ours: Kernels, draw: Callable[..., Tensor]) -> None:
    rule = float_rule(Cell(4096, 5, 1.0, Reset.ZERO, Triangle(1.0)))
    drive = draw((50, 1, 20)).bfloat16()
    voltage, spikes, _ = ours.float_voltages(drive, None, rule, spend=True)
    wanted, fired, _ = recursion.float_states(drive.float(), rule, None)
    assert (voltage.dtype, spikes.dtype) == (torch.float32, torch.float32)
    assert_close(voltage, wanted)
    assert torch.equal(spikes, fired)


def test_every_neuron_of_many_blocks_is_computed(ours: Kernels, device: str) -> None:
    bias = torch.arange(1300.0, device=device)
    rule = replace(float_rule(Cell(4096, 0, 1.0, Reset.ZERO, Triangle(1.0))), threshold=1e9)
    voltage, _, _ = ours.float_voltages(torch.ones((2, 3, 1300), device=device), bias, rule)
    assert torch.equal(voltage[1], (2 + 2 * bias).expand(3, -1))


def test_a_wrong_decay_is_noticed(ours: Kernels, draw: Callable[..., Tensor]) -> None:
    """So the comparisons above compare something."""
    drive, rule = draw(SHAPE), float_rule(Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(1.0)))
    found, _, _ = ours.float_voltages(drive, None, replace(rule, keep_voltage=0.7))
    wanted, _, _ = recursion.float_states(drive, rule, None)
    with pytest.raises(AssertionError):
        assert_close(found, wanted)


def test_layers_on_the_gpu_are_computed_by_triton(monkeypatch: pytest.MonkeyPatch, ours: Kernels, device: str) -> None:
    if device == "cpu":
        return
    called = []
    right = ours.float_voltages
    monkeypatch.setattr(ours, "float_voltages", lambda *given, **named: called.append(1) or right(*given, **named))
    spike(torch.ones((2, 3, 4), device=device), Cell(4096, 0, 1.0, Reset.ZERO, Triangle(1.0)))
    assert called
