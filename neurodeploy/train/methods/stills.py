"""Still images that stand beside recordings of the same classes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

import numpy as np
from jaxtyping import Int, UInt8

from neurodeploy.data.idx import read_idx
from neurodeploy.errors import ConfigError, DataError

IMAGES, LABELS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
"""The only files that are ever read: images of a test split may be those of the recordings that are tested on."""

FIRST: Final = {"nmnist": 1, "mnist-saccade": 0, "fashion-saccade": 0}
"""Data sets made of still images: the number in the name of the recording of the first image."""


@final
@dataclass(frozen=True, eq=False)
class Stills:
    """Images and their classes; 255 is full ink."""

    images: UInt8[np.ndarray, "images rows columns"]
    labels: Int[np.ndarray, " images"]

    def frames(self, numbers: Int[np.ndarray, " batch"], sensor: tuple[int, int]) -> UInt8[np.ndarray, "batch 1 2 h w"]:
        """The images at `numbers` as one timestep, the same in both polarities, as large as fits the sensor."""
        height, width = sensor
        rows, columns = self.images.shape[1:]
        factor = max(1, min(height // rows, width // columns))
        grown = self.images[numbers].repeat(factor, 1).repeat(factor, 2)[:, :height, :width]
        top, left = (height - grown.shape[1]) // 2, (width - grown.shape[2]) // 2
        found = np.zeros((len(numbers), 1, 2, height, width), np.uint8)
        found[:, :, :, top : top + grown.shape[1], left : left + grown.shape[2]] = grown[:, None, None]
        return found


def read_stills(folder: Path, classes: int) -> Stills:
    """The training images in `folder`.

    Raises:
        DataError: a file is missing or damaged, or the images have other classes.
    """
    images, labels = read_idx(_file(folder, IMAGES), axes=3), read_idx(_file(folder, LABELS), axes=1).astype(np.int64)
    if len(images) != len(labels):
        raise DataError(source=folder, reason=f"{len(images)} images, but {len(labels)} labels")
    found = np.unique(labels)
    if not np.array_equal(found, np.arange(classes)):
        reason = f"its classes are {', '.join(map(str, found))}; the recordings have 0..{classes - 1}"
        raise DataError(source=folder, reason=reason, hint="Give images of the same classes as transfer.images.")
    return Stills(images, labels)


def _file(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(source=folder, reason=f"no file {name}.gz (or {name})", hint="Set transfer.images to its folder.")


def sources(
    dataset: str, ids: tuple[str, ...], labels: Int[np.ndarray, " recordings"], stills: Stills
) -> Int[np.ndarray, " recordings"] | None:
    """Number of the image that each recording was made of; None where these are no recordings of these images."""
    if dataset not in FIRST:
        return None
    names = [name.rpartition("/")[2].partition(".")[0] for name in ids]
    if not all(name.isdecimal() for name in names):
        return None
    numbers = np.array([int(name) for name in names], np.int64) - FIRST[dataset]
    if not len(numbers) or numbers.min() < 0 or numbers.max() >= len(stills.labels):
        return None
    return numbers if np.array_equal(stills.labels[numbers], labels) else None


@final
class Pairing:
    """Which image stands beside a recording, in which epoch.

    Args:
        stills: the images.
        labels: class of each recording of the training split.
        own: number of the image of each recording, where they were made of these images.
        learned: recordings that are not kept for validation; images of the others are not used.
        by_id: a recording's own image, always.
        seed: of the run.
    Raises:
        ConfigError: `by_id` without the recordings' own images, or a class has no image left.
    """

    def __init__(
        self,
        stills: Stills,
        labels: Int[np.ndarray, " recordings"],
        own: Int[np.ndarray, " recordings"] | None,
        learned: Int[np.ndarray, " learned"],
        by_id: bool,
        seed: int,
    ) -> None:
        if by_id and own is None:
            allowed = f"class, or recordings of these images ({', '.join(FIRST)})"
            raise ConfigError(key="transfer.pair", found="id", allowed=allowed)
        self.labels, self.own, self.seed = labels, own if by_id else None, seed
        usable = np.ones(len(stills.labels), bool)
        if own is not None:
            usable[np.delete(own, learned)] = False
        self.members = [np.flatnonzero(usable & (stills.labels == label)) for label in range(labels.max() + 1)]
        empty = [label for label, members in enumerate(self.members) if not len(members)]
        if empty:
            allowed = "images of every class beside those of recordings kept for validation"
            raise ConfigError(key="transfer.images", found=f"none left of class {empty[0]}", allowed=allowed)

    def numbers(self, epoch: int) -> Int[np.ndarray, " recordings"]:
        """The image of each recording of the training split."""
        if self.own is not None:
            return self.own
        draws = np.random.default_rng([self.seed, STREAM, epoch]).random(len(self.labels))
        found = np.zeros(len(self.labels), np.int64)
        for label, members in enumerate(self.members):
            mine = self.labels == label
            found[mine] = members[(draws[mine] * len(members)).astype(np.int64)]
        return found


STREAM = 6
"""Of the randomness of pairs, below the seed of the run."""
