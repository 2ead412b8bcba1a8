"""Opens the four official IDX files of MNIST or Fashion-MNIST as recordings of the camera model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neurodeploy.data.camera_set import StillImages, open_images
from neurodeploy.data.datasets.dataset import Opened, Source
from neurodeploy.data.idx import read_idx
from neurodeploy.errors import DataError

SEED = 2015
"""Of the camera, for all sets made of IDX files."""

IMAGES, LABELS = "{}-images-idx3-ubyte", "{}-labels-idx1-ubyte"
SPLITS = ("train", "t10k")
SIDE = 34


def opener(classes: tuple[str, ...]) -> Callable[[Path | None, tuple[int, int] | None], Opened]:
    """The function that opens a folder with the four files of a data set with these classes."""
    return partial(_open, classes)


def sources(url: str, *files: tuple[int, str]) -> tuple[Source, ...]:
    """What to download from `url`: size and SHA-256 of train images, train labels, t10k images, t10k labels."""
    names = (f"{name.format(split)}.gz" for split in SPLITS for name in (IMAGES, LABELS))
    return tuple(
        Source(name, (f"{url}/{name}",), size, sha256) for name, (size, sha256) in zip(names, files, strict=True)
    )


def _open(classes: tuple[str, ...], folder: Path | None, sensor: tuple[int, int] | None) -> Opened:
    folder = folder or Path()
    files = [(_find(folder, LABELS.format(split)), _find(folder, IMAGES.format(split))) for split in SPLITS]
    train, test = (_split(labels, images, len(classes)) for labels, images in files)
    content = "".join(hashlib.sha256(path.read_bytes()).hexdigest() for pair in files for path in pair)
    text = "the official split of the images: train files for training, t10k files for the test"
    return open_images(train, test, classes, sensor or (SIDE, SIDE), SEED, content, text)


def _find(folder: Path, name: str) -> Path:
    for path in (folder / f"{name}.gz", folder / name):
        if path.is_file():
            return path
    raise DataError(
        source=folder, reason=f"no file {name}.gz (or {name})", hint="Set data.path to the folder that has it."
    )


def _split(labels_path: Path, images_path: Path, classes: int) -> StillImages:
    labels = read_idx(labels_path, axes=1)
    if len(labels) and labels.max() >= classes:
        place = int(np.argmax(labels >= classes))
        reason = f"label {place} is {labels[place]}, allowed 0..{classes - 1}"
        raise DataError(source=labels_path, reason=reason, hint="Is it the file of another set?")
    return StillImages(labels, partial(_images, images_path, labels_path, len(labels)))


def _images(path: Path, labels_path: Path, labels: int) -> UInt8[np.ndarray, "images rows columns"]:
    images = read_idx(path, axes=3)
    if len(images) != labels:
        reason = f"{len(images)} images, but {labels} labels in {labels_path.name}"
        raise DataError(source=path, reason=reason, hint="Fetch both files again.")
    return images
