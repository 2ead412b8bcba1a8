"""Profiles: every way to break a rule is named."""

from pathlib import Path

import pytest

from neurodeploy.errors import ProfileError
from neurodeploy.profile import check_profile, load_profile

GOOD = """
title = "Mine"
process = "10 nm"
boundary = "chip"

[price.accumulate]
value = 2.0
unit = "pJ"
scope = "marginal"
kind = "measured"
source = "own measurement"
tag = "S"
interval = [1.0, 3.0]
"""
EXTRA = 'scope = "chip"\nkind = "measured"\nsource = "s"\ntag = "S"\n'
SPIKE = f'[price.spike]\nvalue = 1\nunit = "pJ"\n{EXTRA.replace("chip", "marginal")}'


def refusal(folder: Path, text: str) -> ProfileError:
    path = folder / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        check_profile(path)
    assert str(path) in str(caught.value)
    return caught.value


def test_units_are_converted_to_one_base(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("pJ", "nJ"))
    profile = load_profile(path)
    assert profile.prices["accumulate"].range == (1000.0, 2000.0, 3000.0)
    assert profile.name == "mine"
    assert (profile.overhead, profile.skips_zero_weights) == (None, None)


def test_an_unknown_name_gets_a_suggestion_or_the_list() -> None:
    with pytest.raises(ProfileError, match="Did you mean 'loihi2'"):
        load_profile("lohi2")
    with pytest.raises(ProfileError, match=r"Known: akd1000, .*xylo_imu\."):
        load_profile("akida_pico")


@pytest.mark.parametrize("field", ["value", "unit", "scope", "kind", "source", "tag"])
def test_a_missing_field_of_a_quantity_is_named(tmp_path: Path, field: str) -> None:
    text = "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith(field))
    error = refusal(tmp_path, text)
    assert (error.key, error.reason) == (f"price.accumulate.{field}", "missing")


@pytest.mark.parametrize("field", ["title", "process", "boundary"])
def test_a_missing_field_of_the_profile_is_named(tmp_path: Path, field: str) -> None:
    error = refusal(tmp_path, "".join(line + "\n" for line in GOOD.splitlines() if not line.startswith(field)))
    assert (error.key, error.reason) == (field, "missing")


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('"pJ"', '"eV"', "price.accumulate.unit", "found 'eV', allowed: fJ, pJ, nJ, uJ"),
        ('"pJ"', '"mW"', "price.accumulate.unit", "found 'mW', allowed: fJ, pJ, nJ, uJ"),
        (
            '"marginal"',
            '"chip"',
            "price.accumulate.scope",
            "found 'chip', allowed: marginal, all_in, arith, peak, unstated",
        ),
        ('"measured"', '"guessed"', "price.accumulate.kind", "found 'guessed', allowed: measured"),
        ('tag = "S"', 'tag = "U"', "price.accumulate.tag", "'U' is not sure enough"),
        ('tag = "S"', 'tag = "RECALLED"', "price.accumulate.tag", "'RECALLED' is not sure enough"),
        ('tag = "S"', 'tag = "T-"', "price.accumulate.tag", "'T-' is not sure enough"),
        ("value = 2.0", "value = nan", "price.accumulate.value", "found nan, wanted a finite number >= 0"),
        ("value = 2.0", "value = inf", "price.accumulate.value", "found inf"),
        ("value = 2.0", "value = -2.0", "price.accumulate.value", "found -2.0"),
        ("value = 2.0", "value = true", "price.accumulate.value", "found True"),
        ("value = 2.0", 'value = "2"', "price.accumulate.value", "found '2'"),
        ("[1.0, 3.0]", "[3.0, 1.0]", "price.accumulate.interval", "[3.0, 1.0] does not contain the value 2.0"),
        ("[1.0, 3.0]", "[2.5, 3.0]", "price.accumulate.interval", "[2.5, 3.0] does not contain the value 2.0"),
        ("[1.0, 3.0]", "[-1.0, 3.0]", "price.accumulate.interval", "found -1.0, wanted a finite number >= 0"),
        ("[1.0, 3.0]", "[nan, 3.0]", "price.accumulate.interval", "found nan"),
        ("[1.0, 3.0]", "[1.0]", "price.accumulate.interval", "found [1.0], wanted [low, high]"),
        ("[1.0, 3.0]", "1.0", "price.accumulate.interval", "found 1.0, wanted [low, high]"),
        ('"own measurement"', '" "', "price.accumulate.source", "found ' ', wanted text"),
        ('"chip"', '"rack"', "boundary", "found 'rack', allowed: core, chip, board"),
        ("[price.accumulate]", "[price.attention]", "price.attention", "no such kind of work exists"),
        ("[price.accumulate]", "[prize.accumulate]", "prize", "unknown key"),
        ("[price.accumulate]", "[price]\naccumulate = 3\n[facts.x]", "price.accumulate", "found 3, wanted a table"),
        ('title = "Mine"', "title = 3", "title", "found 3, wanted text"),
        ('title = "Mine"', 'title = "Mine"\nstand_in = 1', "stand_in", "found 1, wanted true or false"),
        ('title = "Mine"', 'title = "Mine"\nnotes = "n"', "notes", "found 'n', wanted a list of texts"),
        ('title = "Mine"', "title = ", "file", "is not TOML"),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, old: str, new: str, key: str, reason: str) -> None:
    error = refusal(tmp_path, GOOD.replace(old, new))
    assert error.key == key
    assert error.reason.startswith(reason)


def test_a_misspelt_key_gets_a_suggestion(tmp_path: Path) -> None:
    assert "Did you mean 'accumulate'?" in str(refusal(tmp_path, GOOD.replace("price.accumulate", "price.acumulate")))
    assert "Did you mean 'voltage'?" in str(refusal(tmp_path, GOOD + "voltege = 0.8\n"))
    assert "Did you mean 'weight_bits'?" in str(refusal(tmp_path, GOOD + "[limits.weigth_bits]\nvalue = 8\n"))


def test_work_is_not_charged_twice(tmp_path: Path) -> None:
    error = refusal(tmp_path, GOOD + 'includes = ["spike"]\n' + SPIKE)
    assert (error.key, "charged twice" in error.reason) == ("price.accumulate.includes", True)
    error = refusal(tmp_path, GOOD + 'includes = ["spikes"]\n')
    assert error.reason.startswith("found 'spikes', allowed: accumulate")
    error = refusal(tmp_path, GOOD + '[unpriced]\naccumulate = "why"\n')
    assert (error.key, error.reason) == ("unpriced.accumulate", "the same work has a price")


def test_power_per_frequency_needs_a_frequency(tmp_path: Path) -> None:
    clock = f'[power.clock]\nvalue = 1\nunit = "uW/MHz"\n{EXTRA}'
    assert refusal(tmp_path, GOOD + clock).key == "timing.clock"


def test_an_absent_or_unreadable_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        load_profile(tmp_path / "none.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="not UTF-8"):
        load_profile(tmp_path / "binary.toml")
