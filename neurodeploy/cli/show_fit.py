"""What a person sees of a placement."""

from __future__ import annotations

from neurodeploy.cli.show import Result, _table


def fit_code(result: Result) -> int:
    """0 when it fits every profile, or with --all at least one; else 4 when it does not fit one, 5 when unknown."""
    found = [each["answer"] for each in result["fits"]]
    if result["every"] and "fits" in found:
        return 0
    return 4 if "does not fit" in found else 5 if "unknown" in found else 0


def fit(result: Result) -> None:
    """One row for each profile, then its layers, what is too much, and what nobody knows."""
    print(f"Does {result['source']} fit? Capacity alone, an estimate; the makers' compilers have the last word.")
    _table(result["table"]["columns"], result["table"]["rows"])
    for name in result["not_placed"]:
        print(f"{name}: not placed, the profile has no limits of cores")
    for found in result["fits"]:
        _one_fit(found)


def _one_fit(found: Result) -> None:
    print(f"\n{found['profile']}: {found['answer']}")
    columns = ("neurons", "weights", "stored", "weight_bits", "state_bits", "delay_steps", "biases", "cores", "cut")
    rows = [(layer["layer"], *(_amount(layer[name]) for name in columns)) for layer in found["layers"]]
    _table(("layer", *(name.replace("_", " ") for name in columns)), rows)
    _cores(found["cores"])
    for name, use in found["totals"].items():
        print(f"{name}: {_amount(use['amount'])} of {_amount(use['limit'])}")
    for reason in found["reasons"]:
        print(f"unknown because: {reason}")
    for each in found["violations"]:
        detail = f" ({each['detail']})" if each["detail"] else ""
        change = each["smallest_change"]
        way = f"; would keep it: {change['text']}" if change else ""
        print(
            f"too much: {each['layer']}: {each['limit']} is {each['value']:,}, allowed {each['allowed']:,}{detail}{way}"
        )
    for change in found["changes"]:
        print(f"would fit with: {change['text']}")
    for name, why in found["unknown"].items():
        print(f"unknown number: {name}: {why}")
    for note in found["notes"]:
        print(f"note: {note}")


def _cores(cores: list[Result]) -> None:
    """How full the cores are; neighbours that are equally full in one row."""
    if not cores or cores[0]["layer"] == "network":
        return
    names = list(cores[0]["uses"])
    rows: list[list[str]] = []
    last: tuple[object, ...] = ()
    for core in cores:
        fill = (core["layer"], *(_fill(core["uses"][name]) for name in names))
        if rows and fill == last:
            first = rows[-1][0].partition("-")[0]
            rows[-1][0], rows[-1][2] = (
                f"{first}-{core['index']}",
                f"{rows[-1][2].partition(' ... ')[0]} ... {core['part']}",
            )
        else:
            rows.append([str(core["index"]), core["layer"], core["part"], *map(str, fill[1:])])
        last = fill
    _table(("core", "layer", "holds", *(name.replace("_", " ") for name in names)), rows)


def _fill(use: Result) -> str:
    """Amount and share of the limit."""
    if use["amount"] is None:
        return "?"
    share = "limit ?" if use["share"] is None else f"{use['share']:.0%}"
    return f"{use['amount']:,} ({share})"


def _amount(value: object) -> str:
    return "?" if value is None else f"{value:,}" if isinstance(value, int) else str(value)
