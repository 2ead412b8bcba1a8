"""What a condensed data set says about itself, and which settings of `data` that decides.

A condensed data set is a folder that `neurodeploy distill-data` wrote:

condensed.json     the facts below, the settings it was made with, seconds spent, and the digests of the other files
frames.npy         uint8, (items, timesteps, 2, height, width), counts 0..levels
labels.npy         int64, (items,)
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final, get_type_hints

from neurodeploy.errors import ConfigError, DataError

FACTS, FRAMES, LABELS = "condensed.json", "frames.npy", "labels.npy"
FORMAT, VERSION = "neurodeploy condensed data set", 1
NAME = "condensed"
"""Of the data set in `data list`."""


@final
@dataclass(frozen=True)
class Source:
    """The recordings that a set was condensed from; its test split is theirs.

    Args:
        dataset, path, height, width: settings of `data` that open them; both sides 0: what the data set knows.
        content_key: of the raw recordings.
        recordings: training recordings that were condensed.
    """

    dataset: str
    path: str
    height: int
    width: int
    content_key: str
    recordings: int


@final
@dataclass(frozen=True)
class Facts:
    """A condensed data set without its frames.

    Args:
        method: how the items were made or chosen.
        classes: name of each label.
        per_class: items per class (IPC).
        levels: largest count that a cell may have (N).
        timesteps: windows of an item (T).
        duration_us: setting of `data` for the test recordings: all windows together in µs, 0 for the own span of each.
        binary: setting of `data` for the test recordings.
        window_us: duration of a window of the items in µs, >= 1.
        sensor: (height, width) in pixels.
        source: what it was made of.
    """

    method: str
    classes: tuple[str, ...]
    per_class: int
    levels: int
    timesteps: int
    duration_us: int
    binary: bool
    window_us: int
    sensor: tuple[int, int]
    source: Source

    @property
    def items(self) -> int:
        """Items of all classes together."""
        return len(self.classes) * self.per_class

    @property
    def shape(self) -> tuple[int, int, int, int, int]:
        """Of the frames: (items, timesteps, 2, height, width)."""
        return (self.items, self.timesteps, 2, *self.sensor)

    @property
    def span_us(self) -> int:
        """All windows of an item together."""
        return self.duration_us or self.timesteps * self.window_us

    @property
    def settings(self) -> dict[str, object]:
        """Settings of `data` under which its items are what they were made to be."""
        fixed = {"timesteps": self.timesteps, "window": "duration", "duration_us": self.duration_us}
        return {**fixed, "binary": self.binary, **({} if self.binary else {"max_count": self.levels})}

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def read_facts(folder: Path) -> tuple[Facts, dict[str, Any]]:
    """The facts in `folder`, and everything else that its condensed.json says.

    Raises:
        DataError: it is no condensed data set, or one of another version, or the file is damaged.
    """
    path = folder / FACTS
    hint = "Make one: neurodeploy distill-data dataset=... --out DIR."
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = f"no condensed data set: {FACTS} cannot be read ({error.strerror})"
        raise DataError(source=folder, reason=reason, hint=hint) from error
    except ValueError as error:
        raise DataError(source=path, reason=f"it is not JSON ({error})", hint=hint) from error
    if not isinstance(found, dict) or (found.get("format"), found.get("version")) != (FORMAT, VERSION):
        raise DataError(source=path, reason=f"it is no {FORMAT} of version {VERSION}", hint=hint)
    try:
        return _facts(found["facts"]), found
    except (KeyError, TypeError, ValueError) as error:
        reason = f"its facts are incomplete or wrong ({type(error).__name__}: {error})"
        raise DataError(source=path, reason=reason, hint=hint) from error


def _facts(tree: Mapping[str, Any]) -> Facts:
    values = dict(tree)
    values["classes"] = tuple(str(name) for name in values["classes"])
    height, width = values["sensor"]
    values["sensor"] = (int(height), int(width))
    _check_types(Source, values["source"])
    values["source"] = Source(**values["source"])
    _check_types(Facts, values)
    found = Facts(**values)
    if not found.classes or min(found.duration_us, found.source.height, found.source.width) < 0:
        raise ValueError("no classes, or a length below 0")
    numbers = (found.per_class, found.levels, found.timesteps, found.window_us, *found.sensor)
    if not all(type(number) is int and number >= 1 for number in numbers) or found.levels > 255:
        raise ValueError(f"per_class, levels, timesteps, window_us and sensor are {numbers}")
    return found


def _check_types(part: type[Facts | Source], values: Mapping[str, Any]) -> None:
    for name, kind in get_type_hints(part).items():
        # A bool would pass for an int.
        if kind in (int, bool, str) and type(values[name]) is not kind:
            raise TypeError(f"{name} is {values[name]!r}, wanted {kind.__name__}")


def complete(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    """Settings of `data` with what a condensed data set decides filled in.

    `dataset` may be the folder of such a set: it stands for dataset=condensed and path=folder. Its items are not split
    further unless `validation` is given. Other settings come back as they are.

    Raises:
        ConfigError: a setting is given that the frames of the set were not made for.
        DataError: the set is damaged.
    """
    folder = _folder(tree)
    if folder is None:
        return tree
    settings = read_facts(Path(folder).expanduser())[0].settings
    for key, value in settings.items():
        if tree.get(key, value) != value:
            allowed = f"{json.dumps(value)}: the items of {folder} were made for it"
            hint = "Leave it out, or distil again with another value."
            raise ConfigError(key=f"data.{key}", found=tree[key], allowed=allowed, hint=hint)
    return {"validation": 0.0, **tree, **settings, "dataset": NAME, "path": folder}


def _folder(tree: Mapping[str, Any]) -> str | None:
    """The folder of the condensed set that these settings name, or None."""
    name, path = tree.get("dataset"), tree.get("path")
    if name == NAME:
        return path if isinstance(path, str) and path else None
    if not isinstance(name, str) or not name:
        return None
    return name if (Path(name).expanduser() / FACTS).is_file() else None
