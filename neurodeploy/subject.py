"""What a command is about: a run, an import or an artefact given by its folder, and the recordings it is tried on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

import numpy as np

from neurodeploy.config import override
from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import FrameSet, open_frames
from neurodeploy.data.split import split_validation
from neurodeploy.deployment import Deployment
from neurodeploy.early_exit.file import CALIBRATION, read_calibration
from neurodeploy.errors import ArtefactError, ConfigError, DataError
from neurodeploy.graph.identity import network_hash
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.recordings import Recordings
from neurodeploy.import_folder import IMPORT, read_import
from neurodeploy.targets import MANIFEST, read_artefact

SAMPLES = "reference/samples.npz"


@final
@dataclass(frozen=True, eq=False)
class SplitFrames:
    """Frames of a split on disk, read when they are indexed: `frames[:, samples]`.

    Args:
        split: all its recordings.
        chosen: numbers of those that are meant, in order.
    """

    split: FrameSet
    chosen: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """(time, samples, *input shape)."""
        return (self.split.shape[0], len(self.chosen), *self.split.shape[1:])

    def __getitem__(self, key: tuple[slice, slice | Array]) -> Array:
        return np.moveaxis(self.split.batch(self.chosen[key[1]]), 0, 1)


@final
@dataclass(frozen=True, eq=False)
class Samples:
    """Recordings as frames.

    Args:
        frames: (time, samples, *input shape), uint8; memory is taken only by what is indexed.
        labels: (samples,).
        ids: name of each recording.
        source: where they come from, for messages and reports.
    """

    frames: Recordings
    labels: Array
    ids: tuple[str, ...]
    source: str

    def take(self, chosen: Array, source: str) -> Samples:
        """Those samples, by number."""
        if isinstance(self.frames, SplitFrames):
            frames: Recordings = SplitFrames(self.frames.split, self.frames.chosen[chosen])
        else:
            frames = self.frames[:, chosen]
        return Samples(frames, self.labels[chosen], tuple(self.ids[i] for i in chosen), source)

    def batch(self, indices: Array) -> Array:
        """(batch, time, *input shape): what training and its evaluation call a batch."""
        return np.moveaxis(self.frames[:, indices], 0, 1)

    def to_bytes(self) -> bytes:
        """A compressed .npz; the same samples give the same bytes."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, frames=self.frames[:, :], labels=self.labels, ids=np.array(self.ids))
        return buffer.getvalue()


def is_artefact(path: Path) -> bool:
    """Whether `path` is a folder of exported files; otherwise it should be a run or an import."""
    return (path / MANIFEST).is_file()


def is_import(path: Path) -> bool:
    """Whether `path` is a folder that `import` wrote."""
    return (path / IMPORT).is_file()


def deployment(path: Path) -> Deployment:
    """The network of a run, of an import or of an artefact.

    Raises:
        CheckpointError, ArtefactError: the folder is neither, or is damaged.
    """
    if is_artefact(path):
        artefact = read_artefact(path)
        classes = tuple(str(name) for name in artefact.manifest["classes"])
        name = str(artefact.manifest.get("name", "network"))
        networks = artefact.integer_graph(), artefact.float_graph()
        return Deployment(*networks, artefact.timesteps, classes, name, artefact.exit_rule())
    if is_import(path):
        return read_import(path).deployment()
    from neurodeploy.train import run_dir

    found = run_dir.deployment(run_dir.load_run(path))
    if not (path / CALIBRATION).exists():
        return found
    return replace(found, exit_rule=read_calibration(path, network_hash(found.integer.graph)))


def samples(path: Path, words: Sequence[str] = (), *, run: Path | None = None, limit: int = 0) -> Samples:
    """The test recordings of a run or import; for an artefact those kept in it, unless a run is given.

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
        return _limited(_stored(read_artefact(path).folder / SAMPLES, f"recordings kept in {path}"), limit)
    if is_import(source):
        return _limited(_imported(source, words), limit)
    from neurodeploy.train import run_dir

    config = override(run_dir.load_run(source).config, words).data
    return _limited(_test_split(config), limit)


def validation(path: Path, words: Sequence[str] = ()) -> Samples:
    """The recordings that a run kept from its training, found again from its seed.

    Args:
        words: data.path=... or data.cache=..., where the recordings lie elsewhere now.
    Raises:
        ConfigError: `words` change something else.
        DataError: the run kept none, or the recordings are missing or not those that it was trained on.
    """
    from neurodeploy.train import run_dir
    from neurodeploy.train.loop import SPLIT

    run = run_dir.load_run(path)
    own, data = run.config.data, override(run.config, words).data
    if replace(data, path=own.path, cache=own.cache) != own:
        allowed = "data.path, data.cache: other settings would be another split"
        raise ConfigError(key="settings", found=" ".join(words), allowed=allowed)
    opened = open_frames(data)
    if opened.content_key != run.task.content_key:
        raise DataError(source=data.dataset, reason="the recordings changed since the training")
    rng = np.random.default_rng([run.config.seed, SPLIT])  # as the training draws it
    _, kept = split_validation(opened.train.labels, own.validation, rng)
    if not len(kept):
        hint = "Train with data.validation=0.1: an exit must not be chosen on recordings that were learned or tested."
        raise DataError(source=path, reason="the run kept no recordings for validation", hint=hint)
    ids = tuple(opened.train.ids[place] for place in kept)
    labels = np.asarray(opened.train.labels)[kept]
    return Samples(SplitFrames(opened.train, kept), labels, ids, f"validation split of {data.dataset}")


def _test_split(config: DataConfig) -> Samples:
    """The test split of a data set, as frames.

    Raises:
        DataError: it is empty.
    """
    data = open_frames(config)
    found: FrameSet = data.test
    if not len(found):
        raise DataError(source=config.path or config.dataset, reason=f"no test recordings ({data.split})")
    frames = SplitFrames(found, np.arange(len(found)))
    return Samples(frames, np.asarray(found.labels), tuple(found.ids), f"test split of {config.dataset}")


def _imported(path: Path, words: Sequence[str]) -> Samples:
    """The test split of an import's data set, or its random frames."""
    found = read_import(path)
    if found.data is not None:
        return _test_split(override(found.data, words).data)
    if words:
        hint = "Import with dataset=..."
        raise DataError(source=path, reason=f"it has no data set that settings {list(words)} could change", hint=hint)
    return _stored(found.samples, f"random frames kept in {path}, no recordings")


def _stored(path: Path, source: str) -> Samples:
    """Samples in a .npz file."""
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            ids = tuple(str(name) for name in file["ids"])
            return Samples(file["frames"], file["labels"], ids, source)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ArtefactError(path=path, reason=f"the samples cannot be read ({error})", hint="Export again.") from error


def _limited(found: Samples, limit: int) -> Samples:
    total = len(found.labels)
    if not limit or limit >= total:
        return found
    chosen = np.linspace(0, total - 1, limit).round().astype(np.int64)
    return found.take(chosen, f"{limit} of the {total} in: {found.source}")
