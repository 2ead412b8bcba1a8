"""`energy --model`, `--ann` and `--latency` on a trained run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from neurodeploy.profile import profile_names

TEN = ("--samples", 10)


def test_models_stand_side_by_side_with_their_names(cli: Callable, run: Path) -> None:
    names = ["affine", "arithmetic", "memory", "bit-budget", "step", "naive"]
    words = [word for name in names for word in ("--model", name)]
    found = cli("energy", run, "--profile", "cmos45", *words, *TEN, "--json").json
    assert [estimate["model"] for estimate in found["estimates"]] == names
    assert set(found["models"]) == set(names)


def test_a_reader_sees_the_formula_and_what_is_left_out(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--profile", "cmos45", "--model", "memory", "--option", "sram=linear", *TEN)
    assert found.code == 0
    assert "cmos45 (model memory)" in found.out
    assert "left out: pools and joins" in found.out
    assert "sram linear" in found.out


def test_the_exact_memory_accesses_are_the_weight_uses_that_were_counted(cli: Callable, run: Path) -> None:
    options = ("--option", "accesses=exact", "--option", "operations=exact")
    found = cli("energy", run, "--profile", "cmos45", "--model", "memory", *options, *TEN, "--json").json
    reads = sum(line["amount"] for line in found["estimates"][0]["lines"] if line["term"] == "weight_read")
    uses = [node["work"] for node in found["counts"]["nodes"]]
    assert reads == pytest.approx(sum(w.get("accumulate", {"stored": 0})["stored"] for w in uses))


def test_a_bit_budget_prints_no_joules(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--model", "bit-budget", *TEN)
    assert found.code == 0
    assert "bit operations" in found.out
    assert not any(unit in found.out for unit in (" pJ", " nJ", " µJ", " mJ"))


def test_json_holds_the_ordinary_network_and_time_without_being_asked(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--profile", "loihi1", "--profile", "cmos45", *TEN, "--json").json
    assert [(each["profile"], each["precision"]) for each in found["ann"]] == [
        ("loihi1", "matched"),
        ("loihi1", "int8"),
        ("cmos45", "matched"),
        ("cmos45", "int8"),
    ]
    assert [each["profile"] for each in found["latency"]] == ["loihi1", "cmos45"]
    assert found["latency"][0]["cores"] >= 1


def test_tables_hold_them_only_where_asked(cli: Callable, run: Path) -> None:
    plain = cli("energy", run, "--profile", "cmos45", *TEN).out
    asked = cli("energy", run, "--profile", "cmos45", "--ann", "--latency", *TEN).out
    assert "ordinary network" not in plain
    assert "Time of one inference" not in plain
    assert "ordinary network" in asked
    assert "Time of one inference" in asked


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--model", "lemaire"], "arithmetic, memory"),
        (["--model", "memory", "--option", "sram=cubic"], "steps, linear, qualia"),
        (["--model", "memory", "--option", "hops=2"], "options of the chosen models"),
        (["--model", "memory", "--option", "sram"], "key=value"),
        (["--model", "memory", "--profile", "loihi1"], "no levels of memory"),
        (["--model", "cycles", "--profile", "cortex_m4"], "option instructions"),
        (["--model", "cycles", "--profile", "xylo_imu"], "Xylo has nothing like Conv2d"),
    ],
)
def test_what_cannot_be_is_refused_by_name(cli: Callable, run: Path, words: list[str], named: str) -> None:
    found = cli("energy", run, *words, *TEN)
    assert found.code in (2, 6)
    assert named in found.err
    assert "Traceback" not in found.err


@pytest.mark.parametrize("option", [["--model", "naive"], ["--option", "a=b"], ["--ann"], ["--latency"]])
def test_they_have_no_meaning_for_other_formats(cli: Callable, run: Path, option: list[str]) -> None:
    assert cli("energy", run, "--format", "neurobench", *option).code == 2
    assert cli("energy", "--validate", *option).code == 2


def test_all_profiles_are_named_but_only_those_with_a_price_are_rows(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--all", *TEN)
    assert found.code == 0
    table, _, rest = found.out.partition("no price for any of this work: ")
    assert "akd1000" in rest
    assert "akd1000" not in table
    assert "truenorth" in table
    result = cli("energy", run, "--all", *TEN, "--json").json
    assert "akd1000" in result["silent"]
    assert len(result["estimates"]) == len(profile_names())


def test_one_profile_without_a_price_is_a_row_that_says_so(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--profile", "akd1000", *TEN)
    assert "not covered" in found.out
    assert "no price for any" not in found.out


def test_a_comparison_of_arithmetic_alone_says_so(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--profile", "cmos45", "--profile", "loihi1", "--ann", *TEN)
    assert "cmos45: accesses to memory have no price here, so arithmetic alone is compared" in found.out
    assert "loihi1: accesses to memory" not in found.out
