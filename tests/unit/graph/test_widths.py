import numpy as np
import pytest

from neurodeploy.graph.widths import FLOAT_BITS, range_bits, weight_bits


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
