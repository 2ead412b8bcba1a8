"""Choosing by hand-made features, and the means that items begin from."""

import numpy as np

from neurodeploy.train.condense.choosing import Forgetting, centroids, herding, k_center, medoids

LINE = np.array([[0.0], [1.0], [2.0], [3.0], [10.0]])


def test_herding_keeps_the_running_mean_near_the_mean_of_all() -> None:
    assert herding(LINE, 2).tolist() == [3, 3 - 1] or herding(LINE, 2).tolist() == [3, 2]
    chosen = herding(LINE, 5)
    assert sorted(chosen) == [0, 1, 2, 3, 4]


def test_k_center_begins_in_the_middle_and_takes_the_farthest() -> None:
    assert k_center(LINE, 3).tolist() == [3, 4, 0]


def test_forgetting_counts_answers_that_were_right_before() -> None:
    watched = Forgetting(np.array([0, 0, 0, 0]))
    for answers in ([0, 0, 1, 0], [1, 0, 1, 0], [0, 0, 1, 0], [1, 0, 1, 1]):
        watched.watch(np.arange(4), np.array(answers))
    assert watched.times.tolist() == [2, 0, 0, 1]
    assert watched.most(np.arange(4), 3, np.random.default_rng(0)).tolist() == [2, 0, 3]


def test_one_centroid_is_the_mean() -> None:
    assert centroids(LINE, 1, np.random.default_rng(0)).tolist() == [[3.2]] or np.allclose(
        centroids(LINE, 1, np.random.default_rng(0)), 3.2
    )


def test_centroids_are_the_means_of_groups() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(place, 0.1, (20, 3)) for place in (0.0, 5.0, 9.0)])
    found = np.sort(centroids(values, 3, np.random.default_rng(1)).mean(1))
    np.testing.assert_allclose(found, [0, 5, 9], atol=0.1)


def test_as_many_centroids_as_recordings_are_the_recordings() -> None:
    found = centroids(LINE, 5, np.random.default_rng(0))
    assert sorted(found[:, 0]) == [0, 1, 2, 3, 10]


def test_medoids_are_the_recordings_nearest_to_the_means_of_groups() -> None:
    values = np.array([[0.0], [1.0], [2.5], [50.0], [51.0], [52.0], [53.5]])
    assert sorted(medoids(values, 2, np.random.default_rng(0)).tolist()) == [1, 5]


def test_medoids_of_equal_recordings_differ() -> None:
    assert len(set(medoids(np.ones((6, 2)), 4, np.random.default_rng(0)).tolist())) == 4


def test_the_draw_decides_which_medoids_are_found() -> None:
    values = np.random.default_rng(5).normal(size=(60, 3))
    first, same, other = (medoids(values, 6, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.tolist() == same.tolist()
    assert first.tolist() != other.tolist()
