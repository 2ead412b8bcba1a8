import copy

import pytest
import torch
from torch import nn

from neurodeploy.errors import GraphError
from neurodeploy.train.config import NeuronConfig
from neurodeploy.train.model import make_cell
from neurodeploy.train.norm import normalisation
from neurodeploy.train.stage import Stage


@pytest.fixture
def total() -> torch.Tensor:
    return 3 + 2 * torch.randn((12, 4, 5, 3), generator=torch.Generator().manual_seed(0))


def test_factor_and_shift_are_those_of_torch_in_both_modes(total: torch.Tensor) -> None:
    ours = nn.BatchNorm2d(4)
    with torch.no_grad():
        ours.weight.copy_(torch.tensor([0.5, 1.0, -1.0, 2.0]))
        ours.bias.copy_(torch.tensor([0.0, 1.0, 2.0, -1.0]))
    theirs = copy.deepcopy(ours)
    for training in (True, True, False):
        ours.train(training)
        theirs.train(training)
        scale, shift = normalisation(ours, total)
        wanted = theirs(total)
        torch.testing.assert_close(total * scale.reshape(-1, 1, 1) + shift.reshape(-1, 1, 1), wanted)
        torch.testing.assert_close(ours.running_mean, theirs.running_mean)
        torch.testing.assert_close(ours.running_var, theirs.running_var)


def test_gradients_go_through_the_batch_statistics(total: torch.Tensor) -> None:
    gradients = []
    for with_ours in (True, False):
        norm, value = nn.BatchNorm2d(4), total.clone().requires_grad_()
        scale, shift = normalisation(norm, value)
        result = value * scale.reshape(-1, 1, 1) + shift.reshape(-1, 1, 1) if with_ours else norm(value)
        weights = torch.randn(total.shape, generator=torch.Generator().manual_seed(1))
        gradients.append(torch.autograd.grad((result * weights).sum(), (value, norm.weight, norm.bias)))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)  # other order of the same sums


def test_without_current_memory_the_shift_may_go_into_the_drive() -> None:
    """A cuba whose current forgets everything is a lif: the two paths of `forward` agree."""
    linear, norm = nn.Linear(6, 5, bias=False), nn.BatchNorm1d(5)
    with torch.no_grad():
        norm.bias.copy_(torch.linspace(-1, 1, 5))
    spikes = (torch.rand((4, 8, 6), generator=torch.Generator().manual_seed(2)) < 0.5).float()
    lif = Stage(linear, norm, make_cell(NeuronConfig(voltage_decay=500)))
    almost = Stage(
        linear, copy.deepcopy(norm), make_cell(NeuronConfig(kind="cuba", current_decay=4095, voltage_decay=500))
    )
    assert almost.cell.keep_current < 0.001
    assert lif(spikes).any()
    assert (lif(spikes) != almost(spikes)).float().mean() < 0.02


def test_a_norm_without_running_statistics_is_refused() -> None:
    stage = Stage(nn.Linear(6, 5, bias=False), nn.BatchNorm1d(5, track_running_stats=False), make_cell(NeuronConfig()))
    with pytest.raises(GraphError, match="running statistics"):
        stage.folded()
