"""`energy --validate`, `measure` and `eval --measure`: exit codes, JSON and bad input, as a user calls them."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from neurodeploy.measure import Gauge, NotRun, rapl

CASE = """
title = "t"
kind = "band"
band = [0.75, 1.25]
quantity = "dynamic"
unit = "pJ"
boundary = "core"
source = "s"
tag = "S"
workload_source = "w"
workload_tag = "R"
caveats = ["one"]
point = [{ name = "p", profile = "loihi1", measured = MEASURED, steps = 1, node = [{ name = "n", neurons = 1, accumulate = 10 }] }]
"""


@pytest.fixture
def case(tmp_path: Path) -> Callable[[str], Path]:
    def write(measured: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(CASE.replace("MEASURED", measured))
        return path

    return write


@pytest.fixture
def powercap(tmp_path: Path) -> Path:
    """A processor's counter for the machine that runs the tests."""
    zone = tmp_path / "powercap" / "intel-rapl:0"
    zone.mkdir(parents=True)
    for name, text in (("name", "package-0"), ("energy_uj", "0"), ("max_energy_range_uj", "1000000000")):
        (zone / name).write_text(text)
    return zone


def test_validation_needs_no_run_and_ends_with_zero(cli: Callable) -> None:
    answer = cli("energy", "--validate")
    assert answer.code == 0, answer.err
    for text in ("A1", "RECORDED", "A4", "PASS", "caveat:", "for comparison only", "none failed"):
        assert text in answer.out


def test_validation_as_json_has_every_case_with_numbers_and_sources(cli: Callable) -> None:
    found = cli("energy", "--validate", "--json").json
    assert found["schema_version"] == 1
    assert [case["name"] for case in found["cases"]] == ["A1", "A2", "A3", "A4", "A5", "B1"]
    for case in found["cases"]:
        assert {"verdict", "statement", "source", "tag", "boundary", "caveats"} <= set(case)
        for point in case["points"]:
            assert {"predicted", "measured", "ratio", "naive", "naive_ratio"} <= set(point)


def test_a_case_that_fails_ends_with_five(cli: Callable, case: Callable[[str], Path]) -> None:
    answer = cli("energy", "--validate", case("100"))
    assert answer.code == 5
    assert "FAIL" in answer.out
    assert "failed: MINE" in answer.out


def test_a_users_own_case_that_passes_ends_with_zero(cli: Callable, case: Callable[[str], Path]) -> None:
    assert cli("energy", "--validate", case("236")).code == 0


def test_a_bad_case_is_refused_by_file_and_key(cli: Callable, case: Callable[[str], Path]) -> None:
    answer = cli("energy", "--validate", case("-1"))
    assert answer.code == 6
    assert "mine.toml: key 'point 1.measured': found -1" in answer.err


@pytest.mark.parametrize("option", [("--all",), ("--samples", 3), ("--profile", "odin"), ("--format", "neurobench")])
def test_validation_takes_no_options_of_a_network(cli: Callable, option: tuple[object, ...]) -> None:
    answer = cli("energy", "--validate", *option)
    assert answer.code == 2
    assert "--validate" in answer.err


def test_energy_without_a_run_says_what_it_wants(cli: Callable) -> None:
    answer = cli("energy")
    assert answer.code == 2
    assert "a run, an import or an artefact" in answer.err


def test_a_machine_without_meters_ends_with_three_and_says_why(cli: Callable, tmp_path: Path) -> None:
    with machine_with([], [_missing()]):
        answer = cli("measure", "--idle", 0, "--", sys.executable, "-c", "pass")
    assert answer.code == 3
    assert "NOT_RUN: RAPL: no meter here" in answer.out


def test_the_code_of_a_command_that_fails_wins(cli: Callable) -> None:
    with machine_with([], [_missing()]):
        assert cli("measure", "--", sys.executable, "-c", "raise SystemExit(7)").code == 7


def test_a_measured_command_ends_with_its_own_code_and_json_is_one_object(cli: Callable, powercap: Path) -> None:
    gauges, _ = rapl.find_zones(powercap.parent)
    text = f"print('words'); {uses(powercap)}"
    with machine_with(gauges, []):
        answer = cli("measure", "--idle", 0, "--json", "--", sys.executable, "-c", text)
    assert answer.code == 0, answer.err
    assert answer.json["status"] == "MEASURED"
    assert answer.json["total"]["energy_j"]["mean"] == pytest.approx(2.5)
    assert answer.json["command"][0] == sys.executable


def test_a_measured_command_is_shown_as_a_table(cli: Callable, powercap: Path) -> None:
    gauges, _ = rapl.find_zones(powercap.parent)
    text = uses(powercap)
    with machine_with(gauges, []):
        answer = cli("measure", "--idle", 0, "--", sys.executable, "-c", text)
    for part in ("measured: MEASURED, 1 run", "RAPL package-0", "2.5 J", "all meters", "knows no processes"):
        assert part in answer.out


def test_a_command_that_does_not_exist_is_refused(cli: Callable) -> None:
    answer = cli("measure", "--", "no-such-program")
    assert answer.code == 2
    assert "no-such-program" in answer.err


def test_eval_can_be_measured_and_keeps_its_result(cli: Callable, run: Path) -> None:
    with machine_with([], [_missing()]):
        answer = cli("eval", run, "--samples", 10, "--measure", "--json")
    assert answer.code == 3
    assert "accuracy_integer" in answer.json
    assert answer.json["measured"]["status"] == "NOT_RUN"
    assert answer.json["measured"]["wall_s"]["mean"] > 0


def uses(zone: Path) -> str:
    """A program that uses 2.5 J; the counter's file is never half written, as a thread reads it."""
    new, counter = str(zone / "new"), str(zone / "energy_uj")
    return f"import os; f = open({new!r}, 'w'); f.write('2500000'); f.close(); os.replace({new!r}, {counter!r})"


def machine_with(gauges: list[Gauge], not_run: list[NotRun]) -> mock._patch:
    return mock.patch("neurodeploy.measure.meter.find_gauges", return_value=(gauges, not_run))


def _missing() -> NotRun:
    return NotRun("RAPL", "no meter here")
