import pytest
import torch
import torch.nn.functional as F

from neurodeploy.train.config import TrainConfig
from neurodeploy.train.loss import losses, mean_losses, tet_losses


@pytest.fixture
def logits() -> torch.Tensor:
    return torch.randn((5, 4, 3), generator=torch.Generator().manual_seed(0), requires_grad=True)


LABELS = torch.tensor([0, 2, 1, 1])


def test_with_one_timestep_both_losses_are_the_cross_entropy(logits: torch.Tensor) -> None:
    wanted = F.cross_entropy(logits[0], LABELS)
    torch.testing.assert_close(tet_losses(logits[:1], LABELS, 0.0).mean(), wanted)
    torch.testing.assert_close(mean_losses(logits[:1], LABELS).mean(), wanted)


def test_with_equal_timesteps_both_losses_are_equal(logits: torch.Tensor) -> None:
    equal = logits[:1].expand(7, 4, 3)
    torch.testing.assert_close(tet_losses(equal, LABELS, 0.0), mean_losses(equal, LABELS))


def test_tet_is_never_below_the_loss_of_the_mean(logits: torch.Tensor) -> None:
    assert (tet_losses(logits, LABELS, 0.0) > mean_losses(logits, LABELS)).all()


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_gradient_of_tet_is_the_published_one(logits: torch.Tensor, share: float) -> None:
    (found,) = torch.autograd.grad(tet_losses(logits, LABELS, share).mean(), logits)
    error = (logits.softmax(-1) - F.one_hot(LABELS, 3)) / (5 * 4)
    pull = 2 * (logits - 1) / logits.numel()
    torch.testing.assert_close(found, ((1 - share) * error + share * pull).detach())


def test_the_configuration_chooses(logits: torch.Tensor) -> None:
    assert torch.equal(losses(logits, LABELS, TrainConfig(loss="mean")), mean_losses(logits, LABELS))
    found = losses(logits, LABELS, TrainConfig(loss="tet", tet_lambda=0.1))
    assert torch.equal(found, tet_losses(logits, LABELS, 0.1))


def test_smoothing_reaches_both_losses(logits: torch.Tensor) -> None:
    for name in ("mean", "tet"):
        plain, smooth = (losses(logits, LABELS, TrainConfig(loss=name, label_smoothing=s)) for s in (0.0, 0.2))
        assert (plain != smooth).all()
