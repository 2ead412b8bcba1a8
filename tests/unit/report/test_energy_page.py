"""The sections on energy, ordinary networks, time and models: complete, honest about what is refused, escaped."""

from dataclasses import replace

import pytest
from unit.report.shown import HOSTILE, all_in, counted, everything
from unit.report.test_render import parsed

from neurodeploy.energy import Energy
from neurodeploy.energy.ann import AnnComparison, AnnLayer
from neurodeploy.energy.latency import Latency
from neurodeploy.energy.priced import Refused, price_all
from neurodeploy.profile import load_profile
from neurodeploy.report import ReportData, render
from neurodeploy.report.ann_charts import ann_chart, comparable, rates_chart
from neurodeploy.report.energy_page import ann_part, latency_part, models_part


@pytest.fixture(scope="module")
def page() -> str:
    return render(everything()).decode()


def against(verdict: str, snn: float | None = 10.0, ann: float | None = 5.0, rate: float = 0.2) -> AnnComparison:
    energies = [None if mid is None else Energy(0.5 * mid, mid, 2 * mid) for mid in (snn, ann)]
    layers = (
        AnnLayer("conv", 100, 400.0, rate, 0.1),
        AnnLayer("fc", 10, 4.0, rate, 0.5),
        AnnLayer("x", 1, 1.0, rate, None),
    )
    return AnnComparison(load_profile("cmos45"), "affine", "int8", 8, *energies, layers, (), verdict)


def test_one_refused_profile_stops_no_other() -> None:
    estimates, refused = price_all(counted(), [all_in(load_profile("truenorth")), load_profile("loihi1")])
    assert [each.profile.name for each in estimates] == ["loihi1"]
    assert [each.profile.name for each in refused] == ["far"]
    assert "2 per second" not in refused[0].reason
    assert "holds within 10%" in refused[0].reason


def test_the_same_price_near_its_operating_point_is_taken() -> None:
    counts = counted()
    profile = load_profile("truenorth")
    rate = counts.mean("accumulate")[1] / (counts.steps * 1e-3)
    estimates, refused = price_all(counts, [all_in(profile, rate)])
    assert (len(estimates), len(refused)) == (1, 0)


def test_a_refused_profile_is_a_row_that_says_why(page: str) -> None:
    assert "refused: price.accumulate: this all-in number was measured at 1e+30 per second" in page


def test_a_network_that_every_profile_refuses_has_a_section_nevertheless() -> None:
    refused = (Refused(load_profile("loihi1"), "too far away"),)
    page = render(ReportData("r", {}, {}, counts=counted(), refused=refused)).decode()
    assert "refused: too far away" in page
    assert "No energy was estimated" not in page


@pytest.mark.parametrize(
    "text",
    [
        "For a paper",
        "BibTeX (",
        "@article{davies2018,",
        "~\\cite{davies2018",
        "Against an ordinary network",
        "Time and memory of one inference",
        "Other models of energy",
        "bit-budget",
        "NAIVE",
        "bit operations",
        "Beside other runs",
        "dynamic, network",
        "static, network",
    ],
)
def test_every_section_is_there(page: str, text: str) -> None:
    assert text in page


def test_the_page_is_well_formed(page: str) -> None:
    found = parsed(page)
    assert (found.errors, found.open) == ([], [])
    assert "script" not in found.tags


def test_figures_show_the_profiles_that_were_asked_for() -> None:
    data = replace(everything(), drawn=("odin",))
    assert [each.profile.name for each in data.shown] == ["odin"]
    page = render(data).decode()
    assert "Of the profiles that were asked for" in page
    assert "estimated dynamic energy by node, odin" in page
    assert "estimated dynamic energy by node, loihi1" not in page


def test_figures_without_a_choice_show_prices_of_single_events_only() -> None:
    shown = everything().shown
    assert shown
    assert {line.price.scope for each in shown for line in each.lines} == {"marginal"}


def test_where_the_spiking_network_loses_the_page_says_so() -> None:
    page = render(replace(everything(), comparisons=(against("ANN cheaper"), against("SNN cheaper")))).decode()
    assert '<span class="loses">loses in 1</span>' in page
    assert "cheaper in 1," in page
    assert '<td class="text loses" data-label="verdict">ANN cheaper</td>' in page


