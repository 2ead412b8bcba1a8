"""`neurodeploy fit`: answers, exit codes and bad input, on a trained run and its exports."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

CHIPS = [
    "akd1000",
    "akd1500",
    "cortex_m",
    "cortex_m33",
    "cortex_m4",
    "loihi1",
    "loihi2",
    "speck",
    "xylo_audio2",
    "xylo_audio3",
    "xylo_imu",
]
NOT_PLACED = [
    *("cmos22", "cmos45", "cmos7", "coral", "jetson_nano", "jetson_orin_nano"),
    *("odin", "reckon", "spinnaker1", "spinnaker2", "truenorth"),
]


def one_message(answer: object, code: int, *parts: str) -> None:
    assert answer.code == code, answer.out + answer.err
    assert "Traceback" not in answer.err
    assert all(part in answer.err for part in parts), answer.err


def test_a_run_that_fits_ends_with_zero_and_shows_its_cores(cli: Callable, run: Path) -> None:
    answer = cli("fit", run, "--profile", "loihi1")
    assert answer.code == 0, answer.err
    assert "loihi1: fits" in answer.out
    for part in ("of 128", "neurons", "synapse bytes", "input axons", "unknown number:", "Capacity alone"):
        assert part in answer.out, part


def test_json_has_every_layer_every_core_and_what_is_unknown(cli: Callable, run: Path) -> None:
    found = cli("fit", run, "--profile", "loihi1", "--profile", "loihi2", "--json").json
    assert found["schema_version"] == 1
    assert [each["profile"] for each in found["fits"]] == ["loihi1", "loihi2"]
    for each in found["fits"]:
        assert sum(core["uses"]["neurons"]["amount"] for core in each["cores"]) == sum(
            layer["neurons"] for layer in each["layers"]
        )
        assert each["cores_used"] == len(each["cores"]) <= each["cores_available"] == 128
    assert found["fits"][1]["unknown"]["input_axons_per_core"]


def test_an_artefact_is_placed_like_its_run(cli: Callable, run: Path, artefacts: dict[str, Path]) -> None:
    of_run, of_files = (cli("fit", place, "--profile", "loihi2", "--json").json for place in (run, artefacts["loihi"]))
    assert of_run["fits"] == of_files["fits"]


def test_a_network_that_does_not_fit_ends_with_four_and_the_layer_limit_and_value(cli: Callable, run: Path) -> None:
    answer = cli("fit", run, "--profile", "xylo_audio2", "--json")
    assert answer.code == 4
    (found,) = answer.json["fits"]
    channels = next(each for each in found["violations"] if each["limit"] == "input_channels")
    assert (channels["layer"], channels["value"], channels["allowed"]) == ("input", 2 * 34 * 34, 16)
    text = cli("fit", run, "--profile", "xylo_audio2")
    assert text.code == 4
    assert "too much: input: input_channels is 2,312, allowed 16" in text.out


def test_the_worst_of_several_profiles_decides(cli: Callable, run: Path) -> None:
    assert cli("fit", run, "--profile", "loihi1", "--profile", "xylo_imu").code == 4
    assert cli("fit", run, "--profile", "loihi1", "--profile", "cortex_m").code == 5


def test_all_is_a_survey_that_ends_with_zero_when_one_fits(cli: Callable, run: Path) -> None:
    answer = cli("fit", run, "--all", "--json")
    assert answer.code == 0
    assert [each["profile"] for each in answer.json["fits"]] == CHIPS
    assert answer.json["not_placed"] == NOT_PLACED
    answers = {each["profile"]: each["answer"] for each in answer.json["fits"]}
    assert (answers["loihi1"], answers["xylo_audio2"], answers["cortex_m"]) == ("fits", "does not fit", "unknown")


def test_a_suggested_change_is_said_in_words(cli: Callable, run: Path, tmp_path: Path) -> None:
    shipped = (Path(__file__).parents[2] / "hw_profiles" / "loihi1.toml").read_text()
    small = shipped.replace("[limits.weight_bits]\nvalue = 9", "[limits.weight_bits]\nvalue = 3")
    assert small != shipped
    (tmp_path / "small.toml").write_text(small)
    answer = cli("fit", run, "--profile", tmp_path / "small.toml")
    assert answer.code == 4
    assert "would fit with: all layers: weights of 3 instead of" in answer.out


@pytest.mark.parametrize(
    ("words", "code", "parts"),
    [
        (("--profile", "loihi9"), 2, ("loihi9", "loihi2")),
        (("--profile", "cmos45"), 2, ("cmos45", "placement")),
        (("--profile", "absent.toml"), 2, ("absent.toml",)),
        ((), 2, ("--profile", "--all")),
        (("--all", "--profile", "loihi1"), 2, ("--profile", "--all")),
        (("--profile", "loihi1", "--flash", "1000"), 2, ("--flash", "microcontroller")),
        (("--profile", "cortex_m", "--flash", "-5"), 2, ("--flash",)),
        (("--profile", "cortex_m", "--ram", "0"), 2, ("--ram",)),
        (("--profile", "cortex_m", "--ram", "much"), 2, ("--ram",)),
    ],
)
def test_bad_words_are_refused_by_name(
    cli: Callable, run: Path, words: tuple[str, ...], code: int, parts: tuple[str, ...]
) -> None:
    one_message(cli("fit", run, *words), code, *parts)


def test_a_folder_that_is_no_run_is_refused(cli: Callable, tmp_path: Path) -> None:
    one_message(cli("fit", tmp_path, "--all"), 6, str(tmp_path))
    one_message(cli("fit", tmp_path / "absent", "--profile", "loihi1"), 6, "absent")


def test_errors_are_json_too(cli: Callable, run: Path) -> None:
    answer = cli("fit", run, "--profile", "loihi9", "--json")
    assert answer.code == 2
    assert answer.json["error"]["type"] == "ProfileError"


def test_energy_does_not_ignore_a_profile_beside_all(cli: Callable, run: Path) -> None:
    one_message(cli("energy", run, "--all", "--profile", "odin", "--samples", 2), 2, "--profile", "odin", "--all")


def test_energy_of_profiles_without_prices_is_not_covered(cli: Callable, run: Path) -> None:
    found = cli("energy", run, "--all", "--samples", 2, "--json").json
    answers = {each["profile"]: each for each in found["estimates"]}
    assert set(CHIPS) <= set(answers)
    for name in ("akd1000", "speck", "xylo_imu", "cortex_m"):
        assert answers[name]["dynamic"] is None
        assert "accumulate" in {item["term"] for item in answers[name]["not_covered"]}


def test_the_report_shows_the_cores(cli: Callable, run: Path, tmp_path: Path) -> None:
    answer = cli("report", run, "--out", tmp_path / "report.html", "--samples", 2)
    assert answer.code == 0, answer.err
    page = (tmp_path / "report.html").read_text()
    assert "cores of loihi1: " in page
    assert "Does it fit a chip?" in page


def test_help_says_what_the_exit_codes_mean(cli: Callable) -> None:
    answer = cli("fit", "--help")
    assert answer.code == 0
    words = " ".join(answer.out.split())
    assert "Exit code 0: it fits every profile given" in words
    assert "4: it does not fit" in words


def test_the_list_of_profiles_says_what_each_is_good_for(cli: Callable) -> None:
    rows = {
        row["name"]: (row["prices"], row["placement"]) for row in cli("profiles", "list", "--json").json["profiles"]
    }
    assert (rows["odin"], rows["loihi1"], rows["speck"]) == ((True, False), (True, True), (False, True))


def test_profiles_show_what_is_unknown(cli: Callable) -> None:
    answer = cli("profiles", "show", "loihi2")
    assert "unknown: input_axons_per_core" in answer.out
    assert "placement: cores" in answer.out
    plain = json.loads(cli("profiles", "show", "speck", "--json").out)
    assert {"per_core.kernel_entries[0]", "per_core.kernel_entries[8]"} <= {row["key"] for row in plain["quantities"]}
