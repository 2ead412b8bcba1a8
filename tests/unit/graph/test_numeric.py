import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.graph.numeric import FIXED, FLOAT, Fixed, saturate, shift_to_zero, wrap


def test_shift_rounds_towards_zero() -> None:
    np.testing.assert_array_equal(shift_to_zero(np.array([-5, -4, -1, 0, 1, 5]), 1), [-2, -2, 0, 0, 0, 2])


@given(st.integers(-(2**23), 2**23), st.integers(0, 4096))
def test_decay_is_the_fraction_truncated(state: int, amount: int) -> None:
    assert FIXED.decay(np.array([state]), amount)[0] == int(state * (4096 - amount) / 4096)


@pytest.mark.parametrize(
    ("value", "wrapped"),
    [
        (2**23, 2**23),  # exactly the limit stays, as in Lava
        (2**23 + 1, -(2**23) + 1),
        (-(2**23), 2**23),
        (-(2**23) + 1, -(2**23) + 1),
        (0, 0),
    ],
)
def test_currents_wrap_at_24_bits(value: int, wrapped: int) -> None:
    assert wrap(np.array([value]))[0] == wrapped


def test_voltages_saturate_symmetrically() -> None:
    np.testing.assert_array_equal(saturate(np.array([2**23, -(2**23), 5])), [2**23 - 1, -(2**23) + 1, 5])


def test_widths() -> None:
    assert (Fixed(8).low, Fixed(8).high, Fixed(8, signed=False).high) == (-128, 127, 255)


def test_float_arithmetic_has_no_limits() -> None:
    big = np.array([1e9])
    assert FLOAT.wrap(big) is big
    assert FLOAT.saturate(big) is big
    assert FLOAT.decay(big, 1024)[0] == 0.75e9


@given(st.integers(-(2**40), 2**40))
def test_a_wrap_is_counting_modulo_2_to_the_24_whatever_the_size(value: int) -> None:
    wrapped = int(wrap(np.array([value]))[0])
    assert (wrapped - value) % 2**24 == 0
    assert -(2**23) < wrapped <= 2**23
