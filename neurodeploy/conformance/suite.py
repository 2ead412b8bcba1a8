"""The whole suite on one target: every case, then random networks until enough were not refused."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import final

import numpy as np

from neurodeploy.conformance.case import Case
from neurodeploy.conformance.cases import CASES
from neurodeploy.conformance.check import Check, Trial, check
from neurodeploy.conformance.choose import RngChoose
from neurodeploy.conformance.draw import Drawn, draw_frames, draw_network
from neurodeploy.conformance.features import Feature, Features
from neurodeploy.conformance.probe import expressible
from neurodeploy.errors import ConfigError
from neurodeploy.targets import Exporter, Runtime, chosen_runtimes

Progress = Callable[[str], None]
Networks = tuple[list[Check], Counter[Feature]]
"""Checks, and how many of the networks that ran had each feature."""

DRAWS_PER_NETWORK = 20
"""Networks drawn at most for each one that is wanted; a target that refuses more of them gets fewer checks."""

WRONG_HIGH = 5
"""Random networks that go wrong before no more are drawn."""

NOTED = 20
"""Progress is told after every so many."""


@final
@dataclass(frozen=True, eq=False)
class Report:
    """What a target did.

    Args:
        cases, networks: one check for each runtime, or a single one where nothing was written.
        wanted: random networks asked for.
        features: what the random networks could have; empty where none were asked for.
        used: how many of those that were checked had each.
    """

    target: str
    seed: int
    wanted: int
    cases: tuple[Check, ...]
    networks: tuple[Check, ...] = ()
    features: Features = frozenset()
    used: Counter[Feature] = field(default_factory=Counter)

    @property
    def checks(self) -> tuple[Check, ...]:
        """All of them."""
        return self.cases + self.networks

    @property
    def checked(self) -> int:
        """Random networks that at least one runtime ran."""
        return len({check.subject for check in self.networks if check.answer.has_run})

    @property
    def verdict(self) -> str:
        """CONFORMS, MISMATCH, or NOT_RUN when nothing was compared."""
        if any(check.answer.is_wrong for check in self.checks):
            return "MISMATCH"
        return "CONFORMS" if any(check.values for check in self.checks) else "NOT_RUN"


def run_suite(
    exporter: Exporter,
    *,
    runtimes: Sequence[str] = (),
    networks: int = 0,
    seed: int = 0,
    cases: Sequence[Case] = CASES,
    jobs: int = 1,
    keep: Path | None = None,
    progress: Progress = lambda text: None,
) -> Report:
    """Every case and `networks` random networks on every runtime.

    Args:
        runtimes: names; empty means all.
        networks: random networks to check beside those that the target refuses.
        seed: of the random networks; number n is drawn from numpy's default_rng([seed, n]).
        jobs: checks at a time, in threads: a gain where the runtimes start programs.
        keep: folder that receives the files of everything that went wrong.
    Raises:
        ConfigError: an unknown runtime.
    """
    suite = _Suite(exporter, chosen_runtimes(exporter, runtimes), keep, progress)
    with ThreadPoolExecutor(jobs) as pool:
        report = Report(exporter.target, seed, networks, tuple(suite.cases(cases, pool)))
        if not networks or not any(check.answer.has_run for check in report.cases):
            return report
        features = expressible(exporter, seed)
        drawn = (network(seed, number, features) for number in range(networks * DRAWS_PER_NETWORK))
        checks, used = suite.networks(networks, drawn, pool, jobs)
    return replace(report, networks=tuple(checks), features=features, used=used)


def named(words: Sequence[str]) -> Sequence[Case]:
    """The cases whose name contains one of `words`; all for none.

    Raises:
        ConfigError: a word is in no name.
    """
    for word in words:
        if not any(word in case.name for case in CASES):
            raise ConfigError(
                key="case", found=word, allowed="a part of a case's name, as refusals and failures print it"
            )
    return [case for case in CASES if not words or any(word in case.name for word in words)]


def network(seed: int, number: int, features: Features) -> tuple[Drawn, Trial]:
    """Random network `number` of `seed`, with its frames."""
    choose = RngChoose(np.random.default_rng([seed, number]))
    drawn = draw_network(choose, features)
    return drawn, Trial(f"network {number}", drawn.network, draw_frames(choose, drawn.network))


@final
class _Suite:
    """Runs trials on the chosen runtimes of one exporter, some at a time."""

    def __init__(self, exporter: Exporter, runtimes: list[Runtime], keep: Path | None, progress: Progress) -> None:
        self.exporter, self.runtimes, self.keep, self.progress = exporter, runtimes, keep, progress

    def cases(self, cases: Sequence[Case], pool: Executor) -> list[Check]:
        """Checks of all cases, each exported twice."""
        found: list[Check] = []
        results = pool.map(lambda case: self._try(Trial.of(case), twice=True), cases)
        for number, checks in enumerate(results, 1):
            found += checks
            self._note(number, f"of {len(cases)} cases")
        return found

    def networks(self, wanted: int, drawn: Iterator[tuple[Drawn, Trial]], pool: Executor, jobs: int) -> Networks:
        """Checks of random networks, in the order in which they were drawn."""
        found: list[Check] = []
        used: Counter[Feature] = Counter()
        checked = wrong = 0
        while batch := list(islice(drawn, jobs)):
            results = pool.map(lambda item: self._try(item[1], twice=False), batch)
            for (network, _), checks in zip(batch, results, strict=True):
                if checked >= wanted or wrong >= WRONG_HIGH:
                    return found, used
                found += checks
                wrong += any(check.answer.is_wrong for check in checks)
                if any(check.answer.has_run for check in checks):
                    checked += 1
                    used.update(network.used)
                    self._note(checked, f"of {wanted} random networks")
        return found, used

    def _note(self, number: int, what: str) -> None:
        if number % NOTED == 0:
            self.progress(f"{self.exporter.target}: {number} {what}")

    def _try(self, trial: Trial, *, twice: bool) -> list[Check]:
        with tempfile.TemporaryDirectory(prefix="neurodeploy-conformance-") as name:
            folder = Path(name) / "artefact"
            found = check(self.exporter, self.runtimes, trial, folder, twice=twice)
            if self.keep is not None and folder.is_dir() and any(result.answer.is_wrong for result in found):
                shutil.copytree(folder, self.keep / trial.subject.replace(" ", "-"), dirs_exist_ok=True)
        return found
