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
            "base": p.base,
            "prices": bool(p.prices),
            "ann": bool(p.ann),
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
    levels = {f"memory.{key}": level for key, level in profile.memory.items()}
    for row in rows:
        if row["key"] in levels:
            level = levels[row["key"]]
            size = {"access_bits": level.access_bits, "capacity_bytes": level.capacity_bytes}
            row["level"] = {**size, "words": level.words, "pj_per_bit": list(level.per_bit)}
    return {
        "name": profile.name,
        "title": profile.title,
        "base": profile.base,
        "notes": list(profile.notes),
        "quantities": rows,
        "placement": None if profile.rules is None else asdict(profile.rules),
        "unpriced": dict(profile.unpriced),
        "unknown": dict(profile.unknown),
    }


def profiles_check(files: Sequence[Path]) -> dict[str, Any]:
    """Whether profiles are complete and consistent; what each holds and what a report could not cover with it.

    Args:
        files: TOML files, or names of shipped profiles. Those that break a rule do not stop the others: `valid` is
            false, and `error` has file, key and reason.
    Raises:
        ConfigError: no file is given.
    """
    from neurodeploy.errors import ConfigError

    if not files:
        raise ConfigError(key="files", found=[], allowed="TOML files, or names of shipped profiles")
    rows = [_checked(path) for path in files]
    return {"profiles": rows, "valid": all(row["valid"] for row in rows)}


def _checked(path: Path) -> dict[str, Any]:
    from neurodeploy.errors import ProfileError
    from neurodeploy.profile import check_profile, gaps, holdings, load_profile, profile_names

    is_name = str(path) in profile_names() and not path.is_file()
    try:
        profile = load_profile(str(path)) if is_name else check_profile(path)
    except ProfileError as error:
        return {"file": str(path), "valid": False, "error": error.facts()}
    found = {"name": profile.name, "quantities": len(profile.quantities())}
    return {"file": str(path), "valid": True, **found, "holds": holdings(profile), "gaps": gaps(profile)}


def doctor() -> dict[str, Any]:
    """Versions found, and what each missing part would enable."""
    from neurodeploy.doctor import examine

    return examine()
