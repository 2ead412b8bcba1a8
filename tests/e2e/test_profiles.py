"""`neurodeploy profiles`: what each profile holds, what it lacks, and what is wrong with a user's own."""

from collections.abc import Callable
from pathlib import Path

import pytest

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
MEMORY = """
[memory.sram]
value = 10
unit = "pJ"
scope = "marginal"
kind = "measured"
source = "s"
tag = "S"
access_bits = 64
capacity_bytes = 8192
"""


def files(folder: Path, *texts: str) -> list[Path]:
    found = [folder / f"mine{number}.toml" for number in range(len(texts))]
    for path, text in zip(found, texts, strict=True):
        path.write_text(text)
    return found


def test_several_files_and_names_are_checked_and_each_says_what_it_holds_and_lacks(
    cli: Callable, tmp_path: Path
) -> None:
    answer = cli("profiles", "check", *files(tmp_path, GOOD, GOOD + MEMORY), "cmos22")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert [line for line in lines if "valid" in line] == [
        "mine0: valid (quantities: 1)",
        "mine1: valid (quantities: 2)",
        "cmos22: valid (quantities: 9)",
    ]
    assert [line.strip() for line in lines if line.startswith("  memory:")] == [
        "memory: none",
        "memory: sram",
        "memory: none",
    ]
    assert "  movement: sparse, dense, dram" in lines
    assert "    neuron_update: no price" in lines
    assert "    weight_bit_read: memory accesses have no number here; [movement] holds energies of moving bits" in lines


def test_a_bad_file_does_not_hide_the_good_ones_and_ends_with_two(cli: Callable, tmp_path: Path) -> None:
    good, bad = files(tmp_path, GOOD, GOOD.replace('tag = "S"', 'tag = "U"'))
    answer = cli("profiles", "check", bad, good)
    assert answer.code == 2
    assert "mine0: valid" in answer.out
    assert f"error: profile {bad}, key 'price.accumulate.tag': 'U' is not sure enough" in answer.err
    plain = cli("profiles", "check", bad, good, "--json")
    assert (plain.code, plain.json["valid"]) == (2, False)
    assert [row["valid"] for row in plain.json["profiles"]] == [False, True]
    assert plain.json["profiles"][0]["error"]["key"] == "price.accumulate.tag"
    assert plain.json["profiles"][1]["holds"]["prices"] == ["accumulate"]


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('unit = "pJ"\n', "", "price.accumulate.unit"),
        ('source = "own measurement"\n', "", "price.accumulate.source"),
        ('scope = "marginal"\n', "", "price.accumulate.scope"),
        ("value = 2.0", "value = -2.0", "price.accumulate.value"),
        ("value = 2.0", "value = nan", "price.accumulate.value"),
        ("value = 2.0", "value = inf", "price.accumulate.value"),
        ("[1.0, 3.0]", "[3.0, 1.0]", "price.accumulate.interval"),
        ("[1.0, 3.0]", "[2.5, 3.0]", "price.accumulate.interval"),
        ("[1.0, 3.0]", "[-1.0, 3.0]", "price.accumulate.interval"),
        ('"marginal"', '"all_in"', "price.accumulate.scope"),
        ("interval =", "intervall =", "price.accumulate.intervall"),
        ("price.accumulate", "price.attention", "price.attention"),
        ('tag = "S"', 'tag = "U"', "price.accumulate.tag"),
    ],
)
def test_every_bad_profile_is_one_message_with_its_key(
    cli: Callable, tmp_path: Path, old: str, new: str, key: str
) -> None:
    text = GOOD.replace(old, new, 1)
    assert text != GOOD
    (path,) = files(tmp_path, text + MEMORY)
    answer = cli("profiles", "check", path)
    assert answer.code == 2
    assert "Traceback" not in answer.err
    assert answer.err.startswith(f"error: profile {path}, key '{key}'")


def test_a_file_that_is_absent_and_no_file_at_all_are_refused(cli: Callable, tmp_path: Path) -> None:
    answer = cli("profiles", "check", tmp_path / "none.toml")
    assert answer.code == 2
    assert "cannot be read" in answer.err
    assert cli("profiles", "check").code == 2


def test_show_prints_widths_of_memories_intervals_and_the_base(cli: Callable) -> None:
    assert "1300 pJ (64 bits an access, any size)" in cli("profiles", "show", "cmos45").out
    stand_in = cli("profiles", "show", "loihi2_standin").out
    assert "base: limits and placement are those of loihi2" in stand_in
    assert "21.6 to 81" in stand_in
    assert "no price: input_event: " in stand_in
    (sram, *_) = [
        row for row in cli("profiles", "show", "cmos45", "--json").json["quantities"] if row["key"] == "memory.sram_8kb"
    ]
    assert sram["level"]["pj_per_bit"] == [10 / 64] * 3


def test_show_prints_an_operating_point(cli: Callable, tmp_path: Path) -> None:
    point = 'scope = "all_in"\nat = {rate = 2.7e9, tolerance = 0.1}'
    (path,) = files(tmp_path, GOOD.replace('scope = "marginal"', point))
    assert "all_in at 2.7e+09 per second ± 10%" in " ".join(cli("profiles", "show", path).out.split())


def test_the_list_says_which_profiles_price_an_ordinary_network(cli: Callable) -> None:
    rows = cli("profiles", "list", "--json").json["profiles"]
    assert [row["name"] for row in rows if row["ann"] and not row["prices"]] == [
        "coral",
        "jetson_nano",
        "jetson_orin_nano",
    ]
