"""What there is: data sets, profiles of hardware, installed tools."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurodeploy.api.progress import Progress, silent


def data_list() -> dict[str, Any]:
    """Data sets by name, with what they hold and where they come from."""
    from neurodeploy.data.datasets import find, names

    found = [find(name) for name in names()]
    rows = [
        {
            "name": d.name,
            "classes": list(d.classes),
            "sensor": d.sensor,
            "licence": d.licence,
            "path": d.needs_path,
            "home": d.home,
        }
        for d in found
    ]
    return {"datasets": rows}


def data_fetch(name: str, *, out: Path = Path("data"), progress: Progress = silent) -> dict[str, Any]:
    """Download the files of a data set, or give the instructions for doing it by hand.

    Raises:
        DataError: a download failed or is not the expected file.
    """
    from neurodeploy.data.datasets import find
    from neurodeploy.data.fetch import fetch_all, instructions

    dataset = find(name)
    text = instructions(dataset, out)
    progress(text)
    files = fetch_all(dataset, out)
    return {"name": name, "instructions": text, "files": [str(path) for path in files]}


def data_stats(words: Sequence[str] = ()) -> dict[str, Any]:
    """Recordings, events, classes and rates of a data set given by key=value settings of `data`."""
    from neurodeploy.config import read_config
    from neurodeploy.data.datasets import find
    from neurodeploy.data.stats import stats
    from neurodeploy.train.config import RunConfig

    config = read_config(RunConfig, None, words).data
    path = Path(config.path).expanduser() if config.path else None
    return {"dataset": config.dataset, **stats(find(config.dataset).open(path, config.sensor))}


def profiles_list() -> dict[str, Any]:
    """Shipped hardware profiles."""
    from neurodeploy.profile import load_profile, profile_names

    loaded = [load_profile(name) for name in profile_names()]
    rows = [
        {
            "name": p.name,
            "title": p.title,
            "boundary": p.boundary,
            "stand_in": p.stand_in,
            "prices": bool(p.prices),
            "placement": p.rules is not None,
        }
        for p in loaded
    ]
    return {"profiles": rows}


def profiles_show(name: str) -> dict[str, Any]:
    """Every number of a profile (a name or a TOML file) with unit, scope, kind, interval and source."""
    from dataclasses import asdict

    from neurodeploy.profile import load_profile

    profile = load_profile(name)
    rows = [{"key": key, **asdict(quantity)} for key, quantity in profile.quantities().items()]
    return {
        "name": profile.name,
        "title": profile.title,
        "notes": list(profile.notes),
        "quantities": rows,
        "placement": None if profile.rules is None else asdict(profile.rules),
        "unknown": dict(profile.unknown),
    }


def profiles_check(path: Path) -> dict[str, Any]:
    """Whether a profile file is complete and consistent.

    Raises:
        ProfileError: it is not; file, key and reason are named.
    """
    from neurodeploy.profile import check_profile

    profile = check_profile(path)
    return {"name": profile.name, "quantities": len(profile.quantities()), "valid": True}


def doctor() -> dict[str, Any]:
    """Versions found, and what each missing part would enable."""
    from neurodeploy.doctor import examine

    return examine()
