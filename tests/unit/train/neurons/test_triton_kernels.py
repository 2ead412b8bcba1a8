"""Triton's kernels against plain torch; on a GPU, or by Triton's interpreter (TRITON_INTERPRET=1) where there is none."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from neurodeploy.graph.nodes import Reset
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import build_model
from neurodeploy.train.neurons import cells, recursion
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
EIGHT_BITS = 2**-7
"""Relative error of bfloat16 where it is cut off, as Triton's interpreter does; a GPU rounds to half of it."""
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
    distance, spikes, _ = ours.float_voltages(drive, None, rule, spend=True)
    wanted, fired, _ = recursion.float_states(drive.float(), rule, None)
    assert (distance.dtype, spikes.dtype) == (torch.bfloat16, torch.bfloat16)
    torch.testing.assert_close(distance.float(), wanted - 1, rtol=EIGHT_BITS, atol=1e-6)
    assert torch.equal(spikes.float(), fired)


def test_what_is_kept_of_half_precision_says_exactly_what_fired(ours: Kernels, device: str) -> None:
    levels = [1.0, 1 + 2**-23, 1 - 2**-24, 1.001, 0.999]
    drive = torch.tensor([0.5, 0.5, 0.5, 0.5, 0.5], device=device).bfloat16().reshape(1, 1, 5)
    bias = torch.tensor([level - 0.5 for level in levels], device=device)
    kept, spikes, _ = ours.float_voltages(drive, bias, float_rule(Cell(4096, 0, 1.0, Reset.ZERO, Triangle(1.0))))
    assert spikes.flatten().tolist() == [0, 1, 0, 1, 0]
    assert torch.equal((kept > 0).float(), spikes.float())


@pytest.mark.parametrize("cell", CELLS)
def test_gradients_of_half_precision_are_those_of_float32_but_for_its_rounding(
    cell: Cell, ours: Kernels, draw: Callable[..., Tensor]
) -> None:
    drive, grad, rule = draw(SHAPE).bfloat16(), draw(SHAPE).bfloat16(), float_rule(cell)
    kept, _, _ = ours.float_voltages(drive, None, rule)
    voltage, _, _ = recursion.float_states(drive.float(), rule, None)
    found = ours.gradients(grad, kept, rule, biased=True, learned=True)
    right = recursion.gradients(grad.float(), voltage, rule, biased=True, learned=True)
    assert found.drive.dtype == torch.bfloat16
    assert found.bias is not None
    assert found.keep is not None
    for low, high in ((found.drive.float(), right.drive), (found.bias, right.bias)):
        assert float((low - high).norm() / high.norm()) < 2 * EIGHT_BITS
    # A sum whose parts cancel each other.
    assert float((found.keep - right.keep).abs() / right.drive.abs().sum()) < EIGHT_BITS


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


@pytest.mark.parametrize("is_integer", [False, True])
@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize("kind", ["lif", "cuba"])
def test_networks_are_trained_in_half_precision(
    kind: str, readout: str, is_integer: bool, monkeypatch: pytest.MonkeyPatch, ours: Kernels, device: str
) -> None:
    monkeypatch.setattr(cells, "kernels_for", lambda values, surrogate: ours)
    model = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
    neuron = NeuronConfig(kind=kind, readout=readout, threshold=0.3)
    net = build_model(model, neuron, (2, 9, 8), 3, torch.Generator().manual_seed(0)).to(device).train()
    net.is_integer = is_integer
    frames = (torch.rand((4, 6, 2, 9, 8), generator=torch.Generator().manual_seed(1)) < 0.3).float().to(device)
    with torch.autocast(device, torch.bfloat16):
        output = net(frames)
    mean_losses(output.logits, torch.arange(6, device=device) % 3).mean().backward()
    assert output.logits.dtype == torch.float32
    # Weights in front of a norm followed by currents are multiplied in float32.
    assert output.spikes[0].dtype == (torch.float32 if is_integer or kind == "cuba" else torch.bfloat16)
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
