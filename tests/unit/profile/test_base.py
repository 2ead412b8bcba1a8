"""A profile that is another shipped one's chip with numbers of its own."""

from pathlib import Path

import pytest
from unit.profile.rules import checked, number, refusal

from neurodeploy.profile import load_profile

PRICE = number("price.accumulate", "pJ", "marginal")


def test_limits_and_placement_are_those_of_the_base_and_prices_are_not(tmp_path: Path) -> None:
    mine, base = checked(tmp_path, 'base = "loihi2"\n', PRICE), load_profile("loihi2")
    assert (mine.limits, mine.encoding, mine.rules) == (base.limits, base.encoding, base.rules)
    assert (mine.per_core, mine.unknown) == (base.per_core, base.unknown)
    assert mine.base == "loihi2"
    assert mine.prices["accumulate"].value == 2.0
    assert (mine.static, mine.facts, mine.notes) == (None, {}, ())


def test_limits_of_each_core_come_from_the_base_too(tmp_path: Path) -> None:
    assert len(checked(tmp_path, 'base = "speck"\n').per_core["neuron_entries"]) == 9


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("limits", number("limits.weight_bits", "bit", "core")),
        ("per_core", "[per_core]\n"),
        ("placement", '[placement]\nmodel = "cores"\n'),
        ("encoding", number("encoding.word_bits", "bit", "core")),
        ("unknown", '[unknown]\nstate_bits = "who knows"\n'),
    ],
)
def test_what_comes_from_the_base_cannot_be_given_too(tmp_path: Path, table: str, text: str) -> None:
    error = refusal(tmp_path, 'base = "loihi2"\n', text)
    assert (error.key, "comes from the base 'loihi2'" in error.reason) == (table, True)


@pytest.mark.parametrize(
    ("base", "reason"),
    [
        ('"loihi3"', "'loihi3' is no shipped profile"),
        ('"mine"', "'mine' is no shipped profile"),
        ('"loihi2_standin"', "'loihi2_standin' has none of its own"),
        ('""', "found '', wanted text"),
        ("2", "found 2, wanted text"),
    ],
)
def test_a_base_is_a_shipped_profile_with_limits_of_its_own(tmp_path: Path, base: str, reason: str) -> None:
    error = refusal(tmp_path, f"base = {base}\n")
    assert (error.key, error.reason) == ("base", reason)
