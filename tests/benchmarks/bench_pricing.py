"""One record of activity, priced by 1,000 profiles: the time that takes, as a share of recording it.

    python tests/benchmarks/bench_pricing.py RUN [--profiles 1000] [--rounds 7]

The profiles are the shipped ones that have prices, over and over, each under a name of its own. Processor time of one
process; median, least and greatest of the rounds.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

from neurodeploy import subject
from neurodeploy.energy import price
from neurodeploy.energy.activity_file import read_activity, write_activity
from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile, load_profile, profile_names
from neurodeploy.runs import activity


def many(count: int) -> list[Profile]:
    """`count` profiles of different names."""
    shipped = [profile for profile in map(load_profile, profile_names()) if profile.prices]
    return [
        replace(profile, name=f"{profile.name}-{number}")
        for number, profile in enumerate(islice(cycle(shipped), count))
    ]


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def priced(path: Path, profiles: list[Profile]) -> tuple[int, int]:
    """Estimates made, and profiles that refuse this network away from their operating point."""
    counts, made = read_activity(path).full.counts(), 0
    for profile in profiles:
        try:
            price(counts, profile)
            made += 1
        except ProfileError:
            continue
    return made, len(profiles) - made


def main() -> None:
    parser = argparse.ArgumentParser(description="Pricing by many profiles; see the top of this file.")
    parser.add_argument("run", type=Path)
    parser.add_argument("--profiles", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    network, samples, profiles = subject.deployment(given.run), subject.samples(given.run), many(given.profiles)
    activity.record(network, samples)  # compiled before anything is timed
    recording = seconds(lambda: activity.record(network, samples))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "activity.npz"
        write_activity(path, activity.record(network, samples))
        made, refused = priced(path, profiles)
        found = sorted(seconds(lambda: priced(path, profiles)) for _ in range(given.rounds))
    middle = statistics.median(found)
    print(
        f"{made} estimates, {refused} refusals, reading the record included: {middle:.3f} s ({found[0]:.3f} to {found[-1]:.3f})"
    )
    print(
        f"recording {len(samples.labels)} inferences: {recording:.3f} s; pricing / recording {middle / recording:.2f}"
    )


if __name__ == "__main__":
    main()
