"""What profiles say about placement: the shipped numbers, and every way to break a rule."""

from pathlib import Path

import pytest

from neurodeploy.errors import ProfileError
from neurodeploy.profile import check_profile, load_profile, profile_names

GOOD = """
title = "Mine"
process = "10 nm"
boundary = "chip"

[placement]
model = "cores"
convolution = "lists"
cut = ["columns", "channels"]
powers_of_two = true
source = "own chip"
tag = "S"

[limits.neurons_per_core]
value = 100
unit = "neurons"
scope = "core"
kind = "arch"
interval = [80, 100]
source = "own chip"
tag = "S"

[per_core.kernel_entries]
values = [10, 20]
unit = "entries"
scope = "core"
kind = "arch"
source = "own chip"
tag = "S"

[encoding.word_bits]
value = 64
unit = "bit"
scope = "core"
kind = "arch"
source = "own chip"
tag = "S"

[unknown]
output_axons_per_core = "nobody counted them"
"""


def refusal(folder: Path, text: str) -> ProfileError:
    path = folder / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProfileError) as caught:
        check_profile(path)
    return caught.value


def test_a_profile_without_prices_is_a_profile(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    found = check_profile(path)
    assert found.rules is not None
    assert (found.rules.model, found.rules.cut, found.rules.powers_of_two) == ("cores", ("columns", "channels"), True)
    assert [quantity.value for quantity in found.per_core["kernel_entries"]] == [10.0, 20.0]
    assert found.unknown == {"output_axons_per_core": "nobody counted them"}
    keys = {"limits.neurons_per_core", "per_core.kernel_entries[0]", "per_core.kernel_entries[1]", "encoding.word_bits"}
    assert found.quantities().keys() == keys


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('model = "cores"', 'model = "clouds"', "placement.model", "found 'clouds', allowed: cores, speck"),
        ('model = "cores"\n', "", "placement.model", "missing"),
        ('cut = ["columns", "channels"]', 'cut = ["corners"]', "placement.cut", "found 'corners'"),
        ('"lists"', '"guesses"', "placement.convolution", "found 'guesses'"),
        ("powers_of_two = true", "powers_of_two = 2", "placement.powers_of_two", "found 2, wanted true or false"),
        ('source = "own chip"\ntag = "S"\n\n[limits', 'tag = "S"\n\n[limits', "placement.source", "missing"),
        ('tag = "S"\n\n[limits', 'tag = "U"\n\n[limits', "placement.tag", "found 'U'"),
        ("[placement]", "[placement]\nmood = 1", "placement.mood", "unknown key"),
        ("values = [10, 20]", "values = []", "per_core.kernel_entries.values", "found []"),
        ("values = [10, 20]", "values = [10, -1]", "per_core.kernel_entries.value", "found -1"),
        ("values = [10, 20]", "value = 10", "per_core.kernel_entries.values", "found None"),
        ("[per_core.kernel_entries]", "[per_core.wishes]", "per_core.wishes", "unknown key"),
        ("[encoding.word_bits]", "[encoding.word_bytes]", "encoding.word_bytes", "unknown key"),
        ("output_axons_per_core =", "neurons_per_core =", "unknown.neurons_per_core", "the same limit has a number"),
        ('"nobody counted them"', '""', "unknown.output_axons_per_core", "found ''"),
        ('unit = "neurons"', 'unit = "pJ"', "limits.neurons_per_core.unit", "found 'pJ'"),
        (
            'tag = "S"\n\n[per_core',
            'tag = "RECALLED"\n\n[per_core',
            "limits.neurons_per_core.tag",
            "'RECALLED' is not sure",
        ),
    ],
)
def test_a_broken_rule_is_named(tmp_path: Path, old: str, new: str, key: str, reason: str) -> None:
    assert old in GOOD
    error = refusal(tmp_path, GOOD.replace(old, new, 1))
    assert error.key == key
    assert error.reason.startswith(reason)


def test_lists_for_different_numbers_of_cores_are_refused(tmp_path: Path) -> None:
    more = GOOD.partition("[per_core.kernel_entries]")[2].partition("[encoding")[0].replace("[10, 20]", "[1, 2, 3]")
    error = refusal(tmp_path, GOOD + "[per_core.neuron_entries]" + more)
    assert error.key == "per_core"


def test_numbers_that_placements_lean_on() -> None:
    limits = {name: load_profile(name).limits for name in profile_names()}
    assert limits["loihi1"]["neurons_per_core"].value == 1024
    assert limits["loihi1"]["delay_steps"].interval == (8.0, 62.0)
    assert limits["loihi2"]["neurons_per_core"].interval == (3168.0, 8192.0)
    assert limits["loihi2"]["synapse_bytes_per_core"].interval == (96000.0, 131072.0)
    assert [limits[f"xylo_{name}"]["hidden_neurons"].value for name in ("audio2", "audio3", "imu")] == [1000, 992, 496]
    assert limits["akd1000"]["cores_per_chip"].value == 78
    assert limits["akd1500"]["cores_per_chip"].value == 32
    assert (limits["cortex_m4"]["flash_bytes"].value, limits["cortex_m4"]["ram_bytes"].value) == (1048576, 327680)


def test_the_memories_of_speck_hold_its_327680_neurons() -> None:
    speck = load_profile("speck")
    assert sum(quantity.value for quantity in speck.per_core["neuron_entries"]) == 327_680
    assert {len(quantities) for quantities in speck.per_core.values()} == {9}


def test_memories_of_a_generic_microcontroller_are_unknown_until_they_are_given() -> None:
    profile = load_profile("cortex_m")
    assert profile.limits == {}
    assert set(profile.unknown) == {"flash_bytes", "ram_bytes"}


@pytest.mark.parametrize("name", [name for name in profile_names() if load_profile(name).rules])
def test_an_interval_of_a_limit_says_who_disagrees(name: str) -> None:
    for key, quantity in load_profile(name).limits.items():
        if quantity.interval is not None:
            assert "low end" in quantity.source + quantity.note or key == "delay_steps", key
