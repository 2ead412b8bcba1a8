"""The shipped validation cases against the numbers worked out by hand from the same publications."""

from dataclasses import replace
from pathlib import Path

import pytest

from neurodeploy.energy.validation import (
    Case,
    Found,
    Judged,
    as_dict,
    implied_rates,
    judge,
    naive_profile,
    read_case,
    shipped_cases,
    table,
)
from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, load_profile

CASES = {case.name: case for case in shipped_cases()}
FILES = Path(__file__).parents[4] / "neurodeploy" / "energy" / "validation" / "cases"


def found(name: str, place: int = 0) -> Found:
    return judge(CASES[name]).found[place]


def with_prices(profile: str, **values: int | float) -> Profile:
    """A shipped profile with other prices and no interval around them."""
    loaded = load_profile(profile)
    prices = {name: replace(loaded.prices[name], value=float(value), interval=None) for name, value in values.items()}
    return replace(loaded, prices={**loaded.prices, **prices})


def damaged(tmp_path: Path, name: str, old: str, new: str) -> Case:
    text = (FILES / f"{name.lower()}.toml").read_text()
    assert old in text
    path = tmp_path / f"{name.lower()}.toml"
    path.write_text(text.replace(old, new))
    return read_case(path)


def test_the_six_published_cases_are_shipped() -> None:
    assert list(CASES) == ["A1", "A2", "A3", "A4", "A5", "B1"]


def test_no_case_with_a_band_fails() -> None:
    result = as_dict([judge(case) for case in CASES.values()])
    assert result["passed"] == ["A4", "A5", "B1"]
    assert result["failed"] == []


