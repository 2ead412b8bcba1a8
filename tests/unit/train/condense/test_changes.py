"""Changes of items: those of training on the same draws, and gradients that find their way back."""

import numpy as np
import torch

from neurodeploy.data.augment import AugmentConfig, affine_maps, draw_affine
from neurodeploy.data.augment import move as move_numpy
from neurodeploy.train.condense.changes import Change, drop, move


def counts(items: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 6, (items, 2, 2, 7, 9)).astype(np.uint8)


def test_pixels_move_as_in_training() -> None:
    maps = affine_maps(draw_affine(AugmentConfig(), 3, np.random.default_rng(1)), 7, 9)
    found = move(torch.from_numpy(counts()).float(), torch.from_numpy(maps))
    np.testing.assert_array_equal(found.numpy(), move_numpy(counts(), maps))


def test_the_gradient_of_a_moved_pixel_arrives_where_it_came_from() -> None:
    frames = torch.zeros((1, 1, 2, 2, 2), requires_grad=True)
    moved = move(frames, torch.tensor([[3, 4, 3, 0]]))
    moved.sum().backward()
    assert frames.grad is not None
    assert frames.grad[0, 0, 0].tolist() == [[1.0, 0.0], [0.0, 2.0]]


def test_lost_events_leave_whole_counts_with_the_mean_that_is_left() -> None:
    frames = torch.full((2, 1, 2, 100, 100), 4.0)
    left = drop(frames, torch.tensor([0.0, 0.75]), torch.Generator().manual_seed(0))
    assert torch.equal(left[0], frames[0])
    assert torch.equal(left, left.round())
    assert abs(float(left[1].mean()) - 1.0) < 0.03


def test_the_gradient_of_lost_events_is_that_of_the_mean() -> None:
    frames = torch.ones((1, 1, 2, 3, 3), requires_grad=True)
    drop(frames, torch.tensor([0.25]), torch.Generator().manual_seed(0)).sum().backward()
    assert frames.grad is not None
    assert bool((frames.grad == 0.75).all())


def test_a_change_can_be_shared() -> None:
    config = AugmentConfig(drop=0.0, flip_polarity=1.0)
    shared = Change.draw(config, 1, 7, 9, np.random.default_rng(3)).repeated(2)
    frames = torch.from_numpy(counts(1)).float().repeat_interleave(2, 0)
    found = shared(frames, torch.Generator())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], frames[0])


def test_no_change_gives_the_same_frames() -> None:
    config = AugmentConfig(shift=0.0, rotation=0.0, scale=0.0, shear=0.0, drop=0.0)
    frames = torch.from_numpy(counts()).float()
    assert torch.equal(Change.draw(config, 3, 7, 9, np.random.default_rng(0))(frames, torch.Generator()), frames)
