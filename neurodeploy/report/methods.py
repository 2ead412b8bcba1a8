"""A paragraph on how the figures came about, ready for a paper: model, boundary, data, constants, what is left out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy import Counts, Estimate
from neurodeploy.energy.models import MODELS
from neurodeploy.energy.report import AFFINE, energy_text, range_text
from neurodeploy.report.ann_charts import comparable
from neurodeploy.report.citations import Reference, bibtex, cite, cited, footnote, named, uncited
from neurodeploy.report.data import ReportData
from neurodeploy.report.tex import tex
from neurodeploy.report.text import number_text, time_text

AT_ONCE: Final = 2
"""Profiles that the paragraph describes where none was asked for; more would be no paragraph."""

AROUND: Final = {"overhead": "power of everything around the chip", "static": "static power"}
"""Words for what no layer does."""


MATHS: Final = (
    r"$E = (P_\mathrm{static} + P_\mathrm{clock} f)\,t + \sum_{n} \sum_{k} N_{n,k}\,e_k$, with $N_{n,k}$ units of work "
    r"$k$ in node $n$, $e_k$ the energy of one unit, and $t$ the time of an inference"
)
"""The affine model's formula as LaTeX sets it."""


@final
@dataclass(frozen=True)
class Sentence:
    """A sentence without its full stop, and the sources that it rests on."""

    text: str
    sources: tuple[str, ...] = ()


@final
@dataclass(frozen=True)
class Methods:
    """The paragraph, as plain text and as LaTeX, and what it cites.

    Args:
        uncited: sources that name no publication; LaTeX has them as footnotes.
    """

    text: str
    latex: str
    bibtex: str
    cited: tuple[Reference, ...]
    uncited: tuple[str, ...]


def methods(data: ReportData) -> Methods | None:
    """The paragraph; None where nothing was estimated."""
    if data.counts is None or not data.estimates:
        return None
    sentences = list(_sentences(data, data.counts))
    sources = [source for sentence in sentences for source in sentence.sources]
    found = cited(sources)
    return Methods(
        text=" ".join(map(_plain, sentences)),
        latex="\n".join(map(_latex, sentences)) + "\n",
        bibtex=bibtex(found),
        cited=found,
        uncited=uncited(sources),
    )


def described(data: ReportData) -> tuple[Estimate, ...]:
    """The estimates that the paragraph is about: those asked for, or the first few that are no stand-in."""
    if data.drawn:
        return data.shown
    return tuple(sorted(data.shown, key=lambda each: each.profile.stand_in)[:AT_ONCE])


def _plain(sentence: Sentence) -> str:
    found = cited(sentence.sources)
    words = f" ({named(found)})" if found else ""
    return f"{sentence.text}{words}."


def _latex(sentence: Sentence) -> str:
    text = tex(sentence.text).replace(tex(MODELS[AFFINE].formula), MATHS)
    return f"{text}{cite(cited(sentence.sources))}.{footnote(sentence.sources)}"


def _sentences(data: ReportData, counts: Counts) -> Iterator[Sentence]:
    version = (data.environment or {}).get("neurodeploy", "")
    model = MODELS[AFFINE]
    yield Sentence(
        f"The energy of one inference of the network {data.title} was estimated, not measured, with neurodeploy "
        f"{version} under an affine model, {model.formula}".replace("  ", " ")
    )
    yield from _work(data, counts)
    for estimate in described(data):
        yield from _profile(estimate)
    yield from _others(data)
    yield Sentence(
        "Intervals span what the sources give; where they give none, the true uncertainty is larger than shown"
    )


def _work(data: ReportData, counts: Counts) -> Iterator[Sentence]:
    bits = sorted({node.weight_bits for node in counts.nodes if node.macs})
    widths = " and ".join(str(width) for width in bits)
    step = "" if counts.timestep_us is None else f" of {time_text(counts.timestep_us * 1e-6)}"
    source = f" ({data.energy_source})" if data.energy_source else ""
    yield Sentence(
        f"Its deployed integer network (weights of {widths or 'no'} bits, T = {counts.steps:g} timesteps{step}) was "
        f"simulated on {counts.samples:,} recordings{source}, and every stored weight that met a non-zero value was "
        "counted, with borders, strides and groups"
    )
    names = {
        "accumulate": "accumulates",
        "multiply_accumulate": "multiply-accumulates",
        "neuron_update": "neuron updates",
        "spike": "spikes",
    }
    amounts = [f"{number_text(counts.mean(key)[0])} {name}" for key, name in names.items()]
    yield Sentence(f"The mean of one inference is {', '.join(amounts[:-1])} and {amounts[-1]}")


def _profile(estimate: Estimate) -> Iterator[Sentence]:
    profile = estimate.profile
    stand_in = "; a stand-in: the constants are those of another chip" if profile.stand_in else ""
    items = [
        f"{key.partition('.')[2].replace('_', ' ')}{' power' if key.startswith('power') else ''} "
        f"{quantity.value:g} {quantity.unit} ({quantity.scope}, {quantity.kind})"
        for key, quantity in estimate.constants.items()
    ]
    sources = tuple(quantity.source for quantity in estimate.constants.values())
    yield Sentence(
        f"For {profile.title} ({profile.process}; boundary: {profile.boundary}{stand_in}) the constants are "
        f"{', '.join(items)}",
        sources,
    )
    dynamic, static = estimate.dynamic, estimate.static
    words = "no dynamic energy, as its work has no price"
    if dynamic is not None:
        words = f"a dynamic energy of {energy_text(dynamic.mid)} (interval: {range_text(dynamic)})"
    time = "" if estimate.duration_s is None else f" over {time_text(estimate.duration_s)}"
    rest = "a static energy that is unknown"
    if static is not None:
        rest = f"a static energy of {energy_text(static.mid)}{time} (interval: {range_text(static)})"
    yield Sentence(f"This gives {words}, and {rest}")
    left = [_left_out(item.term, item.amount) for item in estimate.not_covered if item.term != "other"]
    left += [item.reason for item in estimate.not_covered if item.term == "other"]
    if left:
        yield Sentence(f"Not covered on {profile.title}: {'; '.join(dict.fromkeys(left))}")


def _left_out(term: str, amount: float | None) -> str:
    words = AROUND.get(term, term.replace("_", " "))
    return words if amount is None else f"{words} ({number_text(amount)} per inference)"


def _others(data: ReportData) -> Iterator[Sentence]:
    """What an ordinary network of the same layers would take, where a profile has prices for both."""
    found = comparable(data.comparisons)
    if data.comparisons and not found:
        yield Sentence("No profile has prices for both this network and an ordinary one (ANN) of the same layers")
    for each in found[:AT_ONCE]:
        if each.snn is None or each.ann is None:
            continue
        model = "" if each.model == AFFINE else f", model {each.model}"
        yield Sentence(
            f"An ordinary network of the same layers (ANN, {each.bits} bits, every product dense and once) takes "
            f"{energy_text(each.ann.mid)} (interval: {range_text(each.ann)}) on {each.profile.title}{model}, where "
            f"this network takes {energy_text(each.snn.mid)} (interval: {range_text(each.snn)}): {each.verdict}",
            tuple(quantity.source for quantity in each.profile.ann.values()),
        )
