"""The profiles that come with the package, as names and texts."""

from __future__ import annotations

from importlib import resources

FOLDER = "neurodeploy.hw_profiles"


def profile_names() -> list[str]:
    """Names of the profiles that come with the package, sorted."""
    folder = resources.files(FOLDER)
    return sorted(item.name.removesuffix(".toml") for item in folder.iterdir() if item.name.endswith(".toml"))


def shipped_text(name: str) -> str:
    """The file of a shipped profile; `name` must be one of `profile_names`."""
    return resources.files(FOLDER).joinpath(f"{name}.toml").read_text(encoding="utf-8")
