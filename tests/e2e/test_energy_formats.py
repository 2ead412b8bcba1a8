"""`energy --format neurobench` on a trained run."""

from collections.abc import Callable
from pathlib import Path

import pytest


def test_neurobench_format_is_one_json_object_with_its_field_names(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--format", "neurobench", "--samples", 10)
    assert found.code == 0
    assert found.json["schema_version"] == 1
    assert found.json["samples"] == 10
    assert set(found.json["results"]["SynapticOperations"]) == {"Effective_MACs", "Effective_ACs", "Dense"}
    assert found.out == cli("energy", run, "--format", "neurobench", "--samples", 10, "--json").out


def test_its_figures_are_those_of_the_energy_report(cli: Callable, run: Path) -> None:
    fields = cli("energy", run, "--format", "neurobench", "--samples", 10).json["results"]
    nodes = cli("energy", run, "--samples", 10, "--json").json["counts"]["nodes"]
    useful = sum(node["work"].get("accumulate", {"nonzero": 0})["nonzero"] for node in nodes)
    assert fields["SynapticOperations"]["Effective_ACs"] == pytest.approx(useful)
    assert 0 < useful < fields["SynapticOperations"]["Dense"]


@pytest.mark.parametrize("option", [["--all"], ["--profile", "loihi1"], ["--csv", "e.csv"]], ids=lambda words: words[0])
def test_options_of_energy_have_no_meaning_there(cli: Callable, run: Path, option: list[str]) -> None:
    found = cli("energy", run, "--format", "neurobench", *option)
    assert found.code == 2
    assert "NeuroBench counts and has no energies" in found.err
    assert not Path("e.csv").exists()


def test_an_unknown_format_is_refused_with_those_there_are(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--format", "neurobnch")
    assert found.code == 2
    assert "estimates, neurobench" in found.err
