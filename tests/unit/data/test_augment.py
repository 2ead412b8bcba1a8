import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.data.augment import (
    AugmentConfig,
    affine_maps,
    augment,
    draw_affine,
    drop_events,
    flip_polarity,
    move,
)
from neurodeploy.errors import ConfigError

STILL = AugmentConfig(shift=0.0, rotation=0.0, scale=0.0, shear=0.0, drop=0.0)


def some_frames(rng: np.random.Generator, batch: int = 4, high: int = 2) -> np.ndarray:
    return rng.integers(0, high, (batch, 3, 2, 9, 11)).astype(np.uint8)


def only(**values: float) -> AugmentConfig:
    return AugmentConfig(**{"shift": 0.0, "rotation": 0.0, "scale": 0.0, "shear": 0.0, "drop": 0.0, **values})


def one_affine(rows: list[list[float]]) -> np.ndarray:
    return np.array([rows], np.float64)


def test_nothing_switched_on_changes_nothing(rng: np.random.Generator) -> None:
    frames = some_frames(rng)
    made = augment(frames, STILL, rng)
    np.testing.assert_array_equal(made, frames)
    assert not np.shares_memory(made, frames)


def test_the_input_is_not_touched(rng: np.random.Generator) -> None:
    frames = some_frames(rng)
    before = frames.copy()
    augment(frames, AugmentConfig(flip_polarity=1.0, drop=0.9), rng)
    np.testing.assert_array_equal(frames, before)


def test_the_generator_decides(rng: np.random.Generator) -> None:
    frames = some_frames(rng, high=2)
    made = [augment(frames, AugmentConfig(), np.random.default_rng(seed)) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(made[0], made[1])
    assert (made[0] != made[2]).any()


@given(st.integers(-4, 4), st.integers(-4, 4))
def test_a_shift_moves_whole_pixels_and_brings_in_nothing(down: int, right: int) -> None:
    frames = some_frames(np.random.default_rng(3), batch=1)
    made = move(frames, affine_maps(one_affine([[1, 0, -down], [0, 1, -right]]), 9, 11))
    expected = np.zeros_like(frames)
    for y in range(9):
        for x in range(11):
            if 0 <= y - down < 9 and 0 <= x - right < 11:
                expected[..., y, x] = frames[..., y - down, x - right]
    np.testing.assert_array_equal(made, expected)


def test_a_quarter_turn_is_a_quarter_turn(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 2, (1, 2, 2, 9, 9)).astype(np.uint8)
    made = move(frames, affine_maps(one_affine([[0, 1, 0], [-1, 0, 0]]), 9, 9))
    np.testing.assert_array_equal(made, np.rot90(frames, 1, axes=(3, 4)))


def test_rotation_keeps_distances_and_angles(rng: np.random.Generator) -> None:
    linear = draw_affine(only(rotation=30.0), 50, rng)[:, :, :2]
    np.testing.assert_allclose(linear @ linear.transpose(0, 2, 1), np.tile(np.eye(2), (50, 1, 1)), atol=1e-12)
    assert np.abs(np.rad2deg(np.arcsin(linear[:, 0, 1]))).max() <= 30


@pytest.mark.parametrize(("config", "low", "high"), [(only(scale=0.2), 0.8, 1.2), (only(rotation=90.0), 1.0, 1.0)])
def test_scale_stays_within_its_limit(config: AugmentConfig, low: float, high: float, rng: np.random.Generator) -> None:
    size = 1 / np.sqrt(np.linalg.det(draw_affine(config, 200, rng)[:, :, :2]))
    assert low - 1e-9 <= size.min() <= size.max() <= high + 1e-9


def test_shift_stays_within_its_limit_and_is_used(rng: np.random.Generator) -> None:
    shift = draw_affine(only(shift=3.0), 300, rng)[:, :, 2]
    assert 2.5 < np.abs(shift).max() <= 3


def test_mirror_swaps_left_and_right(rng: np.random.Generator) -> None:
    frames = some_frames(rng)
    np.testing.assert_array_equal(augment(frames, only(flip_horizontal=1.0), rng), frames[..., ::-1])


def test_all_timesteps_and_polarities_of_a_recording_move_alike(rng: np.random.Generator) -> None:
    frames = np.broadcast_to(rng.integers(0, 2, (4, 1, 1, 9, 11)).astype(np.uint8), (4, 3, 2, 9, 11)).copy()
    made = augment(frames, only(shift=2.0, rotation=20.0, scale=0.2, shear=0.2), rng)
    np.testing.assert_array_equal(made, np.broadcast_to(made[:, :1, :1], made.shape))


def test_moved_counts_are_never_mixed(rng: np.random.Generator) -> None:
    frames = np.where(some_frames(rng) == 1, 200, 0).astype(np.uint8)
    made = augment(frames, only(rotation=45.0, scale=0.5), rng)
    assert set(np.unique(made)) <= {0, 200}


@pytest.mark.parametrize("high", [2, 30])
def test_dropping_loses_about_the_asked_share_and_adds_nothing(high: int, rng: np.random.Generator) -> None:
    frames = rng.integers(0, high, (2, 8, 2, 34, 34)).astype(np.uint8)
    made = drop_events(frames, np.array([0.25, 0.75]), rng)
    assert (made <= frames).all()
    kept = made.sum(axis=(1, 2, 3, 4)) / frames.sum(axis=(1, 2, 3, 4))
    np.testing.assert_allclose(kept, [0.75, 0.25], atol=0.03)


@pytest.mark.parametrize(("probability", "kept"), [(0.0, 1), (1.0, 0)])
def test_dropping_nothing_or_everything_is_exact(probability: float, kept: int, rng: np.random.Generator) -> None:
    frames = some_frames(rng)
    np.testing.assert_array_equal(drop_events(frames, np.full(4, probability), rng), frames * kept)


def test_swapped_polarity_touches_only_the_chosen(rng: np.random.Generator) -> None:
    frames = some_frames(rng, batch=2)
    made = flip_polarity(frames, np.array([True, False]))
    np.testing.assert_array_equal(made[0], frames[0, :, ::-1])
    np.testing.assert_array_equal(made[1], frames[1])


def test_always_swapping_swaps_all(rng: np.random.Generator) -> None:
    frames = some_frames(rng)
    np.testing.assert_array_equal(augment(frames, only(flip_polarity=1.0), rng), frames[:, :, ::-1])


def test_defaults_are_in_range() -> None:
    assert AugmentConfig().check() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("shift", -1.0), ("rotation", 181.0), ("scale", 1.0), ("shear", 1.5), ("drop", 1.1), ("flip_polarity", -0.1)],
)
def test_what_is_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"augment\.{name}"):
        AugmentConfig(**{name: value}).check()


@pytest.mark.parametrize("high", [2, 6], ids=["binary", "counts"])
@pytest.mark.parametrize("part", [slice(0, 3), slice(2, 6), slice(5, 7)], ids=str)
def test_a_part_of_a_batch_is_changed_as_in_the_whole_batch(high: int, part: slice, rng: np.random.Generator) -> None:
    frames = rng.integers(0, high, (7, 3, 2, 9, 8)).astype(np.uint8)
    config = AugmentConfig(flip_polarity=0.5, drop=0.4)
    first, second = (np.random.default_rng(3) for _ in range(2))
    whole, some = augment(frames, config, first), augment(frames, config, second, part)
    np.testing.assert_array_equal(some, whole[part])
    assert first.random() == second.random()
