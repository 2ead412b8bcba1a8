"""Reports from the command line: one run with all its files, and several side by side."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from unit.report.small_schema import problems

from neurodeploy.report.values import schema

ALL_IN = """
title = "a chip <script>"
process = "28 nm"
boundary = "chip"
stand_in = false

[unpriced]
neuron_update = "inside"

[price.accumulate]
value = 26
unit = "pJ"
scope = "all_in"
kind = "measured"
source = "a page of my own"
tag = "S"
includes = ["neuron_update", "spike"]
at = { rate = 1e15, tolerance = 0.1 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, run: Path) -> Path:
    """A run, the same again, one without a checkpoint, and a profile that holds nowhere near."""
    found = tmp_path_factory.mktemp("reports")
    for name in ("first", "second", "broken"):
        shutil.copytree(run, found / name)
        (found / name / "activity.npz").unlink(missing_ok=True)
    shutil.rmtree(found / "broken" / "checkpoints")
    (found / "mine.toml").write_text(ALL_IN)
    return found


@pytest.fixture(scope="module")
def compared(cli: Callable, folder: Path) -> dict[str, str]:
    """Name -> text of the files of a comparison; it comes before the report, so that activity is recorded."""
    out = folder / "compared"
    words = ["--out", out / "c.html", "--json-out", out / "c.json", "--csv", out / "c.csv", "--latex", out / "c.tex"]
    runs = [folder / name for name in ("first", "second", "broken")]
    words += ["--profile", "loihi1", "--profile", folder / "mine.toml"]
    answer = cli("compare", *runs, *words, "--samples", 6)
    assert answer.code == 0, answer.err
    return {path.name: path.read_text() for path in out.iterdir()} | {"stdout": answer.out}


@pytest.fixture(scope="module")
def reported(cli: Callable, folder: Path, compared: dict[str, str]) -> dict[str, str]:
    """Name -> text of the files of a report."""
    out = folder / "reported"
    words = ["--out", out / "r.html", "--json-out", out / "r.json", "--csv", out / "r.csv", "--latex", out / "r.tex"]
    words += ["--bibtex", out / "r.bib", "--profile", folder / "mine.toml", "--profile", "loihi1"]
    answer = cli("report", folder / "first", *words, "--samples", 6, "--json")
    assert answer.code == 0, answer.err
    assert set(answer.json) == {"schema_version", "report", "json", "csv", "latex", "bibtex"}
    return {path.name: path.read_text() for path in out.iterdir()}


def test_the_json_of_a_report_is_as_the_schema_says(reported: dict[str, str]) -> None:
    found = json.loads(reported["r.json"])
    assert problems(found, schema()) == []
    assert (found["run"], found["label"], found["kind"]) == ("first", "estimate", "report")
    assert found["counts"]["samples"] == 6


def test_a_profile_that_does_not_hold_here_is_a_row_that_says_why(reported: dict[str, str]) -> None:
    rows = json.loads(reported["r.json"])["refused"]
    (refused,) = (row for row in rows if (row["model"], row["profile"]) == ("affine", "mine"))
    assert "measured at 1e+15 per second" in refused["reason"]
    assert "refused: price.accumulate: this all-in number was measured at 1e+15" in reported["r.html"]
    assert "affine,mine,,,,,,,,,refused" in reported["r.csv"]
    assert r"mine & chip & refused" in reported["r.tex"]


def test_the_page_shows_ordinary_networks_times_models_and_the_runs_beside(reported: dict[str, str]) -> None:
    page = reported["r.html"]
    for text in (
        "Against an ordinary network",
        "Time and memory",
        "Other models",
        "For a paper",
        "second",
        "not shown",
    ):
        assert text in page, text
    runs = json.loads(reported["r.json"])["runs"]
    assert [row["run"] for row in runs] == ["first", "second"]


def test_a_text_of_a_users_profile_is_text(compared: dict[str, str]) -> None:
    assert "<script" not in compared["c.html"]
    assert "a chip &lt;script&gt;" in compared["c.html"]


def test_the_paragraph_is_in_page_and_latex_and_cites_what_is_in_the_bibtex(reported: dict[str, str]) -> None:
    assert "was estimated, not measured" in reported["r.html"]
    assert "was estimated, not measured" in reported["r.tex"]
    assert r"\cite{davies2018" in reported["r.tex"]
    assert "@article{davies2018," in reported["r.bib"]


def test_a_comparison_says_why_a_run_failed_and_shows_the_others(compared: dict[str, str]) -> None:
    found = json.loads(compared["c.json"])
    assert problems(found, schema()) == []
    assert [row["run"] for row in found["runs"]] == ["first", "second", "broken"]
    assert [bool(row["error"]) for row in found["runs"]] == [False, False, True]
    assert "there is no checkpoint" in found["runs"][2]["error"]
    assert "failed: broken" in compared["stdout"]
    assert "there is no checkpoint" in compared["c.html"]


def test_the_same_network_has_the_same_numbers_under_another_name(compared: dict[str, str]) -> None:
    first, second, _ = json.loads(compared["c.json"])["runs"]
    assert first | {"run": ""} == second | {"run": ""}
    assert first["profiles"][0]["dynamic"]["mid"] > 0
    assert first["accuracy"] is not None


def test_a_run_that_stops_early_is_a_point_of_its_own(cli: Callable, folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "second", tmp_path / "early")
    assert cli("early-exit", tmp_path / "early", "--max-loss", "0.1").code == 0
    words = ["--out", tmp_path / "c.html", "--json-out", tmp_path / "c.json", "--samples", 6]
    answer = cli("compare", folder / "first", tmp_path / "early", *words)
    assert answer.code == 0, answer.err
    runs = json.loads((tmp_path / "c.json").read_text())["runs"]
    assert [row["run"] for row in runs] == ["first", "early", "early, early exit"]
    assert runs[2]["work"]["steps"] <= runs[1]["work"]["steps"]
    assert [each["profile"] for each in runs[2]["profiles"]] == ["loihi1", "truenorth"]


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (("first",), 2, "two runs or more"),
        (("first", "first"), 2, "every run once"),
        (("first", "second", "--profile", "akd1000"), 2, "profiles that price work"),
        (("first", "second", "--profile", "nonsense"), 2, "no such profile"),
    ],
)
def test_a_comparison_of_nothing_is_refused_and_writes_nothing(
    cli: Callable, folder: Path, tmp_path: Path, words: tuple[str, ...], code: int, part: str
) -> None:
    runs = [folder / word if word in ("first", "second") else word for word in words]
    answer = cli("compare", *runs, "--out", tmp_path / "c.html")
    assert answer.code == code
    assert part in answer.err
    assert not (tmp_path / "c.html").exists()


def test_a_comparison_of_failed_runs_only_has_an_exit_code_of_its_own(
    cli: Callable, folder: Path, tmp_path: Path
) -> None:
    answer = cli("compare", folder / "broken", tmp_path / "absent", "--out", tmp_path / "c.html")
    assert answer.code == 6
    assert "it cannot be read" in (tmp_path / "c.html").read_text()


def test_an_unknown_profile_leaves_no_report(cli: Callable, folder: Path, tmp_path: Path) -> None:
    answer = cli("report", folder / "first", "--profile", "nonsense", "--out", tmp_path / "r.html")
    assert answer.code == 2
    assert "no such profile" in answer.err
    assert not (tmp_path / "r.html").exists()
