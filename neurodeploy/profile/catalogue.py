"""Where profiles are found: those that come with the package by name, a user's own by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neurodeploy.errors import ConfigError, ProfileError
from neurodeploy.profile.checks import close_names
from neurodeploy.profile.profile import Profile
from neurodeploy.profile.reader import read_profile
from neurodeploy.profile.shipped import profile_names, shipped_text


def load_profile(name_or_path: str | Path) -> Profile:
    """The shipped profile of that name, or the one in the file of that path (ending in `.toml`).

    Raises:
        ProfileError: no such profile, or the file breaks a rule; file, key and reason are named.
    """
    name = str(name_or_path)
    if name.endswith(".toml"):
        return check_profile(Path(name))
    if name not in profile_names():
        raise ProfileError(
            path=name,
            key="name",
            reason=f"no such profile; shipped are {', '.join(profile_names())}",
            hint=close_names(name, profile_names()),
        )
    return read_profile(f"{name}.toml", name, shipped_text(name))


def chosen_profiles(names: Sequence[str], every: bool, default: Sequence[str] = ()) -> list[Profile]:
    """The profiles that a command is about.

    Raises:
        ConfigError: names and all at once, or neither where there is no default.
    """
    if every and names:
        raise ConfigError(key="--profile", found=list(names), allowed="not together with --all", hint="Leave one out.")
    if not every and not names and not default:
        known = ", ".join(profile_names())
        raise ConfigError(key="--profile", found=None, allowed=f"a TOML file, or one of {known}", hint="Or give --all.")
    return [load_profile(name) for name in (profile_names() if every else list(names) or list(default))]


def check_profile(path: Path) -> Profile:
    """The profile in a user's file, after checking every rule.

    Raises:
        ProfileError: the file is absent, is not TOML, or breaks a rule; file, key and reason are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ProfileError(path=path, key="file", reason=f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise ProfileError(path=path, key="file", reason="is not UTF-8 text") from error
    return read_profile(str(path), path.name.removesuffix(".toml"), text)
