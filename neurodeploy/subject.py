"""What a command is about: a run or an artefact given by its folder, and the recordings it is tried on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

import numpy as np

from neurodeploy.config import override
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import FrameSet, open_frames
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, DataError
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import MANIFEST, Artefact, read_artefact

SAMPLES = "reference/samples.npz"


@final
@dataclass(frozen=True, eq=False)
class Samples:
    """Recordings as frames.

    Args:
        frames: (time, samples, *input shape), uint8.
        labels: (samples,).
        ids: name of each recording.
        source: where they come from, for messages and reports.
    """

    frames: Array
    labels: Array
    ids: tuple[str, ...]
    source: str

    def to_bytes(self) -> bytes:
        """A compressed .npz; the same samples give the same bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, frames=self.frames, labels=self.labels, ids=np.array(self.ids))
        return buffer.getvalue()


def is_artefact(path: Path) -> bool:
    """Whether `path` is a folder of exported files; otherwise it should be a run."""
    return (path / MANIFEST).is_file()


def deployment(path: Path) -> Deployment:
    """The network of a run or of an artefact.

    Raises:
        CheckpointError, ArtefactError: the folder is neither, or is damaged.
    """
    if is_artefact(path):
        artefact = read_artefact(path)
        classes = tuple(str(name) for name in artefact.manifest["classes"])
        name = str(artefact.manifest.get("name", "network"))
        return Deployment(artefact.integer_graph(), artefact.float_graph(), artefact.timesteps, classes, name)
    from neurodeploy.train import run_dir

    return run_dir.deployment(run_dir.load_run(path))


def samples(path: Path, words: Sequence[str] = (), *, run: Path | None = None, limit: int = 0) -> Samples:
    """The test recordings of a run; for an artefact those kept in it, unless a run is given.

    Args:
        words: key=value settings of `data` that replace the run's own.
        run: take data and settings from this run.
        limit: at most so many, spread evenly over the split; 0 takes all.
    Raises:
        DataError: the data set is not there any more, or `words` were given without a run.
    """
    source = run or (None if is_artefact(path) else path)
    if source is None:
        if words:
            hint = "Name the run whose settings they change: --run RUN."
            raise DataError(source=path, reason=f"settings {list(words)} need a run", hint=hint)
        return _limited(_stored(read_artefact(path)), limit)
    from neurodeploy.train import run_dir

    config = override(run_dir.load_run(source).config, words).data
    return _limited(_test_split(config), limit)


def _test_split(config: DataConfig) -> Samples:
    """The test split of a data set, as frames."""
    found: FrameSet = open_frames(config).test
    frames = np.moveaxis(found.batch(), 0, 1)
    return Samples(frames, np.asarray(found.labels), tuple(found.ids), f"test split of {config.dataset}")


def _stored(artefact: Artefact) -> Samples:
    path = artefact.folder / SAMPLES
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            ids = tuple(str(name) for name in file["ids"])
            return Samples(file["frames"], file["labels"], ids, f"recordings kept in {artefact.folder}")
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ArtefactError(path=path, reason=f"the samples cannot be read ({error})", hint="Export again.") from error


def _limited(found: Samples, limit: int) -> Samples:
    total = len(found.labels)
    if not limit or limit >= total:
        return found
    chosen = np.linspace(0, total - 1, limit).round().astype(np.int64)
    ids = tuple(found.ids[i] for i in chosen)
    return Samples(found.frames[:, chosen], found.labels[chosen], ids, f"{limit} of the {total} in: {found.source}")
