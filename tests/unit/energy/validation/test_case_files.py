"""Files of validation cases: what is refused, and that the refusal names file and key."""

from importlib import resources
from pathlib import Path

import pytest

from neurodeploy.energy.validation import judge, read_case
from neurodeploy.errors import DataError

GOOD = """
title = "t"
kind = "band"
band = [0.5, 2.0]
quantity = "dynamic"
unit = "pJ"
boundary = "core"
source = "s"
tag = "S"
workload_source = "w"
workload_tag = "R"
caveats = ["one"]

[[point]]
name = "p"
profile = "loihi1"
measured = 236
steps = 2

[[point.node]]
name = "n"
neurons = 3
accumulate = [12, 10]
"""


def case(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    return path


def test_a_users_own_case_is_judged(tmp_path: Path) -> None:
    result = judge(read_case(case(tmp_path, GOOD)))
    assert (result.case.name, result.verdict) == ("MINE", "pass")
    assert result.found[0].ratio == pytest.approx(1.2)


def test_a_case_may_name_a_profile_by_its_path(tmp_path: Path) -> None:
    text = resources.files("neurodeploy.hw_profiles").joinpath("loihi1.toml").read_text(encoding="utf-8")
    (tmp_path / "damaged.toml").write_text(text.replace("value = 23.6", "value = 2.36").replace("[23.6,", "[2.36,"))
    found = judge(read_case(case(tmp_path, GOOD.replace('"loihi1"', f'"{tmp_path / "damaged.toml"}"'))))
    assert (found.verdict, found.found[0].profile.name) == ("fail", "damaged")


SECOND = '[[point]]\nname = "q"\nprofile = "loihi1"\nmeasured = 1\nsteps = 1\n[[point.node]]\nname = "n"\nneurons = 1\n'
SLOPE = '[slope]\nof = "n"\nx = [1, 2, 3]\ny = [1, 2, 3]\n'

BAD = {
    "not toml": ("title", "= title", "is not TOML"),
    "unknown key": ('title = "t"', 'title = "t"\ncolour = 1', "'colour': unknown key"),
    "no title": ('title = "t"', "", "'title': missing"),
    "empty title": ('title = "t"', 'title = " "', "'title': found ' '"),
    "unknown kind": ('kind = "band"', 'kind = "good"', "'kind': found 'good', allowed: band, interval"),
    "no band": ("band = [0.5, 2.0]", "", "'band': found None"),
    "band of one number": ("[0.5, 2.0]", "[0.5]", r"'band': found \[0.5\]"),
    "band beside one": ("[0.5, 2.0]", "[1.1, 2.0]", "'band': .* does not lie around 1"),
    "band of nan": ("[0.5, 2.0]", "[nan, 2.0]", "'band': found nan"),
    "band for a recorded case": ('kind = "band"', 'kind = "bound"', "'band': a case of kind 'bound' is recorded"),
    "unit of power": ('unit = "pJ"', 'unit = "mW"', "'unit': found 'mW', allowed: pJ"),
    "unknown boundary": ('"core"', '"room"', "'boundary': found 'room'"),
    "no source": ('source = "s"', "", "'source': missing"),
    "unsure tag": ('tag = "S"', 'tag = "U"', "'tag': found 'U'"),
    "no caveats": ('["one"]', "[]", r"'caveats': found \[\]"),
    "no point": (GOOD[GOOD.index("[[point]]") :], "", "'point': missing"),
    "no node": (GOOD[GOOD.index("[[point.node]]") :], "", "'point 1.node': missing"),
    "measured nothing": ("measured = 236", "measured = 0", "'point 1.measured': found 0"),
    "not measured": ("measured = 236", "", "'point 1.measured': missing"),
    "measured nan": ("measured = 236", "measured = nan", "'point 1.measured': found nan"),
    "negative": ("measured = 236", "measured = -1", "'point 1.measured': found -1"),
    "no steps": ("steps = 2", "steps = 0", "'point 1.steps': found 0"),
    "half a step": ("steps = 2", "steps = 2.5", "'point 1.steps': found 2.5"),
    "unknown key of a point": ("steps = 2", "steps = 2\nstep = 1", "'point 1.step': unknown key"),
    "no profile": ('profile = "loihi1"', "", "'point 1.profile': missing"),
    "judged in words": ("steps = 2", 'steps = 2\njudged = "no"', "'point 1.judged': found 'no'"),
    "nothing judged": ("steps = 2", "steps = 2\njudged = false", "'point': none of them is judged"),
    "no time": ("steps = 2", "steps = 2\nduration_s = 0", "'point 1.duration_s': found 0"),
    "no clock": ("steps = 2", "steps = 2\nclock_mhz = 0.0", "'point 1.clock_mhz': found 0.0"),
    "rate without need": ("steps = 2", "steps = 2\nrate = 1", "'point': a case of kind 'band' has no 'rate'"),
    "unknown work": ("accumulate =", "multiply =", "'point 1.node 1.multiply': unknown key"),
    "cycles": ("accumulate =", "cycle =", "'point 1.node 1.cycle': unknown key"),
    "more than all": ("[12, 10]", "[10, 12]", "'point 1.node 1.accumulate': 12 uses of non-zero weights are more"),
    "three amounts": ("[12, 10]", "[12, 10, 8]", r"'point 1.node 1.accumulate': found \[12, 10, 8\]"),
    "part of an operation": ("[12, 10]", "1.5", "'point 1.node 1.accumulate': found 1.5"),
    "negative work": ("[12, 10]", "-1", "'point 1.node 1.accumulate': found -1"),
    "no neurons": ("neurons = 3", "", "'point 1.node 1.neurons': missing"),
    "wrong total": ("[[point.node]]", "[point.totals]\naccumulate = 12\n[[point.node]]", "'point 1.totals.accumulate'"),
    "unknown total": (
        "[[point.node]]",
        "[point.totals]\nsum = 12\n[[point.node]]",
        "'point 1.totals.sum': unknown key",
    ),
    "totals no table": ("steps = 2", "steps = 2\ntotals = 1", "'point 1.totals': found 1, wanted a table"),
    "measured and slope": ("[[point]]", SLOPE + "[[point]]", "'point 1.measured': the slope is the measured value"),
    "short series": ("[[point]]", SLOPE.replace("[1, 2, 3]", "[1, 2]") + "[[point]]", r"'slope.x': found \[1, 2\]"),
    "uneven series": ("[[point]]", SLOPE.replace("y = [1,", "y = [0, 1,") + "[[point]]", "'slope': x and y must be"),
    "falling line": ("[[point]]", SLOPE.replace("y = [1, 2", "y = [9, 2") + "[[point]]", "'slope': the line falls"),
    "rates missing": ('kind = "band"\nband = [0.5, 2.0]', 'kind = "rate"', "'point': a case of kind 'rate' has two"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_bad_case_is_refused_by_file_and_key(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    with pytest.raises(DataError, match=message) as caught:
        read_case(case(tmp_path, GOOD.replace(old, new, 1)))
    assert "mine.toml" in str(caught.value)


def test_the_second_point_is_named_by_its_number(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'point 2\.steps': found -1"):
        read_case(case(tmp_path, GOOD + SECOND.replace("steps = 1", "steps = -1")))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_case(tmp_path / "none.toml")


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(DataError, match="not UTF-8"):
        read_case(tmp_path / "mine.toml")
