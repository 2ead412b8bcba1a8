import math

import numpy as np
import pytest
import torch

from neurodeploy.quantize.grid import Grid, weight_grid
from neurodeploy.train.precision import Precision
from neurodeploy.train.step_size import StepSize, on_learned_grid

BITS = [2, 3, 4, 8]
WEIGHTS = {
    "mixed": lambda rng: rng.normal(size=(6, 20)),
    "positive": lambda rng: rng.random((6, 20)) + 0.01,
    "negative": lambda rng: -rng.random((6, 20)) - 0.01,
}


def tensor(values: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(values).double()


def gradients(weight: np.ndarray, alpha: float, grid: Grid, upstream: np.ndarray) -> tuple[np.ndarray, float]:
    """Gradients by the code with respect to weights and alpha; `upstream` is that of the stored float weights."""
    w, a = tensor(weight).requires_grad_(), torch.tensor(alpha, dtype=torch.float64, requires_grad=True)
    scale = grid.step / alpha
    (on_learned_grid(w, a, scale, grid).double() / scale * tensor(upstream)).sum().backward()
    return w.grad.numpy(), float(a.grad)


@pytest.mark.parametrize("bits", BITS)
def test_gradients_are_those_of_the_formula(bits: int, rng: np.random.Generator) -> None:
    weight, upstream = rng.normal(size=(6, 20)), rng.normal(size=(6, 20))
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    alpha = 1.3 / high
    to_weight, to_alpha = gradients(weight, alpha, weight_grid(weight, bits), upstream)
    x = weight / alpha
    assert (x > high).any()
    assert (x < low).any()
    slope = np.where(x < low, low, np.where(x > high, high, np.rint(x) - x))
    np.testing.assert_allclose(to_weight, upstream * ((x >= low) & (x <= high)), rtol=1e-6)
    np.testing.assert_allclose(to_alpha, (upstream * slope).sum() / math.sqrt(weight.size * high), rtol=1e-5)


@pytest.mark.parametrize("signs", WEIGHTS)
@pytest.mark.parametrize("bits", [*BITS, 5, 6, 7])
def test_a_layer_has_at_most_two_to_the_bits_values_and_all_lie_on_the_grid(
    signs: str, bits: int, rng: np.random.Generator
) -> None:
    weight = WEIGHTS[signs](rng)
    grid = weight_grid(weight, bits)
    step_size = StepSize()
    step_size.begin(tensor(weight), grid)
    factor = step_size.factor(grid)
    assert factor is not None
    found = on_learned_grid(tensor(weight), step_size.log_alpha.exp(), factor, grid).detach().numpy()
    np.testing.assert_array_equal(found, grid.nearest(weight * factor))
    assert len(np.unique(found)) <= 2**bits


def test_inside_the_range_a_weight_moves_by_at_most_half_a_step(rng: np.random.Generator) -> None:
    weight = rng.uniform(-1, 1, size=(6, 20))
    grid, alpha = Grid(-(1 << 16), (1 << 16) - 2, 2), 1 / ((1 << 15) - 1)
    found = on_learned_grid(tensor(weight), torch.tensor(alpha).double(), grid.step / alpha, grid).double()
    assert np.abs(found.numpy() * alpha / grid.step - weight).max() <= alpha / 2 * (1 + 1e-9)


@pytest.mark.parametrize("bits", BITS)
def test_the_first_step_size_is_twice_the_mean_weight_over_the_root_of_the_levels(
    bits: int, rng: np.random.Generator
) -> None:
    weight = rng.normal(size=(6, 20))
    step_size, grid = StepSize(), weight_grid(weight, bits)
    step_size.begin(tensor(weight), grid)
    alpha = 2 * np.abs(weight).mean() / math.sqrt(2 ** (bits - 1) - 1)
    assert float(step_size.log_alpha.detach().exp()) == pytest.approx(alpha, rel=1e-5)
    assert step_size.factor(grid) == pytest.approx(2 / alpha, rel=1e-5)


def test_the_first_step_size_is_set_once(rng: np.random.Generator) -> None:
    weight, step_size = rng.normal(size=(6, 20)), StepSize()
    assert step_size.factor(weight_grid(weight)) is None
    step_size.begin(tensor(weight), weight_grid(weight))
    first = step_size.factor(weight_grid(weight))
    step_size.begin(tensor(10 * weight), weight_grid(weight))
    assert step_size.factor(weight_grid(weight)) == first


def test_a_layer_of_zeros_gets_no_step_size() -> None:
    step_size = StepSize()
    step_size.begin(torch.zeros((2, 3), dtype=torch.float64), Grid(0, 255, 1))
    assert step_size.factor(Grid(0, 255, 1)) is None


def test_a_step_held_up_by_another_limit_follows_only_gradients_that_enlarge_it(rng: np.random.Generator) -> None:
    weight, grid = tensor(rng.normal(size=(6, 20))), Grid(-16, 14, 2)
    found = []
    for sign in (1, -1):
        alpha = torch.tensor(0.01, dtype=torch.float64, requires_grad=True)
        # the factor in use is half of what alpha asks for
        (sign * weight * on_learned_grid(weight, alpha, 0.5 * grid.step / 0.01, grid)).sum().backward()
        found.append(float(alpha.grad))
    assert max(found) == 0
    assert min(found) < 0


def test_training_moves_the_step_size_towards_weights_that_lose_less(rng: np.random.Generator) -> None:
    weight, precision = tensor(rng.normal(size=(40, 20))), Precision(3, StepSize())
    precision.begin(weight)
    optimizer = torch.optim.Adam(precision.step_size.parameters(), lr=0.01)
    errors = []
    for _ in range(150):
        factor = precision.factor(weight)
        error = (precision.integers(weight, factor, precision.grid(weight)).double() / factor - weight).square().mean()
        errors.append(error.item())
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
    assert errors[-1] < 0.9 * errors[0]
