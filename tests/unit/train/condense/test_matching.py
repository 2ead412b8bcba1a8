"""ST-SM and the terms beside it: zero for equals, blind to order, with the identities that define it."""

import pytest
import torch

from neurodeploy.train.condense.matching import (
    FLOOR,
    Stsm,
    amplitude_and_phase,
    characteristic,
    mean_distance,
    unit,
)

SWITCHES = [(temporal, root) for temporal in ("dft", "none", "cross") for root in ("bin", "group", "none")]


def features(seed: int, recordings: int = 6, steps: int = 4, size: int = 12) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    drift = torch.linspace(-1, 1, steps).reshape(-1, 1, 1) * torch.randn(size, generator=generator)
    return torch.randn((steps, recordings, size), generator=generator) * 0.3 + drift


def loss(first: torch.Tensor, second: torch.Tensor, **settings: object) -> float:
    stsm = Stsm(frequencies=64, **settings)  # type: ignore[arg-type]
    return float(stsm(first, second, stsm.draw(first.shape[2], torch.Generator().manual_seed(9))))


@pytest.mark.parametrize(("temporal", "root"), SWITCHES)
def test_equal_features_have_no_distance(temporal: str, root: str) -> None:
    assert loss(features(0), features(0), temporal=temporal, root=root) <= 1e-3


@pytest.mark.parametrize(("temporal", "root"), SWITCHES)
def test_other_features_have_one(temporal: str, root: str) -> None:
    floor = loss(features(0), features(0), temporal=temporal, root=root)
    assert loss(features(0), features(1), temporal=temporal, root=root) > 10 * floor + 1e-4


@pytest.mark.parametrize(("temporal", "root"), SWITCHES)
def test_the_order_of_recordings_does_not_matter(temporal: str, root: str) -> None:
    order = torch.randperm(6, generator=torch.Generator().manual_seed(5))
    first = loss(features(0), features(1), temporal=temporal, root=root)
    assert loss(features(0)[:, order], features(1), temporal=temporal, root=root) == pytest.approx(first, rel=1e-4)


def test_amplitude_and_phase_add_up_to_the_squared_distance() -> None:
    generator = torch.Generator().manual_seed(0)
    first, second = (torch.randn((5, 9), generator=generator, dtype=torch.complex128) for _ in range(2))
    amplitude, phase = amplitude_and_phase(first, second)
    torch.testing.assert_close(amplitude + phase, (first - second).abs().square(), atol=1e-9, rtol=1e-9)
    assert bool((amplitude >= 0).all())
    assert bool((phase >= 0).all())


def test_without_a_root_and_with_equal_weights_the_transform_changes_nothing() -> None:
    """Parseval: the sum over bins is the sum over timesteps."""
    settings = {"root": "none", "alpha": 0.5}
    plain = loss(features(0), features(1), temporal="none", **settings)
    assert loss(features(0), features(1), temporal="dft", **settings) == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("temporal", ["dft", "none", "cross"])
def test_reversed_time_is_noticed(temporal: str) -> None:
    floor = loss(features(0), features(0), temporal=temporal)
    assert loss(features(0), features(0).flip(0), temporal=temporal) > 100 * floor


def test_the_characteristic_function_of_one_recording_has_length_1() -> None:
    stsm = Stsm(frequencies=16)
    one = characteristic(unit(features(0, recordings=1)), stsm.draw(12, torch.Generator().manual_seed(0)))
    torch.testing.assert_close(one.abs(), torch.ones(4, 16))


def test_alpha_weighs_amplitude_against_phase() -> None:
    """One recording against itself twice as loud: unit features, so neither differs; against two others both do."""
    only_amplitude, only_phase = (loss(features(0), features(1), alpha=alpha, root="none") for alpha in (1.0, 0.0))
    mixed = loss(features(0), features(1), alpha=0.3, root="none")
    assert mixed == pytest.approx(0.3 * only_amplitude + 0.7 * only_phase, rel=1e-4)


def test_sigma_scales_the_frequencies() -> None:
    first, second = (Stsm(sigma=s).draw(4, torch.Generator().manual_seed(0)) for s in (1.0, 0.25))
    torch.testing.assert_close(second, first / 4)


@pytest.mark.parametrize("root", ["bin", "group", "none"])
def test_gradients_are_finite_for_equal_and_for_silent_features(root: str) -> None:
    silent = torch.zeros((4, 6, 12))
    for first, second in ((features(0), features(0)), (silent, silent), (features(0), silent)):
        items = second.clone().requires_grad_(True)
        stsm = Stsm(root=root, frequencies=8)
        stsm(first, items, stsm.draw(12, torch.Generator().manual_seed(0))).backward()
        assert items.grad is not None
        assert bool(items.grad.isfinite().all())


def test_the_mean_distance_is_that_of_the_class_means() -> None:
    real, items = features(0, recordings=6), features(1, recordings=2)
    by_hand = 0.0
    for time in range(4):
        for label in range(2):
            mean = real[time, 3 * label : 3 * label + 3].mean(0)
            by_hand += float((mean - items[time, label]).square().sum())
    found = mean_distance(real, items, 2, normalised=False)
    assert float(found) == pytest.approx(by_hand / 8 / 12, rel=1e-4)


def test_normalised_means_do_not_see_how_strong_features_are() -> None:
    assert float(mean_distance(features(0), 3 * features(0), 2, normalised=True)) < 1e-9
    assert float(mean_distance(features(0), 3 * features(0), 2, normalised=False)) > 1e-2


def test_the_floor_is_small_against_what_is_measured() -> None:
    assert FLOOR**0.5 < 1e-5
