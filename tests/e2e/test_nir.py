"""NIR from the command line: export, what differs from the integers, and the reset that is changed on demand."""

from collections.abc import Callable
from pathlib import Path


def test_an_export_is_checked_and_states_what_differs_from_the_integers(
    cli: Callable, run: Path, tmp_path: Path
) -> None:
    answer = cli("export", run, "--target", "nir", "--out", tmp_path / "nir", "--samples", 8, "--json")
    assert answer.code == 0, answer.err
    (verdict,) = answer.json["verdicts"]
    assert verdict["runtime"] == "nir-interpreter"
    assert verdict["status"] in ("EXACT", "WITHIN_TOLERANCE")
    drift = answer.json["measured"]["drift"]
    assert drift["samples"] == 8
    assert set(drift["layers"]) == {"cuba1", "cuba2", "cuba3"}


def test_reset_by_subtraction_is_refused_with_the_way_out(cli: Callable, spiking_run: Path, tmp_path: Path) -> None:
    answer = cli("export", spiking_run, "--target", "nir", "--out", tmp_path / "nir")
    assert answer.code == 4
    assert "--option reset=zero" in answer.err
    assert not (tmp_path / "nir").exists()


def test_a_changed_reset_is_told_and_measured(cli: Callable, spiking_run: Path, tmp_path: Path) -> None:
    words = ("export", spiking_run, "--target", "nir", "--out", tmp_path / "nir", "--option", "reset=zero", "--json")
    answer = cli(*words, "--samples", 8)
    assert answer.code == 0, answer.err
    change = answer.json["measured"]["change"]
    assert change["before"]["samples"] == change["after"]["samples"] == 8
    assert change["before"]["spikes"] != change["after"]["spikes"]
    again = cli("verify", tmp_path / "nir", "--run", spiking_run, "--samples", 4)
    assert again.code == 5
    assert "told to change" in " ".join(again.out.split())


def test_an_option_that_a_target_lacks_is_refused(cli: Callable, run: Path, tmp_path: Path) -> None:
    for target, word in (("loihi", "reset=zero"), ("nir", "reset"), ("nir", "reset=none")):
        answer = cli("export", run, "--target", target, "--out", tmp_path / "out", "--option", word)
        assert answer.code == 2
        assert "--option" in answer.err
    assert not (tmp_path / "out").exists()
