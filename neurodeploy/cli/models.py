"""`energy --model`: options, and what a person sees of models, of the ordinary network, of time and memory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from neurodeploy.cli import show
from neurodeploy.cli.show import Result, _table

ModelNames = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        help="affine (default), arithmetic, memory, bit-budget, step, movement, cycles or naive; may be repeated.",
    ),
]
ModelOptions = Annotated[
    list[str] | None,
    typer.Option("--option", help="key=value or MODEL.key=value: a choice of a model, e.g. memory.sram=linear."),
]
Ann = Annotated[bool, typer.Option("--ann", help="Compare with an ordinary network of the same layers.")]
Latency = Annotated[bool, typer.Option("--latency", help="Time of one inference, and memory.")]

MEMORY = {"state_bit_read", "state_bit_write", "weight_bit_read"}

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def energy(ann: bool, latency: bool) -> Callable[[Result], None]:
    """What `energy` prints."""
    return partial(_energy, ann=ann, latency=latency)


def _energy(result: Result, ann: bool, latency: bool) -> None:
    show.energy(result)
    _other_models(result)
    if ann:
        _comparisons(result["ann"])
    if latency:
        _latencies(result["latency"])


def _other_models(result: Result) -> None:
    """What models other than the default are, what was chosen and assumed, and amounts that are no energy."""
    for name, model in result["models"].items():
        if name != "affine":
            print(f"model {name}: {model['title']}. {model['formula']}. Boundary: {model['boundary']}.")
            print(f"  left out: {'; '.join(model['omits'])}. Source: {model['source']}.")
    for estimate in result["estimates"]:
        if estimate["model"] == "affine":
            continue
        if estimate["assumptions"]:
            print(f"{estimate['profile']}, model {estimate['model']}: {' '.join(estimate['assumptions'])}")
        units = dict.fromkeys((amount["unit"], amount["term"]) for amount in estimate["amounts"])
        for unit, term in units:
            whole = sum(a["mid"] for a in estimate["amounts"] if (a["unit"], a["term"]) == (unit, term))
            print(f"  {term}: {whole:,.0f} {unit}")


def _comparisons(found: list[Result]) -> None:
    """One line for each profile and width; layers where both sides have a price."""
    rows = [(c["profile"], c["model"], f"{c['bits']} bits", _pj(c["snn"]), _pj(c["ann"]), c["verdict"]) for c in found]
    print("Beside an ordinary network of the same layers, every product once (estimates, dynamic energy)")
    _table(("profile", "model", "ANN values", "SNN", "ANN", "verdict"), rows)
    bare = [c["profile"] for c in found if c["snn"] and c["ann"] and {i["term"] for i in c["not_covered"]} & MEMORY]
    for name in dict.fromkeys(bare):
        print(f"{name}: accesses to memory have no price here, so arithmetic alone is compared")
    for each in found:
        known = [layer for layer in each["layers"] if layer["break_even_rate"] is not None]
        for layer in known:
            print(f"{each['profile']}, {each['model']}, {each['bits']} bits: {layer['name']}: {_rate(layer)}")


def _rate(layer: Result) -> str:
    even = layer["break_even_rate"]
    if even == 0:
        return f"rate {layer['rate']:.2%}; the ordinary layer is cheaper at any rate"
    cheaper = "spiking" if layer["rate"] < even else "ordinary"
    return f"rate {layer['rate']:.2%}, break-even {even:.2%}: the {cheaper} layer is cheaper"


def _latencies(found: list[Result]) -> None:
    """Time where it is known, why not where it is not; bytes once."""
    rows = [(e["profile"], _span(e["step_s"]), _span(e["inference_s"]), e["bottleneck"], _why(e)) for e in found]
    print("Time of one inference (estimates)")
    _table(("profile", "timestep", "inference", "most of a step", "notes"), rows)
    for sizes in dict.fromkeys((e["weight_bytes"], e["state_bytes"], e["buffer_bytes"]) for e in found):
        print("memory: {:,} bytes of weights, {:,} of states, {:,} of values of one timestep".format(*sizes))


def _why(row: Result) -> str:
    return " ".join(row["notes"])


def _pj(energy: dict[str, Any] | None) -> str:
    from neurodeploy.energy.report import energy_text  # here and not above: `--help` prices nothing

    if energy is None:
        return "not covered"
    low, mid, high = (energy_text(energy[end]) for end in ("low", "mid", "high"))
    return mid if low == high else f"{mid} ({low} – {high})"


def _span(ends: list[float] | None) -> str:
    if ends is None:
        return "unknown"
    low, _, high = map(_seconds, ends)
    return low if low == high else f"{low} – {high}"


def _seconds(value: float) -> str:
    scale, unit = next(((scale, unit) for scale, unit in UNITS if value >= scale), UNITS[-1])
    return f"{value / scale:.3g} {unit}"
