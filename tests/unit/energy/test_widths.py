import numpy as np

from neurodeploy.energy.widths import event_bits, state_bits, value_bits
from neurodeploy.graph import Ref
from neurodeploy.graph.nodes import Cuba, Flatten, Input, Readout
from neurodeploy.graph.widths import FLOAT_BITS

X = (Ref("x"),)


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
