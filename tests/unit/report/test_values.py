"""The JSON of a report: as its published schema says, which notices what is missing or wrong."""

import copy
import json
from typing import Any

import pytest
from unit.report.shown import everything
from unit.report.small_schema import problems

from neurodeploy.report.methods import methods
from neurodeploy.report.values import comparison_values, json_bytes, report_values, schema


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    data = everything()
    return json.loads(json_bytes(report_values(data, methods(data))))


@pytest.fixture(scope="module")
def comparison() -> dict[str, Any]:
    return json.loads(json_bytes(comparison_values(everything().points, ["loihi1", "truenorth", "far"])))


def test_a_report_and_a_comparison_are_as_the_schema_says(report: dict, comparison: dict) -> None:
    assert problems(report, schema()) == []
    assert problems(comparison, schema()) == []


def test_the_published_package_agrees_where_it_is_installed(report: dict, comparison: dict) -> None:
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        return  # the check above stands in for it; it is no dependency
    Draft202012Validator.check_schema(schema())
    for found in (report, comparison):
        assert list(Draft202012Validator(schema()).iter_errors(found)) == []


def damaged(values: dict, *path: str | int, **change: Any) -> dict:
    """A copy with one part changed; a change to `...` takes the key out."""
    whole = copy.deepcopy(values)
    part: Any = whole
    for key in path:
        part = part[key]
    for key, value in change.items():
        if value is ...:
            del part[key]
        else:
            part[key] = value
    return whole


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ((), {"estimates": ...}),
        ((), {"label": "measured"}),
        ((), {"stranger": 1}),
        ((), {"accuracy": 1.5}),
        (("estimates", 0), {"boundary": "world"}),
        (("estimates", 0, "constants", 0), {"source": ""}),
        (("estimates", 0, "constants", 0), {"unit": ...}),
        (("estimates", 0, "constants", 0), {"tag": "U"}),
        (("estimates", 0, "constants", 0), {"interval": [1.0]}),
        (("estimates", 0, "dynamic"), {"low": -1.0}),
        (("estimates", 0), {"samples": "2"}),
        (("refused", 0), {"reason": ...}),
        (("latency", 0), {"step_s": [1.0, 2.0]}),
        (("runs", 0, "work"), {"samples": True}),
    ],
)
def test_a_damaged_report_is_noticed(report: dict, path: tuple, change: dict) -> None:
    assert problems(damaged(report, *path, **change), schema())


def test_every_object_of_the_schema_is_closed_and_every_reference_leads_somewhere() -> None:
    found = schema()
    stack: list[Any] = [found]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            assert part.get("type") != "object" or "additionalProperties" in part
            assert "$ref" not in part or part["$ref"].removeprefix("#/$defs/") in found["$defs"]
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_a_refused_profile_has_a_reason_and_no_figure(report: dict) -> None:
    reasons = {row["profile"]: row["reason"] for row in report["refused"] if row["model"] == "affine"}
    assert "all-in number was measured at" in reasons["far"]
    assert "far" not in {estimate["profile"] for estimate in report["estimates"]}


def test_every_price_that_was_used_is_among_the_constants(report: dict) -> None:
    known = {(row["profile"], row["key"]) for row in report["constants"]}
    used = {(e["profile"], c["key"]) for e in (*report["estimates"], *report["models"]) for c in e["constants"]}
    assert used
    assert used <= known
    assert all(row["unit"] and row["scope"] and row["source"] for row in report["constants"])


def test_a_model_says_what_it_is(report: dict) -> None:
    names = {estimate["model"] for estimate in report["models"]}
    assert {"arithmetic", "bit-budget", "naive"} <= names
    assert all(e["of_model"]["formula"] and e["of_model"]["omits"] for e in report["models"])


def test_what_is_no_energy_is_never_given_as_one(report: dict) -> None:
    (bits,) = (estimate for estimate in report["models"] if estimate["model"] == "bit-budget")
    assert bits["dynamic"] is None
    assert {amount["unit"] for amount in bits["amounts"]} == {"bit operations"}


def test_a_number_that_is_none_is_not_written() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_bytes({"energy": float("nan")})


def test_a_failed_run_stands_in_the_comparison_with_its_reason(comparison: dict) -> None:
    failed = comparison["runs"][2]
    assert failed["error"] == "runs/digits-0003: there is no checkpoint."
    assert failed["work"] is None
