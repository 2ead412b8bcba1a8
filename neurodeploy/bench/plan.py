"""What a comparison trains: seeds, profiles, common settings, and the rows of the table."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from neurodeploy.config import read_toml
from neurodeploy.errors import ConfigError

COMMANDS = ("train", "tune", "compress", "prune", "early-exit", "distill-data")
"""What a row may consist of; a comparison within a comparison might be the same one, without end."""
TRAIN = "train {settings} seed={seed} --out {out}"
PLACE = re.compile(r"\{([^{}]*)\}")


@final
@dataclass(frozen=True)
class Row:
    """One method of the table.

    Args:
        name: unique; its folder is made of its letters and digits.
        commands: neurodeploy command lines without the program's name, done one after the other. `{settings}` stands
            for the settings as key=value words, `{data}` for those of them that are about data, `{seed}`, `{out}`
            (folder of this row and seed), `{run}` (the run that the commands before it made), `{run of NAME}` (of
            another row, same seed).
        settings: of a training, on top of those of the plan.
    """

    name: str
    commands: tuple[str, ...] = (TRAIN,)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """Name of the folder of this row."""
        return re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")

    @property
    def stops_early(self) -> bool:
        """Whether what is measured is inferences that end early."""
        return shlex.split(self.commands[-1])[0] == "early-exit"

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the rows whose runs the commands take."""
        marks = [mark for command in self.commands for mark in PLACE.findall(command)]
        return tuple(dict.fromkeys(mark.removeprefix("run of ") for mark in marks if mark.startswith("run of ")))


@final
@dataclass(frozen=True)
class Plan:
    """A comparison.

    Args:
        seeds: every row is trained with each of them.
        profiles: hardware for which energy is estimated; the first is that of the plot.
        settings: of every training, a tree as in a training configuration.
        rows: in the order of the table.
        more: key=value, on top of the settings of every row.
    """

    seeds: tuple[int, ...]
    profiles: tuple[str, ...]
    settings: Mapping[str, Any]
    rows: tuple[Row, ...]
    more: tuple[str, ...] = ()

    def words(self, row: Row) -> list[str]:
        """The settings of a row as key=value."""
        return [*_words({**_flat(self.settings), **_flat(row.settings)}), *self.more]

    def data_words(self, row: Row) -> list[str]:
        """Those that say which recordings, and how they become frames."""
        return [word for word in self.words(row) if word.startswith(("dataset=", "data."))]


def read_plan(path: Path, words: Sequence[str] = (), seeds: Sequence[int] = ()) -> Plan:
    """The comparison described by a TOML file: seeds, profiles, [settings], and a [[method]] for each row.

    Args:
        words: key=value settings that win over those of every row.
        seeds: instead of those in the file; empty: those.
    Raises:
        ConfigError, DataError: the file is missing or no such description.
    """
    tree = read_toml(path)
    _known(tree, ("seeds", "profiles", "settings", "method"), "")
    seeds = list(seeds) or tree.get("seeds", [0])
    whole = isinstance(seeds, list) and all(type(seed) is int and 0 <= seed < 2**63 for seed in seeds) and seeds
    _check("seeds", seeds, whole and len({*seeds}) == len(seeds), "a list of integers 0..2**63 - 1, none of them twice")
    profiles = tree.get("profiles", ["loihi1", "cmos45"])
    texts = isinstance(profiles, list) and all(isinstance(p, str) for p in profiles) and profiles
    _check("profiles", profiles, texts, "a list of names of profiles")
    settings = tree.get("settings", {})
    _check("settings", settings, isinstance(settings, dict), "a table")
    methods = tree.get("method", [])
    _check("method", methods, isinstance(methods, list) and methods, "at least one [[method]]")
    for word in words:
        _check(word, word, re.match(r"[^=]+=", word), "key=value, for instance train.epochs=10")
    rows = tuple(_row(place, each) for place, each in enumerate(methods))
    _check_rows(rows)
    return Plan(tuple(seeds), tuple(profiles), settings, rows, tuple(words))


def _row(place: int, tree: Any) -> Row:
    key = f"method[{place}]"
    _check(key, tree, isinstance(tree, dict), "a table")
    _known(tree, ("name", "commands", "settings"), f"{key}.")
    name, commands = tree.get("name"), tree.get("commands", [TRAIN])
    _check(
        f"{key}.name", name, isinstance(name, str) and re.search("[a-zA-Z0-9]", name), "a name with letters or digits"
    )
    texts = isinstance(commands, list) and all(isinstance(c, str) and _splits(c) for c in commands) and commands
    _check(f"{key}.commands", commands, texts, "a list of neurodeploy command lines")
    settings = tree.get("settings", {})
    _check(f"{key}.settings", settings, isinstance(settings, dict), "a table")
    for command in commands:
        known = shlex.split(command)[0] in COMMANDS
        _check(f"{key}.commands", command, known, f"command lines that begin with {', '.join(COMMANDS)}")
    for mark in (mark for command in commands for mark in PLACE.findall(command)):
        known = mark in ("settings", "data", "seed", "out", "run") or mark.startswith("run of ")
        _check(f"{key}.commands", f"{{{mark}}}", known, "{settings}, {data}, {seed}, {out}, {run} or {run of NAME}")
    return Row(str(name), tuple(commands), settings)


def _check_rows(rows: tuple[Row, ...]) -> None:
    before: dict[str, str] = {}
    for row in rows:
        _check("method.name", row.name, row.folder not in before.values(), "a name that differs from the others")
        for needed in row.needs:
            _check("method.commands", f"{{run of {needed}}}", needed in before, "the name of a method further up")
        before[row.name] = row.folder


def _splits(command: str) -> bool:
    try:
        return bool(shlex.split(command))
    except ValueError:
        return False


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {prefix + key: value}
    return found


def _words(flat: Mapping[str, Any]) -> list[str]:
    return [f"{key}={_toml(value)}" for key, value in flat.items()]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)


def _known(tree: Mapping[str, Any], allowed: tuple[str, ...], prefix: str) -> None:
    for key in tree:
        _check(prefix + key, "an unknown key", key in allowed, ", ".join(allowed))


def _check(key: str, found: Any, fits: Any, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed)
