"""Estimates and counts as plain values: for JSON, for tables, for comparison. Nothing is printed here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Final

from neurodeploy.energy.bit_budget import bit_budget
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line
from neurodeploy.energy.priced import Refused
from neurodeploy.profile import Quantity

SCHEMA_VERSION: Final = 1
LABEL: Final = "estimate"
"""Every figure carries this word: nothing here was measured on the chip with this network."""

AFFINE: Final = "affine"
"""The model that needs no mention."""

Row = dict[str, Any]
"""Column -> text, number or None."""

SCALES: Final = ((1e12, "J"), (1e9, "mJ"), (1e6, "µJ"), (1e3, "nJ"), (1.0, "pJ"))


def energy_text(energy_pj: int | float | None) -> str:
    """`energy_pj` with three digits and a fitting unit; a dash for None."""
    if energy_pj is None:
        return "–"
    scale, unit = next(((scale, unit) for scale, unit in SCALES if energy_pj >= scale), SCALES[-1])
    return f"{energy_pj / scale:.3g} {unit}"


def range_text(energy: Energy | None) -> str:
    """Low and high end, or "none given" where no source gives an interval."""
    if energy is None:
        return "–"
    same = energy.low == energy.high
    return "none given" if same else f"{energy_text(energy.low)} – {energy_text(energy.high)}"


def as_dict(estimate: Estimate) -> dict[str, Any]:
    """The whole estimate, ready for JSON; energies in pJ per inference."""
    profile = estimate.profile
    return {
        "schema_version": SCHEMA_VERSION,
        "label": LABEL,
        "model": estimate.model,
        "options": dict(estimate.options),
        "profile": profile.name,
        "title": profile.title,
        "process": profile.process,
        "boundary": profile.boundary,
        "stand_in": profile.stand_in,
        "unit": "pJ per inference",
        "samples": estimate.samples,
        "steps": estimate.steps,
        "duration_s": estimate.duration_s,
        "duration_of": estimate.duration_of,
        "too_large": estimate.too_large,
        "dynamic": _energy(estimate.dynamic),
        "static": _energy(estimate.static),
        "overhead": _energy(estimate.overhead),
        "total": _energy(estimate.total),
        "lines": as_rows(estimate),
        "amounts": [asdict(amount) for amount in estimate.amounts],
        "not_covered": [asdict(item) for item in estimate.not_covered],
        "included": dict(estimate.included),
        "assumptions": list(estimate.assumptions),
        "notes": list(profile.notes),
        "constants": constants(estimate),
    }


def _energy(energy: Energy | None) -> dict[str, float] | None:
    return None if energy is None else asdict(energy)


def as_rows(estimate: Estimate) -> list[Row]:
    """One row for each priced line, dynamic first."""
    return [_row(line) for line in (*estimate.lines, *estimate.power_lines)]


def _row(line: Line) -> Row:
    return {
        "node": line.node,
        "term": line.term,
        "amount": line.amount,
        "price": line.price.value,
        "unit": line.price.unit,
        "low_pj": line.energy.low,
        "energy_pj": line.energy.mid,
        "high_pj": line.energy.high,
        "source": line.price.source,
    }


def constants(estimate: Estimate) -> list[Row]:
    """Where every number that was used comes from: prices, powers, and the time where the profile gives it."""
    profile = estimate.profile
    found = dict(estimate.constants)
    if estimate.power_lines and profile.time_per_step is not None:
        found["timing.step"] = profile.time_per_step
    if "power.clock" in found and profile.clock is not None:
        found["timing.clock"] = profile.clock
    return [constant(profile.name, key, quantity) for key, quantity in found.items()]


def constant(profile: str, key: str, quantity: Quantity) -> Row:
    """One number of a profile with where it comes from, ready for JSON."""
    row = asdict(quantity)
    row["interval"] = None if quantity.interval is None else list(quantity.interval)
    row["includes"] = list(quantity.includes)
    return {"profile": profile, "key": key, **row}


def compare(estimates: Sequence[Estimate]) -> list[Row]:
    """One row for each profile, in the order given; energies in pJ per inference, None where unknown."""
    return [
        {
            "profile": estimate.profile.name,
            "model": estimate.model,
            "stand_in": estimate.profile.stand_in,
            "boundary": estimate.profile.boundary,
            "dynamic": estimate.dynamic,
            "static": estimate.static,
            "total": estimate.total,
            "duration_s": estimate.duration_s,
            "duration_of": estimate.duration_of,
            "static_of": static_of(estimate),
            "too_large": estimate.too_large,
            "not_covered": [item.term for item in estimate.not_covered if item.amount is not None],
        }
        for estimate in estimates
    ]


def static_of(estimate: Estimate) -> str:
    """What the static power is of, where that is not the boundary of the dynamic energy."""
    power = estimate.profile.static
    return "" if power is None or power.scope == estimate.profile.boundary else power.scope


def static_text(static: Energy | None, scope: str = "") -> str:
    """Static energy with its interval, and what it is of where the dynamic energy is of something smaller."""
    if static is None:
        return "not covered"
    ends = f" ({range_text(static)})" if static.low != static.high else ""
    return f"{energy_text(static.mid)}{ends}{f', {scope}' if scope else ''}"


def duration_text(duration_s: float | None, of: str) -> str:
    """Time of one inference and what it is taken from; times of different origin make static energies that differ."""
    return "unknown" if duration_s is None else f"{duration_s * 1e3:.4g} ms{f' ({of})' if of else ''}"


def energy_table(
    estimates: Sequence[Estimate], refused: Sequence[Refused] = ()
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(column names, rows of text) for a terminal: one row for each profile; all figures are estimates.

    Args:
        refused: profiles without a figure; their rows say why.
    """
    columns = ("profile", "boundary", "dynamic", "interval", "static", "time", "not priced")
    rows = [_text_row(row) for row in compare(estimates)]
    return columns, rows + [_refused_row(each) for each in refused]


