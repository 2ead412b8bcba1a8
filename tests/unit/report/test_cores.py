"""The picture of a chip: a cell for each core, patterns that differ without colour, nothing where nothing fits."""

import re
from dataclasses import replace

import pytest
from unit.placement.chips import chip, dense, map_

from neurodeploy.placement import Fit, fit
from neurodeploy.profile import load_profile
from neurodeploy.report import ReportData, render
from neurodeploy.report.cores import can_draw, cores_chart

EMPTY = ReportData("empty", {}, {})


def placed(name: str) -> Fit:
    return fit(map_(side=20, channels=8), load_profile(name))


def test_every_core_is_a_cell_and_every_used_one_is_filled() -> None:
    found = placed("loihi1")
    picture = str(cores_chart(found))
    used, available = found.plan.used, found.plan.available
    assert used is not None
    assert available is not None
    # outlines of all cells, fills of the used ones, and a patch for each of two layers in the legend
    shapes = len(re.findall(r"<path d=", picture.partition("</defs>")[2] or picture))
    assert shapes >= used + available + 2
    assert f"cores of loihi1: {used} of {available} used" in picture
    assert ">map<" in picture
    assert ">out<" in picture


def test_the_same_placement_gives_the_same_picture_and_another_another() -> None:
    assert cores_chart(placed("loihi1")) == cores_chart(placed("loihi1"))
    assert cores_chart(placed("loihi1")) != cores_chart(fit(map_(side=20, channels=9), load_profile("loihi1")))


def test_shades_are_grey() -> None:
    colors = re.findall(r"#[0-9a-f]{6}", str(cores_chart(placed("loihi2"))))
    assert colors
    assert all(color[1:3] == color[3:5] == color[5:7] for color in colors)


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("loihi1", True), ("speck", False), ("xylo_imu", False), ("akd1000", False), ("cortex_m", False)],
)
def test_only_chips_of_several_cores_that_hold_every_layer_are_drawn(name: str, drawn: bool) -> None:
    # for Speck, the dense layer's kernel of 20 x 20 is too large
    assert can_draw(placed(name)) is drawn


def test_a_network_that_needs_more_cores_than_there_are_is_not_drawn() -> None:
    assert can_draw(fit(dense(hidden=30), chip("loihi1", cores_per_chip=2)))
    assert not can_draw(fit(dense(hidden=30), chip("loihi1", cores_per_chip=1)))


def test_the_page_shows_answers_pictures_and_what_is_too_much() -> None:
    fits = (placed("loihi1"), placed("xylo_audio2"), placed("akd1000"))
    page = render(replace(EMPTY, fits=fits)).decode()
    for text in ("loihi1", "fits", "does not fit", "would keep it", "Unknown number", "fan_in", "rows to a core"):
        assert text in page, text
    assert page.count("cores of loihi1") == 1
    assert "The network was not placed" not in page
    assert "The network was not placed" in render(EMPTY).decode()


def test_hostile_names_are_shown_as_text() -> None:
    bad = "<script>x</script>"
    found = placed("loihi1")
    profile = replace(found.profile, name=bad, title=bad)
    plan = replace(found.plan, notes=(bad,), unknown={bad: bad})
    page = render(replace(EMPTY, fits=(replace(found, profile=profile, plan=plan, reasons=(bad,)),))).decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 5
