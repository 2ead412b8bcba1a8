"""The report: complete, offline, safe against hostile names, the same bytes every time."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from neurodeploy.energy import Counts, count, price
from neurodeploy.errors import DataError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.profile import load_profile, profile_names
from neurodeploy.report import Confusion, EarlyExit, ReportData, render, sample_raster
from neurodeploy.report.exits import SUFFIX, exit_rows
from neurodeploy.report.rasters import ROWS, grouped
from neurodeploy.report.render import compared, flat, number_text

HOSTILE = '<script>alert("x")</script> & $\\frac{'
EMPTY = ReportData("empty", {}, {})


def verdict(status: str, **facts: object) -> dict[str, object]:
    return {"target": "loihi", "runtime": "file", "status": status, "reason": "", **facts}


def network() -> IntGraph:
    nodes = (
        Input("x", (), (2, 6, 6)),
        Conv2d("conv", (Ref("x"),), np.full((4, 2, 3, 3), 30), padding=(1, 1), stride=(2, 2)),
        Cuba("cuba", (Ref("conv"),), 4096, 1024, 50),
        Flatten("flatten", (Ref("cuba"),)),
        Dense("dense", (Ref("flatten"),), np.arange(108).reshape(3, 36) - 50),
        Readout("out", (Ref("dense"),)),
    )
    return IntGraph(Graph(nodes))


def exit_of(counts: Counts) -> EarlyExit:
    """A rule after which half of all work is done."""
    profiles = (load_profile(name) for name in profile_names())
    renamed = (replace(profile, name=profile.name + SUFFIX) for profile in profiles if profile.prices)
    return EarlyExit(
        rule="From timestep 2 on, an answer is final when the lead is above 70.",
        timesteps=4,
        source="11 recordings (test split)",
        steps=2.25,
        accuracy=0.9,
        fixed=(0.5, 0.8, 0.9, 0.95),
        histogram=(0, 9, 1, 1),
        curve=((1.0, 0.5), (2.25, 0.9), (4.0, 0.95)),
        calibrated="30 recordings (validation split)",
        points={"chosen": (2.25, 0.9), "oracle": (1.5, 1.0)},
        synaptic_operations=(1234.0, 2468.0),
        estimates=tuple(price(counts, profile) for profile in renamed),
        notes=("few recordings",),
    )


@pytest.fixture(scope="module")
def data() -> ReportData:
    graph, rng = network(), np.random.default_rng(5)
    trace = simulate(graph, rng.integers(0, 2, (4, 2, 2, 6, 6)))
    counts = count(graph, trace)
    classes = ("zero", "one", "two")
    epochs = tuple(
        {"epoch": n, "loss": 2.0 / n, "validation_accuracy_integer": 1 - 1 / n, "firing_rate": {"cuba": 0.1 * n}}
        for n in range(1, 5)
    )
    return ReportData(
        title="digits-0001",
        summary={"test accuracy, integers": "98.0 %"},
        config={"data": {"dataset": "digits-dvs", "classes": [1, 2]}, "seed": 1},
        epochs=epochs,
        confusion=Confusion(classes, np.array([[3, 1, 0], [0, 4, 0], [1, 0, 2]]), "integer network, 11 recordings"),
        rasters=(sample_raster(graph.graph, trace, 1, "recording 7", classes),),
        counts=counts,
        estimates=tuple(price(counts, load_profile(name)) for name in profile_names()),
        energy_source="test split of digits-dvs",
        verdicts=(
            verdict("EXACT", samples=11, steps=4, layers=2, spikes=50, values=4321),
            verdict("NOT_RUN", reason="Lava is not available"),
        ),
        environment={"python": "3.11"},
        early_exit=exit_of(counts),
    )


@pytest.fixture(scope="module")
def page(data: ReportData) -> str:
    return render(data).decode()


class Checker(HTMLParser):
    """Collects tags, whatever is loaded from elsewhere, and tags that are never closed."""

    void = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.open: list[str] = []
        self.errors: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in self.void:
            self.open.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "srcset", "action", "data") and value:
                self.loads.append(value)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.errors.append(tag)


def parsed(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    return checker


def test_the_page_is_well_formed_and_loads_nothing_from_elsewhere(page: str) -> None:
    found = parsed(page)
    assert (found.errors, found.open) == ([], [])
    assert "script" not in found.tags
    assert "link" not in found.tags
    assert found.loads
    assert all(load.startswith(("#", "data:image/png;base64,")) for load in found.loads)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page


def test_a_load_from_elsewhere_would_be_noticed(page: str) -> None:
    bad = parsed(page.replace("</body>", '<img src="https://example.org/a.png"></body>'))
    assert not all(load.startswith(("#", "data:image/png;base64,")) for load in bad.loads)


def test_the_same_data_give_the_same_bytes(data: ReportData, page: str) -> None:
    assert render(data).decode() == page
    assert not re.search(r"\b20\d\d-\d\d-\d\dT", page)


@pytest.mark.parametrize(
    "text",
    [
        "98.0 %",
        "confusion matrix",
        "integer network, 11 recordings",
        "recording 7",
        "cuba: 36 neurons",
        "readout: ",
        "✓ EXACT",
        "11 samples, 4 steps, 2 layers, 50 spikes, 4,321 values",
        "STAND-IN",
        "loihi2_standin (stand-in)",
        "not covered",
        "Davies et al. 2018",
        "none given",
        "test split of digits-dvs",
        "data.dataset",
        "Bit budget",
        "states (24 bits each), biases and delay lines are not in it",
        "estimate",
        "an answer is final when the lead is above 70.",
        "this takes 2.25 of 4 timesteps on average",
        "30 recordings (validation split)",
        "thresholds, as calibrated",
        "1, 2, … timesteps: 0, 9, 1, 1",
        "few recordings",
    ],
)
def test_every_part_is_there(page: str, text: str) -> None:
    assert text in page


def test_every_constant_used_and_all_work_not_covered_is_in_the_page(data: ReportData, page: str) -> None:
    for estimate in data.estimates:
        for line in (*estimate.lines, *estimate.power_lines):
            assert f'<td class="key" data-label="constant">{line.key}</td>' in page
        for item in estimate.not_covered:
            assert item.amount is None or f"<code>{item.term}</code>, {number_text(item.amount)} per inference" in page


@pytest.mark.parametrize(
    "sentence",
    [
        "No export of this run was checked.",
        "No metrics were recorded",
        "No confusion matrix",
        "No sample was recorded",
        "The network answers after all timesteps.",
        "No energy was estimated",
        "Nothing was counted",
        "No configuration was saved",
        "No versions were recorded",
    ],
)
def test_a_missing_part_is_said_to_be_missing(page: str, sentence: str) -> None:
    assert sentence in render(EMPTY).decode()
    assert sentence not in page


def test_what_an_early_exit_saves_stands_beside_what_all_timesteps_take(data: ReportData) -> None:
    rows = {what: (whole, early) for what, whole, early in exit_rows(data.early_exit, data.estimates)}
    assert rows["timesteps"] == ("4", "2.25")
    assert rows["right answers"] == ("95.0%", "90.0%")
    assert rows["synaptic operations"] == ("2,468", "1,234")
    named = {name.removeprefix("dynamic energy, ") for name in rows if name.startswith("dynamic")}
    assert named == {each.profile.name for each in data.estimates if each.dynamic is not None}


def test_a_verdict_that_proves_nothing_does_not_look_like_one_that_does() -> None:
    statuses = ("EXACT", "WITHIN_TOLERANCE", "MISMATCH", "NOT_PROVEN", "NOT_RUN", "SOMETHING_NEW")
    page = render(replace(EMPTY, verdicts=tuple(verdict(status) for status in statuses))).decode()
    badges = {status: (look, sign) for look, sign, status in re.findall(r'badge (\w+)">(.) (\w+)<', page)}
    assert [badges[status][0] for status in statuses] == ["pass", "close", "fail", "open", "open", "open"]
    assert len({badges[status][1] for status in statuses[:5]}) == 5


def test_hostile_names_are_shown_as_text() -> None:
    raster = sample_raster(network().graph, simulate(network(), np.ones((2, 1, 2, 6, 6), np.int64)), 0, HOSTILE)
    nasty = ReportData(
        title=HOSTILE,
        summary={HOSTILE: HOSTILE},
        config={HOSTILE: {HOSTILE: HOSTILE}},
        epochs=({"epoch": 1, "loss": 1.0, f"loss {HOSTILE}": 1.0, "firing_rate": {HOSTILE: 0.5}},),
        confusion=Confusion((HOSTILE, "数字 $x$"), np.eye(2, dtype=int), HOSTILE),
        rasters=(replace(raster, classes=(HOSTILE, "b", "c"), layers={HOSTILE: np.eye(3)}),),
        energy_source=HOSTILE,
        verdicts=(verdict(HOSTILE, reason=HOSTILE, target=HOSTILE, runtime=HOSTILE),),
        environment={HOSTILE: HOSTILE},
        early_exit=EarlyExit(
            HOSTILE, 2, HOSTILE, 1.5, 0.5, (0.5, 1.0), (1, 1), ((1.0, 0.5),), HOSTILE, {HOSTILE: (1.0, 0.5)}, (1.0, 2.0)
        ),
    )
    page = render(nasty).decode()
    found = parsed(page)
    assert "<script" not in page
    assert "script" not in found.tags
    assert found.errors == []
    assert page.count("&lt;script&gt;") >= 12
    assert "数字 $x$" in page


def test_odd_metrics_are_drawn_as_far_as_they_are_numbers() -> None:
    epochs = ({"epoch": 1, "loss": float("nan")}, {"epoch": 2, "loss": 1.0, "accuracy": None}, {"loss": True})
    page = render(replace(EMPTY, epochs=epochs)).decode()
    assert ">Loss<" in page
    assert ">Accuracy<" not in page


def test_many_classes_are_shown_as_shades() -> None:
    classes = tuple(f"class number {n}" for n in range(30))
    page = render(replace(EMPTY, confusion=Confusion(classes, np.full((30, 30), 777)))).decode()
    assert ">777<" not in page
    assert "class number 0" in page
    assert "class number 1<" not in page


def test_a_confusion_matrix_of_another_size_is_refused() -> None:
    with pytest.raises(DataError, match=r"shape \(2, 2\), wanted \(3, 3\)"):
        Confusion(("a", "b", "c"), np.eye(2))


def test_a_raster_of_an_absent_sample_is_refused() -> None:
    trace = simulate(network(), np.ones((2, 1, 2, 6, 6), np.int64))
    with pytest.raises(DataError, match="no sample 1; there are 1"):
        sample_raster(network().graph, trace, 1, "")


@pytest.mark.parametrize("neurons", [1, ROWS, ROWS + 1, 1000])
def test_grouping_neurons_loses_no_spike(neurons: int) -> None:
    spikes = np.eye(neurons, dtype=np.int64)[:: max(1, neurons // 7)]
    rows = grouped(spikes)
    assert rows.shape == (min(neurons, ROWS), len(spikes))
    assert (rows.max(0) > 0).all()


def test_a_spiking_output_has_no_readout() -> None:
    nodes = (Input("x", (), (3,)), Dense("d", (Ref("x"),), np.full((2, 3), 10)), Cuba("c", (Ref("d"),), 4096, 0, 5))
    graph = IntGraph(Graph(nodes))
    raster = sample_raster(graph.graph, simulate(graph, np.ones((2, 1, 3), np.int64)), 0, "r")
    assert raster.readout is None
    page = render(replace(EMPTY, rasters=(raster,))).decode()
    assert "input: 3 neurons, 6 spikes" in page


def test_what_was_compared_is_said_in_words() -> None:
    assert compared({"status": "NOT_RUN", "values": 0}) == "nothing"
    facts = {"samples": 2, "values": 10, "largest_difference": 1e-7, "not_exposed": ["a.current"]}
    text = "2 samples, 10 values, largest difference 1e-07, not given out by this runtime: a.current"
    assert compared(facts) == text


def test_settings_are_flattened() -> None:
    found = flat({"a": {"b": [1, (2, 3)], "c": None}, "d": [], "e": ""})
    assert found == {"a.b": "1, 2, 3", "a.c": "none", "d": "none", "e": "none"}


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (12345.6, "12,346"), (0.1234, "0.123"), (None, "–"), (3.0, "3"), (999.4, "999")]
)
def test_numbers_are_short(value: float | None, text: str) -> None:
    assert number_text(value) == text
