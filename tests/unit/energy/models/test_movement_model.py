"""Operations and movement at 22 nm, by hand."""

import pytest
from small_counts import small

from neurodeploy.energy import Estimate
from neurodeploy.energy.models import find_model
from neurodeploy.energy.models.movement import matched_bits, movement_of_quantised, product_range
from neurodeploy.errors import ProfileError
from neurodeploy.profile import load_profile

CMOS = load_profile("cmos22")


def apply(**options: str) -> Estimate:
    return find_model("movement").apply(small(), CMOS, options)


def moved(estimate: Estimate, term: str) -> dict[str, float]:
    return {line.node: line.energy.mid for line in estimate.lines if line.term == term}


def test_sparse_events_take_one_bit_each_at_the_sparse_price() -> None:
    assert moved(apply(dataflow="sparse"), "event_move") == {"fc1": 6 * 3.0, "fc2": 5 * 3.0}


def test_dense_dataflow_moves_every_value_of_every_timestep() -> None:
    assert moved(apply(dataflow="dense"), "dense_move") == {"fc1": 80 * 0.25, "fc2": 40 * 0.25}


def test_events_may_be_as_wide_as_address_and_value() -> None:
    assert moved(apply(dataflow="sparse", event_bits="address"), "event_move") == {"fc1": 18 * 3.0, "fc2": 10 * 3.0}


def test_hops_multiply_both() -> None:
    assert moved(apply(dataflow="sparse", hops="4"), "event_move")["fc1"] == 4 * 18.0


def test_a_layer_switches_to_dense_dataflow_above_the_rate() -> None:
    """The rates are 7.5 % and 12.5 %."""
    found = apply(switch_rate="0.1")
    assert moved(found, "event_move") == {"fc1": 18.0}
    assert moved(found, "dense_move") == {"fc2": 10.0}


def test_between_the_ends_of_the_rate_the_interval_covers_both() -> None:
    (line,) = (line for line in apply().lines if line.node == "fc2" and line.term == "event_move")
    assert (line.energy.low, line.energy.mid, line.energy.high) == (10.0, 15.0, 15.0)


def test_weights_outside_the_chip_are_fetched_once() -> None:
    found = moved(apply(weights="dram"), "weight_move")
    assert found == pytest.approx({"fc1": 32 * 8 * 20.3, "fc2": 8 * 8 * 20.3})


def test_operations_are_those_of_the_arithmetic_model() -> None:
    found = apply().by_term()
    assert found["accumulate"].mid == pytest.approx(34 * 0.05448)
    assert found["neuron_update"].mid == pytest.approx(60 * 0.05448)


def test_accesses_to_memories_are_listed_as_not_covered() -> None:
    missing = {item.term for item in apply().not_covered}
    assert {"weight_bit_read", "state_bit_read"} <= missing
    assert not {"event_bit_in", "input_event"} & missing


@pytest.mark.parametrize(("steps", "bits"), [(1, 1), (3, 2), (4, 3), (5, 3), (7, 3), (8, 4), (10, 4), (255, 8)])
def test_bits_of_the_matched_network(steps: int, bits: int) -> None:
    assert matched_bits(steps) == bits


def test_a_quantised_value_moves_once_with_all_its_bits() -> None:
    synapses = [node for node in small().nodes if node.weights]
    options = find_model("movement").chosen({})
    assert movement_of_quantised(CMOS, synapses, 4, options).mid == 12 * 4 * 0.25


def test_a_product_takes_one_to_all_bits_accumulates_or_is_not_priced() -> None:
    options = find_model("movement").chosen({})
    assert product_range(CMOS, 4, options) == pytest.approx((0.05448, 2.5 * 0.05448, 4 * 0.05448))
    assert product_range(CMOS, 4, {**options, "mac": "none"}) is None


def test_arithmetic_prices_alone_are_not_enough() -> None:
    with pytest.raises(ProfileError, match=r"movement\.sparse"):
        find_model("movement").apply(small(), load_profile("cmos45"))
