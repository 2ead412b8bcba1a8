"""The text at the start of an AEDAT file: lines that start with '#' and end with a line feed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from neurodeploy.errors import EventFormatError

_VERSION = b"#!AER-DAT"
_CONTROL = frozenset(range(32)) - {9}  # bytes from 128 on are letters of some language: cameras are used everywhere


@final
@dataclass(frozen=True)
class Header:
    """Lines of a header.

    Args:
        lines: (byte of the line, text without line end) in order.
        end: first byte after the header.
    """

    lines: tuple[tuple[int, str], ...]
    end: int

    def find(self, word: str) -> tuple[int, str] | None:
        """Byte and text of the first line that holds `word`."""
        return next((line for line in self.lines if word in line[1]), None)


def read_header(content: bytes, version: bytes, last: str | None, source: Path | str) -> Header:
    """The header of `content`.

    Args:
        version: wanted after '#!AER-DAT', for instance b"2.0".
        last: the line that ends the header; None: it ends before the first line that is not text behind a '#'. Events
            whose first byte happens to be '#' are not taken for text: they hold bytes below 32.
    Raises:
        EventFormatError: empty, another format or version, or the last line is missing.
    """
    wanted = _VERSION + version
    if not content.startswith(wanted):
        reason = f"starts with {content[:14]!r}, wanted {wanted.decode()!r}" if content else "the file is empty"
        raise EventFormatError(path=source, offset=0, reason=reason, hint="Is this an AEDAT file of another version?")
    lines: list[tuple[int, str]] = []
    end = 0
    while (line := _next_line(content, end)) is not None:
        lines.append((end, line.decode("latin-1").strip()))
        end += len(line)
        if lines[-1][1] == last:
            return Header(tuple(lines), end)
    if last is not None:
        raise EventFormatError(path=source, offset=end, reason=f"the header ends without {last!r}")
    return Header(tuple(lines), end)


def _next_line(content: bytes, start: int) -> bytes | None:
    """The header line at `start` with its end, or None where the header is over."""
    if content[start : start + 1] != b"#":
        return None
    stop = content.find(b"\n", start) + 1
    line = content[start:stop]
    return line if line and _CONTROL.isdisjoint(line.rstrip(b"\r\n")) else None
