"""Event file formats, one file each; a new file here is a new format. Its `FORMAT` decodes and encodes it."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from neurodeploy.data.discover import load_module, module_names
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats.format import Format, Sensor
from neurodeploy.errors import EventFormatError

_NOT_A_FORMAT = ("format",)


def names() -> tuple[str, ...]:
    """Names of all formats, sorted; nothing is imported to list them."""
    return module_names(sys.modules[__name__], _NOT_A_FORMAT)


def find(name: str) -> Format:
    """The format called `name`.

    Raises:
        ConfigError: there is none of that name.
    """
    found: Format = load_module(sys.modules[__name__], name, names(), "format").FORMAT
    return found


def suffixes() -> tuple[str, ...]:
    """File name endings of all formats, sorted."""
    return tuple(sorted({suffix for one in _all() for suffix in one.suffixes}))


def decode(content: bytes, sensor: Sensor | None, source: Path | str) -> EventStream:
    """The events in `content`; the ending of `source` chooses the format, and the first bytes where two share it.

    Raises:
        EventFormatError: no format has this ending or these first bytes, or the format is broken.
    """
    suffix = Path(source).suffix.lower()
    formats = [one for one in _all() if suffix in one.suffixes]
    fitting = [one for one in formats if not one.starts or content.startswith(one.starts)]
    chosen = fitting or formats[: len(formats) == 1]  # a single one is asked in any case: it knows why it refuses
    if chosen:
        return chosen[0].decode(content, sensor, source)
    known = ", ".join(one.name for one in formats) or f"none: known endings are {', '.join(suffixes())}"
    found = f"starts with {content[:14]!r}" if content else "the file is empty"
    raise EventFormatError(path=source, offset=0, reason=f"{found}; formats of '{suffix}': {known}")


@cache
def _all() -> tuple[Format, ...]:
    return tuple(find(name) for name in names())
