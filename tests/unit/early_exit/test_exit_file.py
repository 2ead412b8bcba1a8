"""A rule as a file: whole, or a named error."""

from pathlib import Path

import pytest

from neurodeploy.early_exit import ExitRule
from neurodeploy.early_exit.file import CALIBRATION, parse_rule, read_calibration, rule_bytes
from neurodeploy.errors import CheckpointError

RULE = ExitRule(1234, 2)


def test_a_rule_comes_back() -> None:
    rule, found = parse_rule(rule_bytes(RULE, {"network": "abc"}))
    assert rule == RULE
    assert found["network"] == "abc"
    assert rule_bytes(RULE) == rule_bytes(ExitRule(1234, 2))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1234", "1234.5", "integers"),
        ("1234", "-7", "allowed"),
        ("1234", "true", "integers"),
        ('"min_steps"', '"steps"', "min_steps"),
        ('"lead"', '"confidence"', "kind"),
        ('"schema_version": 1', '"schema_version": 2', "schema version"),
        ("{", "[", "Expecting"),
        ('"rule"', '"rules"', "rule"),
    ],
)
def test_damaged_files_are_refused_by_reason(old: str, new: str, reason: str, tmp_path: Path) -> None:
    text = rule_bytes(RULE, {"network": "abc"}).decode().replace(old, new, 1)
    with pytest.raises(ValueError, match=reason):
        parse_rule(text.encode())
    (tmp_path / CALIBRATION).write_text(text)
    with pytest.raises(CheckpointError, match="Calibrate again"):
        read_calibration(tmp_path, "abc")


def test_a_list_is_no_rule() -> None:
    with pytest.raises(ValueError, match="lacks"):
        parse_rule(b"[]")


def test_a_rule_of_other_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / CALIBRATION).write_bytes(rule_bytes(RULE, {"network": "abc"}))
    assert read_calibration(tmp_path, "abc") == RULE
    with pytest.raises(CheckpointError, match="other weights"):
        read_calibration(tmp_path, "abd")