def test_cases_whose_activity_was_not_published_are_recorded_and_never_pass() -> None:
    assert [name for name, case in CASES.items() if judge(case).verdict == "recorded"] == ["A1", "A2", "A3"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_case_says_its_boundary_sources_and_caveats(case: Case) -> None:
    assert case.boundary in ("core", "chip", "board")
    assert case.source
    assert case.workload_source
    assert case.tag in "RST"
    assert case.workload_tag in "RST"
    assert case.caveats


def test_the_rows_of_pilotnet_add_up_to_the_published_totals() -> None:
    counts = CASES["A1"].points[0].counts
    assert counts.total("accumulate").stored == 49_246_940
    assert counts.total("accumulate").nonzero == pytest.approx(41_664_144, abs=1)
    assert counts.total("neuron_update").stored == (118_909 + 39_600) * 16
    assert counts.total("spike").stored == 755_963


def test_neuron_updates_of_pilotnet_are_neurons_times_steps() -> None:
    counts = CASES["A1"].points[0].counts
    assert all(node.uses("neuron_update").stored == node.neurons * counts.steps for node in counts.nodes)


@pytest.mark.parametrize(
    ("accumulate", "update", "nonzero", "stored"),
    [(23.6, 0, 0.90, 1.06), (23.6, 52, 1.02, 1.18), (23.6, 81, 1.09, 1.25)],
)
def test_pilotnet_has_the_published_ratios_for_each_choice_of_prices(
    accumulate: float, update: float, nonzero: float, stored: float
) -> None:
    profile = with_prices("loihi2_standin", accumulate=accumulate, neuron_update=update, spike=0.0)
    predicted = judge(CASES["A1"], {"loihi2_standin": profile}).found[0].predicted
    assert predicted is not None
    assert predicted.low / 1.094 == pytest.approx(nonzero, abs=0.006)
    assert predicted.high / 1.094 == pytest.approx(stored, abs=0.006)


def test_the_interval_of_the_stand_in_contains_what_pilotnet_used() -> None:
    result = judge(CASES["A1"])
    assert result.found[0].contains is True
    assert "contains the measured 1.094 mJ" in result.statement


def test_pilotnet_with_the_stand_in_is_a_fifth_too_high() -> None:
    by_hand = 49_246_940 * 23.6 + 2_536_144 * 66.5 + 755_963 * 1.7
    assert found("A1").ratio == pytest.approx(by_hand * 1e-9 / 1.094, rel=1e-9)
    assert found("A1").ratio == pytest.approx(1.218, abs=5e-4)


def test_the_naive_prediction_is_four_percent_of_what_pilotnet_used() -> None:
    assert found("A1").naive == pytest.approx(0.0443, abs=5e-5)
    assert found("A1").naive_ratio == pytest.approx(0.04, abs=0.001)


def test_the_naive_profile_says_that_it_is_for_comparison() -> None:
    assert "Naive" in naive_profile().title
    assert "For comparison only" in naive_profile().notes[0]
    assert {name: quantity.value for name, quantity in naive_profile().prices.items()} == {
        "accumulate": 0.9,
        "multiply_accumulate": 4.6,
    }


def test_the_most_that_the_keyword_spotter_can_do_is_fifteen_percent_of_what_was_measured() -> None:
    profile = with_prices("loihi1", accumulate=23.6, neuron_update=81, spike=0.0)
    result = judge(CASES["A2"], {"loihi1": profile})
    assert result.found[0].predicted is not None
    assert result.found[0].predicted.high == pytest.approx(41.2, abs=0.05)
    assert result.found[0].ratio == pytest.approx(0.15, abs=0.002)
    assert "15.2% of the measured value above idle before any run" in result.statement


def test_the_same_bound_is_near_what_was_measured_above_the_idle_after_a_run() -> None:
    assert found("A2", 1).ratio == pytest.approx(41.15 / 48, abs=1e-3)


def test_the_slope_of_the_growing_networks_is_fitted_from_the_measured_series() -> None:
    assert CASES["A3"].points[0].measured == pytest.approx(16.7, abs=0.05)


def test_the_growing_networks_imply_the_published_mean_rate() -> None:
    ends = []
    for update in (52, 81):
        profile = with_prices("loihi1", accumulate=23.6, neuron_update=update, spike=0.0)
        silent, full = (each.predicted for each in judge(CASES["A3"], {"loihi1": profile}).found)
        assert silent is not None
        assert full is not None
        assert silent.mid == pytest.approx(25_600 * update * 1e-6)
        assert full.mid - silent.mid == pytest.approx(155, abs=0.5)
        rates = implied_rates(silent, full, 16.7)
        assert rates is not None
        ends.append(rates[1])
    assert ends == pytest.approx([0.099, 0.095], abs=5e-4)


@pytest.mark.parametrize(("place", "microwatt", "ratio"), [(0, 476.9, 1.000), (1, 35.1, 1.003)])
def test_odin_has_the_published_ratios(place: int, microwatt: float, ratio: float) -> None:
    point = found("A4", place)
    assert point.predicted is not None
    assert point.predicted.mid == pytest.approx(microwatt, abs=0.05)
    assert point.ratio == pytest.approx(ratio, abs=6e-4)


@pytest.mark.parametrize(("place", "ratio"), [(0, 0.995), (1, 0.981), (2, 1.086)])
def test_truenorth_has_the_published_ratios(place: int, ratio: float) -> None:
    point = found("A5", place)
    assert point.predicted is not None
    assert point.predicted.mid == pytest.approx(70.6, abs=0.05)
    assert point.ratio == pytest.approx(ratio, abs=6e-4)


def test_the_search_has_the_published_ratios_with_inactive_updates() -> None:
    profile = with_prices("loihi1", accumulate=23.6, neuron_update=52)
    ends = [each.ratio for each in judge(CASES["B1"], {"loihi1": profile}).found[1:]]
    assert ends == pytest.approx([1.09, 1.20], abs=0.005)


def test_the_ends_of_the_published_range_are_shown_and_not_judged() -> None:
    assert [each.point.judged for each in judge(CASES["B1"]).found] == [True, False, False]
    assert found("B1").ratio == pytest.approx(1.196, abs=5e-4)


def test_a_wrong_count_turns_the_verdict(tmp_path: Path) -> None:
    assert judge(damaged(tmp_path, "B1", "54_412_800", "5_441_280")).verdict == "fail"


def test_a_wrong_count_in_one_row_of_pilotnet_is_refused_by_its_total(tmp_path: Path) -> None:
    with pytest.raises(
        Exception, match=r"a1\.toml: key 'point 1\.totals\.spike': found 755963, but the rows add up to"
    ):
        damaged(tmp_path, "A1", "spike = 565_197", "spike = 565_179")


def test_wrong_counts_throughout_take_pilotnet_out_of_the_interval(tmp_path: Path) -> None:
    text = (FILES / "a1.toml").read_text().replace("[49_246_940, 41_664_143]", "[69_246_940, 61_664_143]")
    path = tmp_path / "a1.toml"
    path.write_text(text.replace("[29_214_024, 27_230_383]", "[49_214_024, 47_230_383]"))
    assert judge(read_case(path)).found[0].contains is False


def test_a_wrong_price_turns_the_verdict() -> None:
    profile = with_prices("truenorth", accumulate=26.0)
    assert judge(CASES["A5"], {"truenorth": profile}).verdict == "fail"


def test_a_profile_without_a_price_for_work_that_was_done_fails_though_the_ratio_would_pass() -> None:
    loihi = load_profile("loihi1")
    bare = replace(loihi, prices={name: q for name, q in loihi.prices.items() if name != "neuron_update"})
    result = judge(CASES["B1"], {"loihi1": bare})
    assert 0.75 < (result.found[0].ratio or 0) < 1.25
    assert result.verdict == "fail"
    assert result.statement.startswith("work without a price: neuron_update")


def test_a_profile_without_static_power_has_no_prediction_of_power() -> None:
    bare = replace(load_profile("odin"), static=None, clock_power=None)
    result = judge(CASES["A4"], {"odin": bare})
    assert (result.verdict, result.found[0].predicted) == ("fail", None)
    assert "no prediction" in result.statement


def test_a_profile_that_charges_nothing_for_spikes_implies_no_rate() -> None:
    free = with_prices("loihi1", accumulate=0.0, spike=0.0)
    assert "implies no rate" in judge(CASES["A3"], {"loihi1": free}).statement


def test_a_rate_above_one_is_called_impossible() -> None:
    cheap = with_prices("loihi1", accumulate=0.1)
    assert "no network can have" in judge(CASES["A3"], {"loihi1": cheap}).statement


def test_a_case_of_an_unknown_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="no such profile"):
        judge(damaged(tmp_path, "B1", '"loihi1"', '"loihi9"'))


def test_the_table_has_a_row_for_every_point_and_names_stand_ins() -> None:
    columns, rows = table([judge(case) for case in CASES.values()])
    assert len(rows) == sum(len(case.points) for case in CASES.values())
    assert all(len(row) == len(columns) for row in rows)
    assert rows[0][2] == "loihi2_standin (stand-in)"


def test_a_prediction_that_is_missing_is_a_dash_and_no_number() -> None:
    bare = replace(load_profile("odin"), static=None, clock_power=None)
    judged: Judged = judge(CASES["A4"], {"odin": bare})
    assert table([judged])[1][0][3:7] == ("not covered", "–", "477 µW", "–")
    assert as_dict([judged])["cases"][0]["points"][0]["ratio"] is None
