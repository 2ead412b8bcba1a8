import math

import pytest
import torch

from neurodeploy.train.neurons.surrogate import Arctan, Surrogate, Triangle, surrogate


def test_the_triangle_is_highest_at_the_threshold_and_ends_at_its_width() -> None:
    found = Triangle(2.0).derivative(torch.tensor([0.0, 1.0, -1.0, 2.0, 3.0, -5.0]))
    torch.testing.assert_close(found, torch.tensor([0.5, 0.25, 0.25, 0.0, 0.0, 0.0]))


def test_the_arctan_has_half_its_height_at_width_over_pi() -> None:
    found = Arctan(2.0).derivative(torch.tensor([0.0, 2 / math.pi, -2 / math.pi]))
    torch.testing.assert_close(found, torch.tensor([0.5, 0.25, 0.25]))


@pytest.mark.parametrize("bump", [Triangle(0.7), Arctan(0.7)])
def test_the_area_is_one(bump: Surrogate) -> None:
    distance = torch.linspace(-2000, 2000, 4_000_001, dtype=torch.float64)
    assert torch.trapezoid(bump.derivative(distance), distance).item() == pytest.approx(1, abs=1e-3)


def test_derivative_leaves_its_argument_alone() -> None:
    distance = torch.tensor([0.25])
    Triangle(1.0).derivative(distance)
    assert distance.item() == 0.25


def test_surrogates_are_found_by_name() -> None:
    assert surrogate("triangle", 2.0) == Triangle(2.0)
    assert surrogate("arctan", 0.5) == Arctan(0.5)