def test_a_layer_above_its_break_even_rate_is_one_for_the_ordinary_network() -> None:
    chart = str(rates_chart(against("ANN cheaper", rate=0.2)))
    assert (chart.count("ANN cheaper"), chart.count("SNN cheaper")) == (1, 1)
    assert (str(rates_chart(against("x", rate=0.6))).count(">ANN cheaper"), 0) == (2, 0)


def test_what_cannot_be_compared_is_named_and_not_drawn() -> None:
    lost = against("not comparable: no price for neuron_update")
    assert comparable([lost, against("SNN cheaper", ann=None)]) == ()
    assert ann_chart([lost]) is None
    found = ann_part(replace(everything(), comparisons=(lost,)))
    assert found["others"] == {"not comparable: no price for neuron_update": "cmos45"}
    assert found["rows"] == []


def test_without_any_break_even_rate_there_is_no_figure_of_rates() -> None:
    found = against("intervals overlap")
    assert rates_chart(replace(found, layers=found.layers[2:])) is None


def test_profiles_without_a_time_are_put_together_by_reason() -> None:
    def timed(name: str, ends: tuple[float, float, float] | None, note: str) -> Latency:
        rates = None if ends is None else (10.0, 20.0, 40.0)
        return Latency(load_profile(name), 4, ends, ends, rates, "a paper", "", 10, 20, 2000, None, (note,))

    found = latency_part(
        replace(
            everything(),
            latencies=(
                timed("odin", (1e-3, 2e-3, 4e-3), "n"),
                timed("loihi1", None, "why"),
                timed("speck", None, "why"),
            ),
        )
    )
    assert found["rows"] == [("odin", "4", "1 ms – 4 ms", "1 ms – 4 ms", "10 – 40", "–", "a paper. n")]
    assert found["unknown"] == {"why": "loihi1, speck"}
    assert found["held"] == [("10 B", "20 B", "2 KB")]


def test_a_bit_budget_is_of_any_hardware_and_in_its_own_unit() -> None:
    rows = [row for row in models_part(everything())["rows"] if row[0] == "bit-budget"]
    assert len(rows) == 1
    assert rows[0][1] == "any"
    assert "J" not in rows[0][2].replace("S-ACE", "").replace("NS-ACE", "")


def test_every_model_is_explained(page: str) -> None:
    for model, _ in models_part(everything())["known"]:
        assert f"<summary>{model.name}: " in page


def test_hostile_texts_of_profiles_and_nodes_are_shown_as_text() -> None:
    loihi = load_profile("loihi1")
    prices = {key: replace(q, source=HOSTILE, note=HOSTILE) for key, q in loihi.prices.items()}
    ann = {"int8": replace(loihi.prices["spike"], source=HOSTILE)}
    words = {"name": HOSTILE, "title": HOSTILE, "process": HOSTILE, "notes": (HOSTILE,), "omits": (HOSTILE,)}
    nasty = replace(loihi, **words, prices=prices, ann=ann)
    counts = counted()
    counts = replace(counts, nodes=tuple(replace(node, name=f"{HOSTILE}{i}") for i, node in enumerate(counts.nodes)))
    estimates, _ = price_all(counts, [nasty])
    found = against("SNN cheaper")
    layers = tuple(replace(layer, name=HOSTILE) for layer in found.layers)
    data = ReportData(
        HOSTILE,
        {},
        {},
        counts=counts,
        estimates=estimates,
        energy_source=HOSTILE,
        refused=(Refused(nasty, HOSTILE), Refused(nasty, HOSTILE, "memory")),
        models=estimates,
        comparisons=(
            replace(found, profile=nasty, layers=layers),
            replace(found, verdict=f"not comparable: {HOSTILE}"),
        ),
        latencies=(Latency(nasty, 4, (1.0, 1.0, 1.0), (4.0,) * 3, None, HOSTILE, HOSTILE, 1, 1, 1, 1, (HOSTILE,)),),
        skipped=HOSTILE,
        drawn=(HOSTILE,),
    )
    page = render(data).decode()
    result = parsed(page)
    assert "<script" not in page
    assert "script" not in result.tags
    assert (result.errors, result.open) == ([], [])
    assert "{{ 7*7 }}" in page
    assert page.count("&lt;script&gt;") >= 30
