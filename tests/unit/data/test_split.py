import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.data.split import rank_in_class, split_validation, take_balanced

labels_strategy = st.lists(st.integers(0, 4), max_size=60).map(lambda values: np.array(values, np.int64))


@given(labels_strategy, st.floats(0, 0.99), st.integers(0, 5))
def test_every_recording_is_in_exactly_one_part(labels: np.ndarray, share: float, seed: int) -> None:
    training, validation = split_validation(labels, share, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.sort(np.concatenate([training, validation])), np.arange(len(labels)))


@given(labels_strategy, st.floats(0, 0.99), st.integers(0, 5))
def test_every_class_stays_in_training(labels: np.ndarray, share: float, seed: int) -> None:
    training, _ = split_validation(labels, share, np.random.default_rng(seed))
    np.testing.assert_array_equal(np.unique(labels[training]), np.unique(labels))


def test_each_class_gives_its_share() -> None:
    labels = np.repeat([0, 1, 2], [100, 50, 10])
    _, validation = split_validation(labels, 0.1, np.random.default_rng(0))
    np.testing.assert_array_equal(np.bincount(labels[validation]), [10, 5, 1])


def test_a_small_class_gives_one_and_a_single_recording_stays() -> None:
    labels = np.array([0, 0, 1])
    _, validation = split_validation(labels, 0.1, np.random.default_rng(0))
    np.testing.assert_array_equal(labels[validation], [0])


def test_share_zero_gives_nothing_to_validation() -> None:
    _, validation = split_validation(np.zeros(50, np.int64), 0.0, np.random.default_rng(0))
    assert len(validation) == 0


def test_the_generator_decides() -> None:
    labels = np.zeros(100, np.int64)
    same = [split_validation(labels, 0.2, np.random.default_rng(7))[1].tolist() for _ in range(2)]
    other = split_validation(labels, 0.2, np.random.default_rng(8))[1].tolist()
    assert same[0] == same[1] != other


def test_rank_counts_earlier_recordings_of_the_class() -> None:
    np.testing.assert_array_equal(rank_in_class(np.array([3, 1, 3, 3, 1])), [0, 0, 1, 2, 1])


@pytest.mark.parametrize(
    ("limit", "expected"),
    [(0, [0, 1, 2, 3, 4, 5]), (2, [0, 4]), (3, [0, 4, 5]), (4, [0, 1, 4, 5]), (99, list(range(6)))],
)
def test_a_limit_takes_classes_in_turn(limit: int, expected: list[int]) -> None:
    np.testing.assert_array_equal(take_balanced(np.array([0, 0, 0, 0, 1, 2]), limit), expected)
