"""The allocation of bits is the best of all, found without trying all."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.graph.widths import weight_bits
from neurodeploy.quantize import LayerChoice, allocate, closest_format, weight_grid


def by_trying_all(layers: list[LayerChoice], budget: float) -> float | None:
    losses = [
        sum(layer.losses[bits] for layer, bits in zip(layers, chosen, strict=True))
        for chosen in itertools.product(*(layer.losses for layer in layers))
        if sum(layer.cost * bits for layer, bits in zip(layers, chosen, strict=True)) <= budget
    ]
    return min(losses, default=None)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(1, 4), share=st.floats(1.5, 9.0))
@settings(max_examples=60, deadline=None)
def test_no_other_allocation_within_the_budget_loses_less(seed: int, count: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    layers = [
        LayerChoice(int(rng.integers(1, 50)), {bits: float(rng.normal(8 - bits)) for bits in range(2, 9)})
        for _ in range(count)
    ]
    budget = share * sum(layer.cost for layer in layers)
    found, wanted = allocate(layers, budget), by_trying_all(layers, budget)
    if wanted is None:
        assert found is None
        return
    assert found is not None
    assert found.cost == sum(layer.cost * bits for layer, bits in zip(layers, found.bits, strict=True)) <= budget
    assert found.loss == pytest.approx(wanted)


def test_of_equal_losses_the_cheapest_is_taken() -> None:
    same = LayerChoice(1, dict.fromkeys(range(2, 9), 0.0))
    found = allocate([same, same], 100.0)
    assert found is not None
    assert found.bits == (2, 2)


def test_a_sensitive_layer_gets_the_bits() -> None:
    robust = LayerChoice(10, {bits: 0.01 * (8 - bits) for bits in range(2, 9)})
    sensitive = LayerChoice(10, {bits: 1.0 * (8 - bits) for bits in range(2, 9)})
    found = allocate([robust, sensitive], 100.0)
    assert found is not None
    assert found.bits == (2, 8)


@pytest.mark.parametrize("bits", [2, 3, 4])
def test_the_closest_format_loses_less_than_the_largest_factor(bits: int, rng: np.random.Generator) -> None:
    weight = rng.normal(size=(20, 30))
    grid = weight_grid(weight, bits)
    form = closest_format(weight, bits)
    errors = [
        np.square(grid.nearest(weight * f) / f - weight).sum() for f in (form.factor, grid.largest_factor(weight))
    ]
    assert errors[0] < errors[1]
    assert weight_bits(grid.nearest(weight * form.factor)) <= bits


def test_many_bits_clip_nothing(rng: np.random.Generator) -> None:
    weight = rng.uniform(-1, 1, size=(20, 30))
    assert closest_format(weight, 8).factor == pytest.approx(weight_grid(weight).largest_factor(weight), rel=0.05)


def test_a_layer_of_zeros_has_no_factor() -> None:
    assert closest_format(np.zeros((2, 3)), 4).factor is None
