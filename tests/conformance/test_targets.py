"""Every case and many random networks on every runtime of every target, by the command that users have."""

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from groups import Group, groups

from neurodeploy.conformance import CASES, Case, named
from neurodeploy.graph import simulate
from neurodeploy.graph.nodes import INTEGER_KINDS
from neurodeploy.targets import Reference, find, names

REFUSALS = tomllib.loads((Path(__file__).parent / "refusals.toml").read_text())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_simulator_gives_what_was_worked_out_by_hand(case: Case) -> None:
    trace = simulate(case.integer, case.frames)
    for name, expected in case.expect.items():
        for sample in (0, 2):
            np.testing.assert_array_equal(trace[name][:, sample].reshape(len(expected), -1), expected)


def test_no_two_cases_have_one_name_and_every_kind_is_in_one() -> None:
    assert len({case.name for case in CASES}) == len(CASES)
    assert {type(node) for case in CASES for node in case.graph.nodes} == set(INTEGER_KINDS)


@pytest.fixture
def answer(group: Group, told: Callable[[Group], dict[str, Any]]) -> dict[str, Any]:
    """What the command says of the group; skips where its runtimes are not installed."""
    found = told(group)
    if found["verdict"] == "NOT_RUN":
        pytest.skip(found["not_run"][0]["reason"])
    return found


@pytest.mark.parametrize("group", groups())
def test_a_target_computes_every_case_or_refuses_it_by_name(group: Group, answer: dict[str, Any]) -> None:
    assert (answer["wrong"], answer["not_run"]) == ([], [])
    cases = {case.name for case in named(group.cases)}
    refused = {entry["subject"] for entry in answer["refused"]}
    assert refused == set(REFUSALS.get(group.target, {})) & cases
    rows = {row["runtime"]: row for row in answer["rows"] if row["what"] == "cases"}
    assert set(rows) == set(group.runtimes)
    for runtime in (r for r in find(group.target).runtimes if r.name in rows):
        row = rows[runtime.name]
        equal = row["exact"] if runtime.reference is Reference.INTEGER else row["within_tolerance"]
        assert equal == len(cases) - len(refused)
        assert row["states"] == equal or runtime.reference is not Reference.INTEGER


@pytest.mark.parametrize("group", groups())
def test_random_networks_are_equal_in_every_value(
    group: Group, answer: dict[str, Any], count: Callable[[str], None]
) -> None:
    assert answer["wrong"] == []
    assert answer["networks"]["checked"] == group.networks
    for row in answer["rows"]:
        if row["what"] == "random networks":
            assert row["exact"] + row["within_tolerance"] == group.networks
            count(f"{group.target}: {group.networks} random networks on {row['runtime']}: {row['values']} values equal")


@pytest.mark.parametrize("target", names())
def test_every_listed_refusal_is_a_case(target: str) -> None:
    assert set(REFUSALS.get(target, {})) <= {case.name for case in CASES}
