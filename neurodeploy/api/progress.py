"""What long commands say of themselves."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str], None]


def silent(text: str) -> None:
    """Progress that nobody reads."""
