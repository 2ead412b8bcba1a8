"""`neurodeploy conformance` on targets of another package: the right one passes, and every fault is told by its name."""

import json
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
from fakes import WRONG_RULES, Fake

from neurodeploy.cli.app import app
from neurodeploy.conformance import CASES, Answer, Feature, network, run_suite
from neurodeploy.errors import ConfigError
from neurodeploy.targets import Exporter


class Entry:
    """An entry point of an installed package."""

    name = "fake"

    def __init__(self, exporter: Exporter) -> None:
        self.exporter = exporter

    def load(self) -> Exporter:
        return self.exporter


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch):
    def put(fault: str = "") -> Fake:
        exporter = Fake(fault)
        monkeypatch.setattr("neurodeploy.targets.entry_points", lambda group: [Entry(exporter)])
        return exporter

    return put


def command(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["conformance", "--target", "fake", *words])
    return done.exit_code, done.stdout


def test_a_right_target_of_another_package_conforms(install) -> None:
    install()
    code, text = command("--random", "20", "--seed", "3")
    assert code == 0
    assert "fake: CONFORMS (0 cases refused)" in text
    assert f"fake-run  cases            {len(CASES)} " in text
    assert "random networks of seed 3: 20 of 20 checked, 0 refused" in text


def test_json_is_one_object_with_every_row(install) -> None:
    install("hides states")
    code, text = command("--random", "5", "--json")
    found = json.loads(text.splitlines()[-1])
    assert (code, found["verdict"], found["networks"]["checked"]) == (0, "CONFORMS", 5)
    assert [(row["what"], row["exact"], row["states"]) for row in found["rows"]] == [
        ("cases", len(CASES), 0),
        ("random networks", 5, 0),
    ]


@pytest.mark.parametrize("rule", WRONG_RULES)
def test_one_wrong_rule_is_a_mismatch_in_a_case(rule: str, install) -> None:
    exporter = install(rule)
    report = run_suite(exporter)
    assert report.verdict == "MISMATCH"
    wrong = [check for check in report.cases if check.answer.is_wrong]
    assert 0 < len(wrong) < len(CASES)
    assert {check.answer for check in wrong} == {Answer.MISMATCH}


def test_at_least_for_greater_is_found_by_the_case_of_that_name(install) -> None:
    wrong = {check.subject for check in run_suite(install("at least")).cases if check.answer.is_wrong}
    assert "a voltage exactly at threshold stays silent" in wrong
    assert "one step above threshold fires" not in wrong


@pytest.mark.parametrize("rule", WRONG_RULES)
def test_one_wrong_rule_is_found_by_random_networks_too(rule: str, install) -> None:
    report = run_suite(install(rule), cases=CASES[:1], networks=200)
    assert any(check.answer is Answer.MISMATCH for check in report.networks)
    assert report.checked < 200


def test_a_target_that_refuses_everything_proves_nothing(install) -> None:
    install("refuses")
    code, text = command("--random", "10")
    assert code == 3
    assert f"fake: NOT_RUN ({len(CASES)} cases refused)" in text
    assert "refused: no input, no spikes: target 'fake', node 'any' (Node): fake has no Node" in text


def test_what_a_target_refuses_is_not_drawn_again_and_again(install) -> None:
    exporter = install("refuses maps")
    report = run_suite(exporter, cases=CASES[:1], networks=30)
    assert not report.features & {Feature.MAPS, Feature.POOLING}
    assert Feature.RECURRENCE in report.features
    assert report.checked == 30
    assert len(report.networks) == 30


TWO_LAYERS = [case for case in CASES if "cuba2" in {node.name for node in case.graph.nodes}][:3]


@pytest.mark.parametrize(
    ("fault", "runtime", "reason"),
    [
        ("crashes", "fake-run", "ZeroDivisionError: division by zero"),
        ("crashes on export", "", "KeyError: 'weight'"),
        ("dates", "", "two exports of one network differ in date.txt"),
        ("hides neurons", "fake-run", "its trace lacks cuba2"),
        ("hides everything", "fake-run", "its trace lacks cuba1, cuba2"),
    ],
)
def test_a_broken_target_is_a_failure_with_its_reason(fault: str, runtime: str, reason: str, install) -> None:
    report = run_suite(install(fault), cases=TWO_LAYERS, networks=8)
    assert report.verdict == "MISMATCH"
    told = {(check.answer, check.runtime, check.reason) for check in report.cases}
    assert told == {(Answer.FAILED, runtime, reason)}


def test_a_crash_is_printed_without_a_traceback(install) -> None:
    install("crashes")
    code, text = command("--random", "0")
    assert code == 5
    assert "FAILED: no input, no spikes: fake-run: ZeroDivisionError: division by zero" in text
    assert f"and {len(CASES) - 20} more" in text


def test_a_missing_runtime_is_not_run_and_said_once(install) -> None:
    install("missing")
    code, text = command("--random", "8")
    assert code == 3
    assert text.count("not run: fake-run: fake is not available. Install it with: pip install fake") == 1


def test_the_files_of_what_went_wrong_are_kept(install, tmp_path: Path) -> None:
    install("at least")
    command("--random", "0", "--keep", str(tmp_path / "kept"))
    assert (tmp_path / "kept" / "a-voltage-exactly-at-threshold-stays-silent" / "net.json").is_file()
    assert not (tmp_path / "kept" / "one-step-above-threshold-fires").exists()


def test_a_random_network_is_known_by_seed_and_number(install) -> None:
    exporter = install("floor")
    report = run_suite(exporter, cases=CASES[:1], networks=100, seed=7)
    wrong = next(check for check in report.networks if check.answer.is_wrong)
    _, trial = network(7, int(wrong.subject.split()[1]), report.features)
    again = run_suite(exporter, cases=CASES[:1], networks=100, seed=7, jobs=3)
    assert trial.subject == wrong.subject
    assert [check.reason for check in again.networks] == [check.reason for check in report.networks]


def test_an_unknown_runtime_or_target_is_named(install) -> None:
    with pytest.raises(ConfigError, match="allowed: fake-run"):
        run_suite(install(), runtimes=["other"])
    done = CliRunner().invoke(app, ["conformance", "--target", "fakes"])
    assert isinstance(done.exception, ConfigError)
    assert "Did you mean 'fake'?" in str(done.exception)


def test_a_target_that_calls_itself_otherwise_is_refused(install, monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    monkeypatch.setattr(Fake, "target", "other")
    done = CliRunner().invoke(app, ["conformance", "--target", "fake"])
    assert isinstance(done.exception, ConfigError)
    assert "found 'other'" in str(done.exception)


def test_cases_are_chosen_by_a_part_of_their_name(install) -> None:
    install()
    code, text = command("--case", "wraps at 24 bits", "--case", "readout of one class", "--random", "0", "--json")
    assert (code, json.loads(text)["rows"][0]["exact"]) == (0, 3)
    done = CliRunner().invoke(app, ["conformance", "--target", "fake", "--case", "no such case"])
    assert isinstance(done.exception, ConfigError)
