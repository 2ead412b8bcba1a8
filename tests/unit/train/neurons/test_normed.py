"""Batch norm and neurons in one against torch's batch norm and the neurons behind it."""

import copy
import itertools

import pytest
import torch
from torch import Tensor, nn

from neurodeploy.graph.nodes import Reset
from neurodeploy.train.neurons import normed
from neurodeploy.train.neurons.cells import Cell, spike
from neurodeploy.train.neurons.normed import normed_spike
from neurodeploy.train.neurons.surrogate import Arctan, Triangle
from neurodeploy.train.norm import normalisation
from neurodeploy.train.stage import Stage

CELLS = [
    pytest.param(Cell(*decays, 0.6, reset, bump), id=f"{decays[0]}-{reset.value}-{type(bump).__name__}")
    for decays, reset, bump in itertools.product(((4096, 1000), (2048, 700)), Reset, (Triangle(0.8), Arctan(0.8)))
]
SHAPES = [(6, 5, 3, 4, 4), (6, 5, 70), (1, 4, 3, 2, 2), (20, 40, 3, 9, 9)]


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(2)


def draw(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Away from zero mean, with channels innermost."""
    values = 3 + 2 * torch.randn(shape, generator=generator)
    if len(shape) == 5:
        values = values.permute(0, 1, 3, 4, 2).contiguous().permute(0, 1, 4, 2, 3)
    return values.requires_grad_()


def norm_of(channels: int, is_map: bool) -> nn.BatchNorm1d | nn.BatchNorm2d:
    norm = nn.BatchNorm2d(channels) if is_map else nn.BatchNorm1d(channels)
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(-1, 2, channels))
        norm.bias.copy_(torch.linspace(0.5, -0.5, channels))
    return norm


def in_torch(total: Tensor, norm: nn.BatchNorm1d | nn.BatchNorm2d, cell: Cell, keep: Tensor) -> Tensor:
    folded = total.flatten(0, 1)
    if not cell.keep_current:
        return spike(norm(folded).view(total.shape), cell, keep=keep)
    scale, shift = normalisation(norm, folded)
    return spike(total * scale.reshape(-1, *(1,) * (total.ndim - 3)), cell, shift, keep=keep)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cell", CELLS)
def test_spikes_gradients_and_statistics_are_those_of_torch(
    cell: Cell, shape: tuple[int, ...], generator: torch.Generator
) -> None:
    total, ours = draw(shape, generator), norm_of(shape[2], len(shape) == 5)
    theirs, towards = copy.deepcopy(ours), torch.randn(shape, generator=generator)
    keeps = [torch.tensor(cell.keep_voltage, requires_grad=True) for _ in range(2)]
    found, wanted = normed_spike(total, ours, cell, keeps[0]), in_torch(total, theirs, cell, keeps[1])
    assert found is not None
    assert 0 < wanted.mean() < 1
    alike = (found == wanted).all(
        0
    )  # a voltage at the threshold may round either way, and its neuron goes on otherwise
    assert alike.float().mean() > 0.999
    torch.testing.assert_close(dict(ours.named_buffers()), dict(theirs.named_buffers()), check_dtype=False)
    gradients = [
        torch.autograd.grad((spikes * towards * alike).sum(), (total, norm.weight, norm.bias, keep))
        for spikes, norm, keep in zip((found, wanted), (ours, theirs), keeps, strict=True)
    ]
    for mine, right in zip(*gradients, strict=True):
        scale = float(right.abs().max())
        torch.testing.assert_close(mine, right, rtol=1e-3, atol=1e-4 * max(scale, 1e-3))  # float32 sums of many terms


def test_a_gradient_that_forgets_the_statistics_is_noticed(
    generator: torch.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the comparison above compares something."""
    cell, total = Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)), draw((6, 5, 3, 4, 4), generator)
    norm, keep = norm_of(3, is_map=True), torch.tensor(0.75)
    wanted = torch.autograd.grad(in_torch(total, copy.deepcopy(norm), cell, keep).square().sum(), total)[0]
    monkeypatch.setattr(normed, "add_moments", lambda *given: None)
    found = torch.autograd.grad(normed_spike(total, norm, cell).square().sum(), total)[0]
    assert (found - wanted).abs().max() > 0.1 * wanted.abs().max()


def test_threads_do_not_change_a_bit(generator: torch.Generator) -> None:
    cell, total = Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)), draw((20, 40, 3, 9, 9), generator)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            norm = norm_of(3, is_map=True)
            spikes = normed_spike(total, norm, cell)
            assert spikes is not None
            found.append([spikes, *torch.autograd.grad(spikes.sum(), (total, norm.weight, norm.bias))])
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(*pair) for pair in zip(*found, strict=True))


@pytest.mark.parametrize("other", ["eval", "channels outside", "float64", "no statistics", "no weights"])
def test_what_else_there_is_goes_through_torch(other: str, generator: torch.Generator) -> None:
    cell, total, norm = (
        Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)),
        draw((6, 5, 3, 4, 4), generator),
        nn.BatchNorm2d(3),
    )
    norm = {
        "no statistics": nn.BatchNorm2d(3, track_running_stats=False),
        "no weights": nn.BatchNorm2d(3, affine=False),
    }.get(other, norm)
    norm.train(other != "eval")
    total = {"channels outside": total.contiguous(), "float64": total.double()}.get(other, total)
    assert normed_spike(total, norm, cell) is None


def test_stages_use_it_in_training(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    right = normed._NormedSpikes.apply
    monkeypatch.setattr(normed._NormedSpikes, "apply", lambda *given: called.append(1) or right(*given))
    stage = Stage(nn.Linear(6, 5, bias=False), nn.BatchNorm1d(5), Cell(4096, 1000, 0.6, Reset.ZERO, Triangle(0.8)))
    for training in (True, False):
        stage.train(training)(torch.ones(2, 3, 6))
    assert called == [1]
