"""Runs beside one another: which no other beats, how labels are joined, and what a page of them shows."""

from dataclasses import replace
from pathlib import Path

import pytest
from unit.report.shown import HOSTILE, all_in, counted, everything, point
from unit.report.test_render import parsed

from neurodeploy.errors import DataError
from neurodeploy.profile import load_profile
from neurodeploy.report import render
from neurodeploy.report.compare import render_comparison
from neurodeploy.report.pareto import Spot, _numbers, front, pareto_charts
from neurodeploy.report.points import RunPoint, profiles_of, wilson, work_of
from neurodeploy.runs.points import names_of


def spot(number: int, cost: float, accuracy: float) -> Spot:
    return Spot(number, cost, cost, cost, accuracy, (accuracy, accuracy))


def test_a_run_is_at_the_front_when_none_is_as_accurate_and_cheaper() -> None:
    spots = [spot(1, 1.0, 0.8), spot(2, 2.0, 0.9), spot(3, 3.0, 0.9), spot(4, 3.0, 0.7), spot(5, 2.0, 0.9)]
    assert front(spots) == {1, 2, 5}


@pytest.mark.parametrize(
    ("numbers", "text"), [([1], "1"), ([2, 1], "1, 2"), ([3, 5, 4, 1], "1, 3–5"), ([1, 3, 5], "1, 3, 5")]
)
def test_labels_of_runs_in_one_place_are_joined(numbers: list[int], text: str) -> None:
    assert _numbers(numbers) == text


def test_the_interval_of_an_accuracy_is_wilsons() -> None:
    # 10 trials without a failure: low end 1 / (1 + 1.96^2 / 10)
    assert wilson(1.0, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    low, high = wilson(0.5, 100)
    assert (low, high) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_work_is_a_mean_of_one_inference() -> None:
    counts = counted()
    work = work_of(counts, "test split")
    assert work.synaptic_operations == counts.mean("accumulate")[0] + counts.mean("multiply_accumulate")[0]
    assert (work.samples, work.steps) == (2, 4)
    assert 0 < work.ns_ace < work.s_ace


def test_figures_need_two_runs_with_both_numbers() -> None:
    points = everything().points
    assert len(pareto_charts(points, "loihi1")) == 3
    assert pareto_charts(points[::2], "loihi1") == {}
    without = [points[0], replace(points[1], accuracy=None)]
    assert pareto_charts(without, "loihi1") == {}


def test_the_page_shows_every_run_and_why_one_failed() -> None:
    page = render_comparison(everything().points, "loihi1").decode()
    for text in ("digits-0001", "digits-0002", "digits-0003", "there is no checkpoint", "95.0%", "Davies et al. 2018"):
        assert text in page, text
    assert page.count("<svg") == 3
    assert "refused: price.accumulate: this all-in number was measured at" in page


def test_the_page_is_the_same_each_time_and_loads_nothing() -> None:
    page = render_comparison(everything().points, "loihi1")
    assert page == render_comparison(everything().points, "loihi1")
    found = parsed(page.decode())
    assert (found.errors, found.open) == ([], [])
    assert "script" not in found.tags
    assert all(load.startswith("#") for load in found.loads)


def test_runs_of_several_data_sets_are_said_to_be_no_comparison() -> None:
    points = everything().points
    assert "cannot be compared" not in render_comparison(points, "loihi1").decode()
    other = [points[0], replace(points[1], dataset="gestures")]
    assert "cannot be compared" in render_comparison(other, "loihi1").decode()


def test_hostile_names_of_runs_are_shown_as_text() -> None:
    nasty = replace(load_profile("loihi1"), name=HOSTILE, title=HOSTILE, notes=(HOSTILE,), omits=(HOSTILE,))
    first = replace(point(HOSTILE, 0.5, counted(), [nasty, all_in(load_profile("truenorth"))]), dataset=HOSTILE)
    second = replace(first, name=f"{HOSTILE}2", accuracy=0.6)
    page = render_comparison([first, second, RunPoint(HOSTILE, error=HOSTILE)], HOSTILE, title=HOSTILE).decode()
    found = parsed(page)
    assert "<script" not in page
    assert "script" not in found.tags
    assert (found.errors, found.open) == ([], [])
    assert "{{ 7*7 }}" in page
    assert page.count("&lt;script&gt;") >= 12


def test_one_run_alone_is_no_comparison() -> None:
    with pytest.raises(DataError, match="two or more"):
        render_comparison([RunPoint("a")], "loihi1")


def test_a_report_shows_the_runs_beside_its_own() -> None:
    page = render(everything()).decode()
    assert "digits-0002" in page
    assert "No other run" not in page
    alone = render(replace(everything(), points=everything().points[:1])).decode()
    assert "no other run of this data set" in alone


def test_profiles_of_runs_hold_the_refused_ones() -> None:
    assert profiles_of(everything().points) == ("loihi1", "truenorth", "far")


def test_runs_are_named_by_as_many_folders_as_tell_them_apart(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "run-1", tmp_path / "b" / "run-1", tmp_path / "b" / "run-2"]
    assert names_of(paths) == ["a/run-1", "b/run-1", "b/run-2"]
    assert names_of(paths[1:]) == ["run-1", "run-2"]
