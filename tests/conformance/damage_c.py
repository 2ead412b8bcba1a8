"""Damage to the generated C: to stored numbers, to the statements of neurons, to the ways of spikes, and to bytes."""

import re
from collections.abc import Callable
from pathlib import Path

from damage import Damage, truncated

SOURCE = "conformance.c"
"""The network's name in the suite is "conformance"; every name in the file starts with it."""

ONCE = "every copy is compiled, which takes its time: one network that has the thing is enough"
NUMBER = re.compile(r"-?\d+")
NEURONS = ("lif1", "cuba2", "cuba3")
LIMIT = r"(if \(v > )(\d+)(\) \{\s+)(v (?:= 0|-= \d+);)(?=\s+spikes)"
"""Where a neuron fires: condition, then what the voltage becomes."""


def text(edit: Callable[[str], str]) -> Callable[[Path, str], bool]:
    def change(folder: Path, runtime: str) -> bool:
        path = folder / SOURCE
        old = path.read_text()
        path.write_text(edit(old))
        return path.read_text() != old

    return change


def within(
    start: str, end: str, pattern: str, new: str | Callable[[re.Match[str]], str]
) -> Callable[[Path, str], bool]:
    """The first `pattern` between `start` and the next `end`."""

    def edit(source: str) -> str:
        found = re.search(start, source)
        if found is None:
            return source
        stop = source.index(end, found.end())
        inner = re.sub(pattern, new, source[found.end() : stop], count=1)
        return source[: found.end()] + inner + source[stop:]

    return text(edit)


def function(name: str, pattern: str, new: str | Callable[[re.Match[str]], str]) -> Callable[[Path, str], bool]:
    """The first `pattern` in the definition of a function."""
    return within(rf"conformance_{name}\([^;{{]*\)\n\{{", "\n}\n", pattern, new)


def array(name: str, edit: Callable[[list[int]], list[int]]) -> Callable[[Path, str], bool]:
    """The numbers of a stored array."""

    def rewritten(found: re.Match[str]) -> str:
        values = [int(word) for word in NUMBER.findall(found[0])]
        return ", ".join(map(str, edit(values)))

    return within(rf"{name}\[\d+\] = \{{", "};", r"(?s).+", rewritten)


def changed(place: int, step: int) -> Callable[[list[int]], list[int]]:
    def edit(values: list[int]) -> list[int]:
        nonzero = [index for index, value in enumerate(values) if value]
        values[nonzero[place]] += step
        return values

    return edit


def exchanged(values: list[int]) -> list[int]:
    """The first number and the last that differs from it."""
    other = next(index for index in range(len(values) - 1, 0, -1) if values[index] != values[0])
    values[0], values[other] = values[other], values[0]
    return values


def limit(step: int) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}{int(found[2]) + step}{found[3]}{found[4]}"


def other_reset(found: re.Match[str]) -> str:
    """Zero becomes what the threshold leaves, and the other way round."""
    return found[1] + found[2] + found[3] + (f"v -= {found[2]};" if found[4] == "v = 0;" else "v = 0;")


def less(found: re.Match[str]) -> str:
    """A factor one smaller; of a product that is none, one is taken off."""
    return f"{found[1]}{int(found[2]) - 1}"


DAMAGES = [
    *(Damage("weight", f"first of array {n}", array(f"weights_{n}", changed(0, 1))) for n in range(4)),
    *(Damage("weight", f"last of array {n}", array(f"weights_{n}", changed(-1, -1))) for n in range(4)),
    *(Damage("edge", f"two of array {n} exchanged", array(f"weights_{n}", exchanged)) for n in range(4)),
    *(
        Damage("edge", f"nothing from {s}", function(f"spread_{s}", r"\w+_deliver_\d[^;]*;", ""))
        for s in ("input", "lif1")
    ),
    Damage("edge", "a narrower map", function("put_0", r"(sums \+= \(first_y \* )4u", r"\g<1>3u")),
    *(Damage("bias", f"of {n}", array(f"(?:bias|offset|push)_{n}", changed(0, 1))) for n in (*NEURONS, "answer")),
    Damage("threshold", "by the least step", function("fire_lif1", LIMIT, limit(-1))),
    *(Damage("threshold", f"of {name}", function(f"fire_{name}", LIMIT, limit(-64))) for name in NEURONS),
    Damage("comparison", "at least in lif1", function("fire_lif1", r"(if \(v >)( \d+\) \{\s+v [-=]= ?)", r"\1=\2")),
    Damage(
        "comparison",
        "at least before a reset to zero",
        function("fire_lif1", r"(if \(v >)( \d+\) \{\s+v = 0)", r"\1=\2"),
    ),
    *(Damage("reset", f"of {name}", function(f"fire_{name}", LIMIT, other_reset)) for name in NEURONS),
    *(
        Damage("decay", f"{what} of {name}", function(f"fire_{name}", pattern, less))
        for name in NEURONS
        for what, pattern in {
            "voltage": r"(_share\((?:voltage\[k\]|v) \* )(\d+)",
            "voltage, by a product": r"(_decay\((?:voltage\[k\]|v), )(\d+)",
            "current": r"(_share\(i \* )(\d+)",
            "current, by a shift": r"(_share\(i, )(\d+)",
        }.items()
    ),
    Damage("rounding", "shifts round down", function("share", r"\(value \+ .*\) >> shift", "value >> shift")),
    Damage("rounding", "products round down", function("decay", r"\(part \+ \(.*20\)\) >> 12", "part >> 12")),
    *(
        Damage("state", f"{n} is not reset", function("reset", rf"\w+_clear\([^;]*m->{n}_[cv]\w+, \d+u\);", ""))
        for n in NEURONS
    ),
    Damage("state", "the answer is not reset", function("reset", r"\w+_clear\([^;]*m->answer_current, \d+u\);", "")),
    Damage("delay", "read from another place", function("recall_input_1", r"- 1u", "- 0u")),
    Damage("delay", "a ring that forgets nothing", function("begin", r"\w+_clear\(m->input_bits[^;]*;", "")),
    Damage("delay", "a ring that stands still", function("finish", r"m->input_at = [^;]*;", "")),
    Damage("byte", "a digit of a weight", within(r"weights_1\[\d+\] = \{", "};", r"\d", lambda d: str(int(d[0]) ^ 1))),
    Damage("byte", "a bracket", text(lambda source: source.replace("{", "z", 1)), runs=False),
    *truncated(lambda runtime: SOURCE),
]
