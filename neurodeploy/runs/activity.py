"""What a network did on recordings, counted batch by batch."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, final

import numpy as np

from neurodeploy import subject
from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import ExitRule
from neurodeploy.early_exit.file import rule_dict
from neurodeploy.energy import report
from neurodeploy.energy.activity import Activity, join
from neurodeploy.energy.activity_file import NAME, Kept, read_activity, write_activity
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.early import price_early
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.recorder import Recorder
from neurodeploy.errors import ArtefactError, OutputError
from neurodeploy.files import sha256, write_file
from neurodeploy.graph.identity import network_hash
from neurodeploy.graph.numeric import Array
from neurodeploy.profile import Profile
from neurodeploy.subject import Samples

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

BATCH = 200


@final
@dataclass(frozen=True, eq=False)
class Early:
    """Work and energy of inferences that stop early.

    Args:
        rule: where they stop.
        counts: up to each recording's exit.
        estimates: one for each profile.
    """

    rule: ExitRule
    counts: Counts
    estimates: tuple[Estimate, ...]

    def as_dict(self, full: Counts) -> dict[str, object]:
        """Plain values for JSON, beside what all timesteps take."""
        return {
            "rule": rule_dict(self.rule),
            "steps": self.counts.steps,
            "of_steps": full.steps,
            "synaptic_operations": self.counts.synaptic_operations,
            "of_synaptic_operations": full.synaptic_operations,
            "counts": report.counts_dict(self.counts),
        }


def record(network: Deployment, samples: Samples, *, keep: Path | None = None, per_sample: bool = False) -> Kept:
    """What the integer network did on the recordings, in one pass; with an exit rule also up to each exit.

    Args:
        keep: a file that holds what was recorded, and is written anew where it is of another network or other data.
        per_sample: amounts of every recording, not of all together; the file then grows with their number.
    Raises:
        OutputError: `keep` cannot be written.
    """
    known = _kept(keep, network, samples, per_sample) if keep is not None and keep.is_file() else None
    if known is not None:
        return known
    digest = _digest(samples)
    full, early = _gathered(network, samples, per_sample, lambda frames: _update(digest, frames))
    made = Kept(_network_key(network), digest.hexdigest(), samples.source, full, early)
    if keep is not None:
        write_activity(keep, made)
    return made


def _gathered(
    network: Deployment, samples: Samples, per_sample: bool, see: Callable[[Array], None]
) -> tuple[Activity, Activity | None]:
    """The work of all timesteps and, with an exit rule, up to each exit; `see` is shown the frames of every batch."""
    recorder = Recorder(network.integer, network.exit_rule)
    full, early = _Batches(per_sample), _Batches(per_sample)
    for frames in _batches(samples):
        see(frames)
        found = recorder.record(frames)
        full.add(found.full)
        early.add(found.early)
    return join(full.parts), early.whole()


@final
class _Batches:
    """Activity gathered batch by batch; where samples are added up, it stays as small as one batch."""

    def __init__(self, per_sample: bool) -> None:
        self.per_sample, self.parts = per_sample, list[Activity]()

    def add(self, part: Activity | None) -> None:
        if part is not None:
            self.parts.append(part if self.per_sample else part.summed())
            self.parts = self.parts if self.per_sample else [join(self.parts)]

    def whole(self) -> Activity | None:
        """All batches; None where there were none."""
        return join(self.parts) if self.parts else None


def recorded(
    source: Path, network: Deployment, samples: Samples, keep: Path | None = None, per_sample: bool = False
) -> Kept:
    """`record`, kept in the folder of the run or import `source` where that can be written, or else in `keep`.

    Artefacts stay as they are.

    Raises:
        OutputError: `keep` cannot be written.
    """
    if keep is not None or subject.is_artefact(source):
        return record(network, samples, keep=keep, per_sample=per_sample)
    try:
        return record(network, samples, keep=source / NAME, per_sample=per_sample)
    except OutputError:
        return record(network, samples, per_sample=per_sample)


def _kept(path: Path, network: Deployment, samples: Samples, per_sample: bool) -> Kept | None:
    """What the file holds, if that is of this network and these recordings."""
    try:
        found = read_activity(path)
    except ArtefactError:
        return None  # it will be written anew
    if found.network != _network_key(network) or found.full.samples != len(samples.labels):
        return None
    if per_sample and not found.full.is_per_sample:
        return None
    digest = _digest(samples)
    for frames in _batches(samples):
        _update(digest, frames)
    return found if found.data == digest.hexdigest() else None


def read_of(path: Path, network: Deployment) -> Kept:
    """The activity in a file, which must be of this network.

    Raises:
        ArtefactError: it cannot be read, or is of another network.
    """
    found = read_activity(path)
    if found.network != _network_key(network):
        hint = "Record it: neurodeploy energy RUN --activity FILE, with a file that does not exist yet."
        raise ArtefactError(path=path, reason="is the activity of another network or exit rule", hint=hint)
    return found


def _network_key(network: Deployment) -> str:
    rule = "" if network.exit_rule is None else json.dumps(rule_dict(network.exit_rule), sort_keys=True)
    return sha256(f"{network_hash(network.integer.graph)} {rule}".encode())


def _digest(samples: Samples) -> Hash:
    return hashlib.sha256(repr(tuple(samples.frames.shape)).encode())


def _update(digest: Hash, frames: Array) -> None:
    """Sample after sample, so that the size of a batch does not matter."""
    digest.update(np.moveaxis(frames, 1, 0).tobytes())


def count_activity(network: Deployment, samples: Samples) -> Counts:
    """Totals of what the integer network did on the recordings, at all timesteps."""
    full, _ = _gathered(replace(network, exit_rule=None), samples, False, lambda frames: None)
    return full.counts()


def early(network: Deployment, kept: Kept, profiles: Sequence[Profile]) -> Early | None:
    """Work up to each recording's exit, priced; None for a network without an exit rule."""
    if network.exit_rule is None or kept.early is None:
        return None
    counts, graph = kept.early.counts(), network.integer.graph
    return Early(network.exit_rule, counts, tuple(price_early(counts, graph.shapes[graph.output.name][0], profiles)))


def _batches(samples: Samples) -> Iterator[Array]:
    for start in range(0, len(samples.labels), BATCH):
        yield samples.frames[:, start : start + BATCH]


def write_csv(path: Path, estimates: Sequence[Estimate]) -> None:
    """Every priced line and everything not covered, one row each.

    Raises:
        OutputError: the file cannot be written.
    """
    buffer = io.StringIO()
    columns = ("profile", "node", "term", "amount", "price", "unit", "low_pj", "energy_pj", "high_pj", "source")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for estimate in estimates:
        name = estimate.profile.name
        writer.writerows({"profile": name, **row} for row in report.as_rows(estimate))
        for item in estimate.not_covered:
            reason = f"not covered: {item.reason}"
            writer.writerow({"profile": name, "term": item.term, "amount": item.amount, "source": reason})
    write_file(path, buffer.getvalue().encode())
