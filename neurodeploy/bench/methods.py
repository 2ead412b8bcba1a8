"""The whole comparison: every row and seed, then table, values and plot; what is done is not done again."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from neurodeploy.bench.measure import Numbers, as_dict, measure
from neurodeploy.bench.plan import Plan, Row, read_plan
from neurodeploy.bench.plot import accuracy_against_energy
from neurodeploy.bench.table import Entry, as_values, markdown
from neurodeploy.bench.work import CommandError, Work
from neurodeploy.errors import NeuroDeployError
from neurodeploy.files import write_file
from neurodeploy.profile import load_profile

SCHEMA_VERSION = 1

NUMBERS = "numbers.json"


def compare_methods(
    config: Path, out: Path, progress: Callable[[str], None], words: Sequence[str] = (), seeds: Sequence[int] = ()
) -> dict[str, Any]:
    """Train and measure every method of `config` with every seed; go on where an earlier call stopped.

    Writes methods.md, methods.json and accuracy-energy.png into `out`, anew after every row.

    Args:
        words, seeds: see `read_plan`.
    Raises:
        ConfigError, DataError, ProfileError: the description is wrong; nothing was trained.
        OutputError: `out` cannot be written.
    """
    plan = read_plan(config, words, seeds)
    for name in plan.profiles:
        load_profile(name)  # an unknown one is refused before hours of training
    entries: list[Entry] = []
    runs: dict[tuple[str, int], Path] = {}
    for row in plan.rows:
        numbers, failures = dict[int, Numbers](), dict[int, str]()
        for seed in plan.seeds:
            progress(f"{row.name}, seed {seed}")
            try:
                work = _work(plan, row, seed, out, runs)
                runs[row.name, seed] = work.run()
                numbers[seed] = _measured(work.folder / NUMBERS, runs[row.name, seed], plan, row.stops_early)
            except (CommandError, NeuroDeployError) as error:
                failures[seed] = str(error)
                progress(f"{row.name}, seed {seed}: failed: {error}")
        entries.append(Entry(row, numbers, failures))
        _write(out, plan, entries)
    return {"out": str(out), "profiles": list(plan.profiles), "methods": as_values(plan, entries)}


def _work(plan: Plan, row: Row, seed: int, out: Path, runs: dict[tuple[str, int], Path]) -> Work:
    others = {name: path for (name, of), path in runs.items() if of == seed}
    return Work(plan, row, seed, out / row.folder / f"seed-{seed}", others)


def _measured(kept: Path, run: Path, plan: Plan, stops_early: bool) -> Numbers:
    """The numbers of a run, taken from the file `kept` if they are in it: they are not counted twice."""
    head = {"run": str(run), "profiles": list(plan.profiles)}
    try:
        found = json.loads(kept.read_text())
        if {key: found[key] for key in head} == head:
            return Numbers(**found["numbers"])
    except (OSError, ValueError, TypeError, KeyError):
        pass
    numbers = measure(run, plan.profiles, stops_early)
    write_file(kept, json.dumps({**head, "numbers": as_dict(numbers)}, indent=1).encode())
    return numbers


def _write(out: Path, plan: Plan, entries: list[Entry]) -> None:
    records = as_values(plan, entries)
    content = {"schema_version": SCHEMA_VERSION, "profiles": list(plan.profiles), "methods": records}
    write_file(out / "methods.json", json.dumps(content, indent=1).encode())
    write_file(out / "methods.md", markdown(plan, records).encode())
    plot = accuracy_against_energy(records, plan.profiles[0])
    if plot is not None:
        write_file(out / "accuracy-energy.png", plot)