def _refused_row(each: Refused) -> tuple[str, ...]:
    name = titled(each.profile.name, each.profile.stand_in, each.model)
    return (name, each.profile.boundary, "refused", "–", "–", "–", f"refused: {each.reason}")


def titled(profile: str, stand_in: bool, model: str = AFFINE, too_large: str = "") -> str:
    """The name of a profile with what a reader must not overlook."""
    words = ["stand-in"] * stand_in + [f"model {model}"] * (model != AFFINE)
    words += [f"too small: {too_large}"] if too_large else []
    return f"{profile} ({', '.join(words)})" if words else profile


def _text_row(row: Row) -> tuple[str, ...]:
    dynamic, static, duration = row["dynamic"], row["static"], row["duration_s"]
    return (
        titled(row["profile"], row["stand_in"], row["model"], row["too_large"]),
        row["boundary"],
        "not covered" if dynamic is None else energy_text(dynamic.mid),
        range_text(dynamic),
        static_text(static, row["static_of"]),
        duration_text(duration, row["duration_of"]),
        ", ".join(row["not_covered"]) or "nothing",
    )


def counts_dict(counts: Counts) -> dict[str, Any]:
    """Counts and bit budget, ready for JSON: means per inference, stored and non-zero weights apart."""
    layers = bit_budget(counts)
    return {
        "schema_version": SCHEMA_VERSION,
        "samples": counts.samples,
        "steps": counts.steps,
        "timestep_us": counts.timestep_us,
        "nodes": [_node_row(counts, index) for index in range(len(counts.nodes))],
        "bit_budget": [
            {**asdict(layer), "budget": layer.budget, "s_ace": layer.dense, "ns_ace": layer.spiking} for layer in layers
        ],
    }


def _node_row(counts: Counts, index: int) -> Row:
    node, samples = counts.nodes[index], counts.samples
    work = {
        name: {"stored": uses.stored / samples, "nonzero": uses.nonzero / samples} for name, uses in node.work.items()
    }
    return {
        "name": node.name,
        "kind": node.kind,
        "neurons": node.neurons,
        "weight_bits": node.weight_bits,
        "work": work,
        "values_in": node.values_in / samples,
        "values_out": node.values_out / samples,
        "active_updates": node.active_updates / samples,
        "wraps": node.wraps / samples,
        "saturations": node.saturations / samples,
        "silent_share": node.silent,
        "saturated_share": node.saturated(counts.steps * samples),
        "input_rate": counts.rate(node.name),
    }
