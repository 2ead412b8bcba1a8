"""What a profile holds, and what a report could not cover with it."""

from pathlib import Path

from unit.profile.rules import checked, number

from neurodeploy.profile import gaps, holdings, load_profile
from neurodeploy.profile.quantity import WORK


def test_every_table_is_held_by_name() -> None:
    held = holdings(load_profile("cmos45"))
    assert held["prices"][:2] == ["accumulate", "multiply_accumulate"]
    assert held["memory"] == ["sram_8kb", "sram_32kb", "sram_1mb", "dram"]
    assert held["ann"] == ["int8", "fp16", "fp32"]
    assert (held["powers"], held["timings"], held["movement"], held["limits"]) == ([], [], [], [])


def test_limits_of_each_core_are_named_once() -> None:
    assert holdings(load_profile("speck"))["limits"].count("neuron_entries") == 1


def test_work_is_a_gap_unless_it_is_priced_or_inside_a_number() -> None:
    chip = load_profile("odin")
    inside = set(chip.prices["accumulate"].includes)
    assert set(gaps(chip)) & set(WORK) == set(WORK) - {"cycle", "accumulate"} - inside
    assert gaps(chip)["multiply_accumulate"] == "spikes of this chip are binary"
    assert gaps(chip)["pool_scale"] == "no price"


def test_work_inside_static_power_is_no_gap() -> None:
    assert "neuron_update" not in gaps(load_profile("truenorth"))


def test_work_inside_cycles_needs_their_number() -> None:
    assert gaps(load_profile("cortex_m4"))["accumulate"] == "only within cycles, whose number must be given"


def test_missing_powers_times_and_what_the_profile_leaves_out_are_gaps(tmp_path: Path) -> None:
    found = gaps(checked(tmp_path, 'omits = ["the host"]\n', number("price.accumulate", "pJ", "marginal")))
    assert {"static", "overhead", "time per step", "ann", "placement"} <= set(found)
    assert found["other (1)"] == "the host"
    parts = [number("price.accumulate", "pJ", "marginal"), number("power.static", "mW", "chip")]
    parts += [number("timing.step", "ms", "chip"), number("ann.int8", "pJ", "peak")]
    assert {"static", "time per step", "ann"} & set(gaps(checked(tmp_path, *parts))) == set()


def test_static_power_is_no_gap_of_an_all_in_price(tmp_path: Path) -> None:
    at = "at = {rate = 1e9, tolerance = 0.1}"
    assert "static" not in gaps(checked(tmp_path, number("price.accumulate", "pJ", "all_in", at)))
