import numpy as np
import pytest

from neurodeploy.errors import MismatchError
from neurodeploy.graph import Trace
from neurodeploy.verify import compare

ORDER = ("cuba1", "cuba1.voltage", "cuba2")


def trace(**changes: np.ndarray) -> Trace:
    values = {name: np.zeros((4, 2, 3), np.int64) for name in ORDER}
    return Trace({**values, **changes})


def changed(*places: tuple[int, int, int]) -> np.ndarray:
    array = np.zeros((4, 2, 3), np.int64)
    for place in places:
        array[place] = 7
    return array


def test_equal_traces_say_what_was_compared() -> None:
    result = compare(trace(), trace(), ORDER)
    assert result.names == ORDER
    assert result.values == 3 * 4 * 2 * 3


def test_one_value_is_enough() -> None:
    with pytest.raises(MismatchError, match=r"cuba2 at timestep 3, index \[1, 2\]: found 7, expected 0; 1 of 72"):
        compare(trace(), trace(cuba2=changed((3, 1, 2))), ORDER)


def test_the_earliest_timestep_then_the_first_node_is_the_cause() -> None:
    found = trace(cuba2=changed((1, 0, 0)), **{"cuba1.voltage": changed((1, 0, 0)), "cuba1": changed((2, 0, 0))})
    with pytest.raises(MismatchError, match=r"cuba1.voltage at timestep 1") as caught:
        compare(trace(), found, ORDER)
    assert caught.value.differing == 3


def test_only_exposed_values_are_counted() -> None:
    assert compare(trace(), Trace({"cuba1": trace()["cuba1"]}), ORDER).values == 24


def test_another_shape_is_a_mismatch() -> None:
    with pytest.raises(MismatchError, match="shape"):
        compare(trace(), trace(cuba1=np.zeros((4, 2, 2), np.int64)), ORDER)


def test_values_that_the_graph_does_not_have_are_a_programming_error() -> None:
    with pytest.raises(ValueError, match="invented"):
        compare(trace(), trace(invented=changed()), ORDER)
