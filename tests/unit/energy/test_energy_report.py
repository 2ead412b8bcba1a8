import json

import pytest

from neurodeploy.energy import Counts, NodeCounts, Uses, as_dict, as_rows, compare, counts_dict, energy_table, price
from neurodeploy.energy.report import energy_text, range_text
from neurodeploy.profile import load_profile, profile_names


def counts() -> Counts:
    uses = {"accumulate": Uses(200, 100), "neuron_update": Uses(40, 40)}
    node = NodeCounts(
        "d", "Dense", 10, inputs=5, macs=50, weight_bits=8, input_bits=1, work=uses, values_in=4, values_out=6
    )
    return Counts((node,), samples=2, steps=4, timestep_us=1000.0)


def test_an_estimate_becomes_json_and_calls_itself_one() -> None:
    plain = json.loads(json.dumps(as_dict(price(counts(), load_profile("loihi2_standin"))), allow_nan=False))
    assert plain["schema_version"] == 1
    assert plain["label"] == "estimate"
    assert plain["stand_in"] is True
    assert plain["dynamic"]["mid"] == pytest.approx(100 * 23.6 + 20 * 66.5)
    assert plain["not_covered"]
    assert {row["key"] for row in plain["constants"]} == {"price.accumulate", "price.neuron_update", "power.static"}
    assert all(row["source"] and row["tag"] in ("R", "S", "T") for row in plain["constants"])


def test_rows_hold_term_amount_price_energy_and_source() -> None:
    row = as_rows(price(counts(), load_profile("loihi1")))[0]
    assert (row["node"], row["term"], row["amount"], row["price"], row["unit"]) == (
        "d",
        "accumulate",
        100.0,
        23.6,
        "pJ",
    )
    assert row["energy_pj"] == pytest.approx(2360.0)
    assert "Davies" in row["source"]


def test_unknown_energy_is_none_in_json_and_said_in_the_table() -> None:
    estimate = price(counts(), load_profile("cortex_m4"))
    assert as_dict(estimate)["dynamic"] is None
    assert compare([estimate])[0]["total"] is None
    _, (row,) = energy_table([estimate])
    assert row[2] == row[4] == "not covered"
    assert row[-1] == "accumulate, neuron_update"


def test_the_table_has_a_row_for_each_profile_in_order() -> None:
    columns, rows = energy_table([price(counts(), load_profile(name)) for name in profile_names()])
    assert [row[0].removesuffix(" (stand-in)") for row in rows] == profile_names()
    assert all(len(row) == len(columns) for row in rows)
    assert [row[0] for row in rows if "stand-in" in row[0]] == ["loihi2_standin (stand-in)"]


@pytest.mark.parametrize(
    ("energy", "text"), [(0.0, "0 pJ"), (0.5, "0.5 pJ"), (1234.0, "1.23 nJ"), (2e9, "2 mJ"), (3e12, "3 J"), (None, "–")]
)
def test_energies_are_written_with_a_fitting_unit(energy: float | None, text: str) -> None:
    assert energy_text(energy) == text


def test_a_missing_interval_is_said_and_not_drawn_as_certainty() -> None:
    estimate = price(counts(), load_profile("truenorth"))
    assert range_text(estimate.dynamic) == "none given"
    assert any("No source gives an interval for: accumulate, static" in text for text in estimate.assumptions)
    assert range_text(None) == "–"


def test_counts_become_json_with_stored_and_nonzero_apart() -> None:
    plain = json.loads(json.dumps(counts_dict(counts())))
    (node,) = plain["nodes"]
    assert node["work"]["accumulate"] == {"stored": 100.0, "nonzero": 50.0}
    assert plain["bit_budget"][0]["s_ace"] == 50 * 4 * 8
    assert plain["bit_budget"][0]["ns_ace"] == pytest.approx(50 * 4 * 8 * 4 / (5 * 4 * 2))
