"""Prices that contain everything: they stand alone, and say where they hold."""

from pathlib import Path

import pytest
from unit.profile.rules import checked, number, refusal

AT = "at = {rate = 1e9, tolerance = 0.1}"
ALL_IN = number("price.accumulate", "pJ", "all_in", AT)
OTHERS = {
    "power.static": number("power.static", "mW", "chip"),
    "power.clock": number("power.clock", "uW/MHz", "chip") + number("timing.clock", "MHz", "chip"),
    "price.spike": number("price.spike", "pJ", "marginal"),
    "price.multiply_accumulate": number("price.multiply_accumulate", "pJ", "marginal"),
    "price.weight_bit_read": number("price.weight_bit_read", "pJ", "marginal"),
    "memory.sram": number("memory.sram", "pJ", "marginal", "access_bits = 64\ncapacity_bytes = 8192"),
    "movement.dram": number("movement.dram", "pJ", "marginal"),
}


def test_an_all_in_price_keeps_its_operating_point(tmp_path: Path) -> None:
    at = checked(tmp_path, ALL_IN).prices["accumulate"].at
    assert at is not None
    assert (at.rate, at.tolerance) == (1e9, 0.1)


@pytest.mark.parametrize("other", OTHERS)
def test_nothing_can_be_added_to_an_all_in_price(tmp_path: Path, other: str) -> None:
    error = refusal(tmp_path, ALL_IN, OTHERS[other])
    assert error.key == "price.accumulate.scope"
    assert error.reason == f"an all-in constant already contains '{other}'; the two cannot be added"
    assert error.hint == "Give a marginal price, or remove the other term."


@pytest.mark.parametrize("other", OTHERS)
def test_nothing_can_be_added_to_a_price_whose_scope_nobody_states(tmp_path: Path, other: str) -> None:
    error = refusal(tmp_path, number("price.accumulate", "pJ", "unstated"), OTHERS[other])
    assert error.key == "price.accumulate.scope"
    assert f"may already contain '{other}'" in error.reason


def test_two_all_in_prices_are_two_totals(tmp_path: Path) -> None:
    error = refusal(tmp_path, ALL_IN, number("price.multiply_accumulate", "pJ", "all_in", AT))
    assert "already contains 'price.multiply_accumulate'" in error.reason


def test_limits_times_and_the_board_may_stand_beside_an_all_in_price(tmp_path: Path) -> None:
    beside = [number("limits.weight_bits", "bit", "core"), number("timing.step", "ms", "chip")]
    beside += [number("power.overhead", "W", "board"), number("ann.int8", "pJ", "peak")]
    assert checked(tmp_path, ALL_IN, *beside).overhead is not None


def test_an_all_in_price_without_an_operating_point_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, number("price.accumulate", "pJ", "all_in"))
    assert (error.key, error.reason.startswith("missing")) == ("price.accumulate.at", True)
    assert "at = {rate" in error.hint


def test_the_energy_of_a_cycle_needs_no_operating_point(tmp_path: Path) -> None:
    assert checked(tmp_path, number("price.cycle", "pJ", "all_in")).prices["cycle"].at is None


def test_a_fact_may_be_all_in_without_an_operating_point(tmp_path: Path) -> None:
    assert checked(tmp_path, number("facts.event", "pJ", "all_in")).facts["event"].at is None


@pytest.mark.parametrize("scope", ["marginal", "arith", "peak", "unstated"])
def test_only_an_all_in_number_has_an_operating_point(tmp_path: Path, scope: str) -> None:
    error = refusal(tmp_path, number("price.accumulate", "pJ", scope, AT))
    assert (error.key, scope in error.reason) == ("price.accumulate.at", True)


@pytest.mark.parametrize(
    ("at", "key", "reason"),
    [
        ("{tolerance = 0.1}", "rate", "missing"),
        ("{rate = 1e9}", "tolerance", "missing"),
        ("{rate = 0, tolerance = 0.1}", "rate", "found 0, wanted units of work per second, > 0"),
        ("{rate = -1, tolerance = 0.1}", "rate", "found -1"),
        ("{rate = inf, tolerance = 0.1}", "rate", "found inf"),
        ('{rate = "fast", tolerance = 0.1}', "rate", "found 'fast'"),
        ("{rate = 1e9, tolerance = 1.5}", "tolerance", "found 1.5, wanted a share from 0 to 1"),
        ("{rate = 1e9, tolerance = nan}", "tolerance", "found nan"),
        ("{rate = 1e9, tolerance = 0.1, volts = 1}", "volts", "unknown key"),
    ],
)
def test_a_broken_operating_point_is_named(tmp_path: Path, at: str, key: str, reason: str) -> None:
    error = refusal(tmp_path, number("price.accumulate", "pJ", "all_in", f"at = {at}"))
    assert error.key == f"price.accumulate.at.{key}"
    assert error.reason.startswith(reason)


def test_an_operating_point_that_is_no_table_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, number("price.accumulate", "pJ", "all_in", "at = 20"))
    assert (error.key, error.reason) == ("price.accumulate.at", "found 20, wanted a table")
