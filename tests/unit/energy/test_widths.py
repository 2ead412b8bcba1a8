import numpy as np
import pytest

from neurodeploy.energy.widths import FLOAT_BITS, event_bits, range_bits, state_bits, value_bits, weight_bits
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Cuba, Flatten, Input, Readout

X = (Ref("x"),)


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 0, 1), (0, 1, 1), (-1, 1, 2), (0, 255, 8), (-128, 127, 8), (-129, 0, 9), (-5, -1, 4)]
)
def test_a_range_takes_the_narrowest_integer(low: int, high: int, bits: int) -> None:
    assert range_bits(low, high) == bits


def test_a_common_factor_of_two_is_not_stored() -> None:
    assert weight_bits(np.array([-256, 0, 254])) == 8
    assert weight_bits(np.array([0, 255])) == 8
    assert weight_bits(np.array([-256, 255])) == 9
    assert weight_bits(np.zeros(3, np.int64)) == 1
    assert weight_bits(np.array([0.5])) == FLOAT_BITS


def test_values_are_as_wide_as_they_can_get() -> None:
    anything = np.array([0.0, 7.0])
    assert value_bits(Cuba("c", X, 4096, 0, 1), None, anything) == 1
    assert value_bits(Input("x", (), (1,), high=255), None, anything) == 8
    assert value_bits(Flatten("f", X), (0, 1), anything) == 1
    assert value_bits(Flatten("f", X), None, anything) == 3
    assert value_bits(Flatten("f", X), None, np.array([0.0, 0.5])) == FLOAT_BITS


def test_an_event_carries_its_address_and_a_value_only_when_graded() -> None:
    assert event_bits(1, 1024) == 10
    assert event_bits(8, 1025) == 11 + 8
    assert event_bits(1, 1) == 1


def test_states_that_decay_completely_are_not_kept() -> None:
    assert state_bits(Cuba("c", X, 100, 100, 1), True) == 48
    assert state_bits(Cuba("c", X, 4096, 100, 1), True) == 24
    assert state_bits(Cuba("c", X, 4096, 4096, 1), True) == 0
    assert state_bits(Readout("r", X), True) == 24
    assert state_bits(Cuba("c", X, 100, 100, 1), False) == 2 * FLOAT_BITS
