"""Texts of profile files for the tests, and what a broken one is refused with."""

from __future__ import annotations

from pathlib import Path

import pytest

from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, check_profile

HEAD = 'title = "Mine"\nprocess = "10 nm"\nboundary = "chip"\n'


def number(table: str, unit: str, scope: str, extra: str = "", value: float = 2.0) -> str:
    """One quantity, complete."""
    return (
        f'[{table}]\nvalue = {value}\nunit = "{unit}"\nscope = "{scope}"\n'
        f'kind = "measured"\nsource = "own chip"\ntag = "S"\n{extra}\n'
    )


def checked(folder: Path, *parts: str) -> Profile:
    path = folder / "mine.toml"
    path.write_text(HEAD + "".join(parts), encoding="utf-8")
    return check_profile(path)


def refusal(folder: Path, *parts: str) -> ProfileError:
    """The error, whose text names the file and the key."""
    with pytest.raises(ProfileError) as caught:
        checked(folder, *parts)
    assert str(folder / "mine.toml") in str(caught.value)
    assert f"'{caught.value.key}'" in str(caught.value)
    return caught.value
