"""Memory levels, times, energies of ordinary networks and of moving bits: what is read, and what is refused."""

from pathlib import Path

import pytest
from unit.profile.rules import checked, number, refusal

from neurodeploy.profile import MemoryLevel

SRAM = "access_bits = 64\ncapacity_bytes = 8192"


def test_a_memory_level_has_an_energy_per_bit(tmp_path: Path) -> None:
    text = number("memory.sram_8kb", "nJ", "marginal", SRAM + "\ninterval = [1.0, 4.0]")
    level = checked(tmp_path, text).memory["sram_8kb"]
    assert (level.access_bits, level.capacity_bytes) == (64, 8192)
    assert level.per_bit == (1000 / 64, 2000 / 64, 4000 / 64)
    assert level.words == "64 bits an access, 8,192 bytes"


def test_memory_outside_the_chip_may_be_of_any_size(tmp_path: Path) -> None:
    level = checked(tmp_path, number("memory.dram_ddr", "pJ", "marginal", "access_bits = 64")).memory["dram_ddr"]
    assert isinstance(level, MemoryLevel)
    assert level.capacity_bytes is None
    assert level.words == "64 bits an access, any size"


def test_levels_stay_in_the_order_of_the_file(tmp_path: Path) -> None:
    levels = [number(f"memory.{name}", "pJ", "marginal", SRAM) for name in ("sram_big", "register", "sram", "flash")]
    assert list(checked(tmp_path, *levels).memory) == ["sram_big", "register", "sram", "flash"]


@pytest.mark.parametrize(
    ("extra", "key", "reason"),
    [
        ("capacity_bytes = 8192", "memory.sram.access_bits", "missing"),
        ("access_bits = 0\ncapacity_bytes = 8192", "memory.sram.access_bits", "found 0, wanted a whole number >= 1"),
        ("access_bits = -8\ncapacity_bytes = 8192", "memory.sram.access_bits", "found -8"),
        ("access_bits = 8.5\ncapacity_bytes = 8192", "memory.sram.access_bits", "found 8.5"),
        ("access_bits = nan\ncapacity_bytes = 8192", "memory.sram.access_bits", "found nan"),
        ("access_bits = true\ncapacity_bytes = 8192", "memory.sram.access_bits", "found True"),
        ("access_bits = 64", "memory.sram.capacity_bytes", "missing"),
        ("access_bits = 64\ncapacity_bytes = 0", "memory.sram.capacity_bytes", "found 0"),
        (SRAM + "\nbanks = 2", "memory.sram.banks", "unknown key"),
        (SRAM + "\nvalue_per_word = 2", "memory.sram.value_per_word", "unknown key"),
    ],
)
def test_a_memory_level_without_width_or_size_is_refused(tmp_path: Path, extra: str, key: str, reason: str) -> None:
    error = refusal(tmp_path, number("memory.sram", "pJ", "marginal", extra))
    assert error.key == key
    assert error.reason.startswith(reason)


@pytest.mark.parametrize(
    ("table", "unit", "scope", "extra", "key", "reason"),
    [
        ("memory.cache", "pJ", "marginal", SRAM, "memory.cache", "no such kind of memory; names are register or"),
        ("memory.sram", "pJ", "all_in", SRAM, "memory.sram.scope", "found 'all_in', allowed: marginal, arith, peak"),
        ("memory.sram", "ns", "marginal", SRAM, "memory.sram.unit", "found 'ns', allowed: fJ, pJ, nJ, uJ"),
        ("timing.accumulate", "ns", "chip", "", "timing.accumulate.scope", "found 'chip', allowed: core (one"),
        ("timing.neuron_update", "pJ", "core", "", "timing.neuron_update.unit", "found 'pJ', allowed: ns, us, ms, s"),
        ("timing.barier", "ns", "chip", "", "timing.barier", "unknown key"),
        ("timing.weight_bit_read", "ns", "core", "", "timing.weight_bit_read", "unknown key"),
        ("movement.optical", "pJ", "marginal", "", "movement.optical", "unknown key"),
        ("movement.sparse", "pJ", "chip", "", "movement.sparse.scope", "found 'chip', allowed: marginal, arith, peak"),
        ("ann.int4", "pJ", "arith", "", "ann.int4", "unknown key"),
        ("ann.int8", "W", "arith", "", "ann.int8.unit", "found 'W', allowed: fJ, pJ, nJ, uJ"),
        ("ann.int8", "pJ", "all_in", "", "ann.int8.at", "missing: an all-in constant holds at its operating point"),
        ("ann.int8", "pJ", "arith", "interval = [3.0, 1.0]", "ann.int8.interval", "[3.0, 1.0] does not contain"),
    ],
)
def test_a_broken_rule_is_named(
    tmp_path: Path, table: str, unit: str, scope: str, extra: str, key: str, reason: str
) -> None:
    error = refusal(tmp_path, number(table, unit, scope, extra))
    assert error.key == key
    assert error.reason.startswith(reason)


def test_a_misspelt_table_or_name_gets_a_suggestion(tmp_path: Path) -> None:
    assert "Did you mean 'barrier'?" in str(refusal(tmp_path, number("timing.barier", "ns", "chip")))
    assert "Did you mean 'movement'?" in str(refusal(tmp_path, number("movements.sparse", "pJ", "marginal")))


def test_times_besides_step_and_clock_stand_apart(tmp_path: Path) -> None:
    parts = [number("timing.step", "us", "chip"), number("timing.clock", "MHz", "chip")]
    parts += [number("timing.barrier", "ns", "chip", "interval = [1.0, 3.0]"), number("timing.spike", "ns", "core")]
    found = checked(tmp_path, *parts)
    assert list(found.times) == ["barrier", "spike"]
    assert found.times["barrier"].range == pytest.approx((1e-9, 2e-9, 3e-9))
    assert found.time_per_step is not None
    assert found.clock is not None


def test_every_number_is_listed_under_its_key(tmp_path: Path) -> None:
    parts = [number("memory.sram", "pJ", "marginal", SRAM), number("ann.bf16", "pJ", "peak")]
    parts += [number("movement.dense", "pJ", "marginal"), number("timing.accumulate", "ns", "core")]
    assert list(checked(tmp_path, *parts).quantities()) == [
        "timing.accumulate",
        "memory.sram",
        "movement.dense",
        "ann.bf16",
    ]
