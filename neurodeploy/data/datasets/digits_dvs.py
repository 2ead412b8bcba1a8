"""The 1,797 handwritten digits that come with scikit-learn, recorded by the event camera model. No download."""

from __future__ import annotations

import hashlib
from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8

from neurodeploy.data.camera_set import StillImages, open_images
from neurodeploy.data.datasets.dataset import Dataset, Opened
from neurodeploy.data.split import rank_in_class

CLASSES = tuple("0123456789")
SEED = 1797
SIDE = 34
ZOOM = 3
"""Sensor pixels per pixel of the small images: strokes become about as wide as those of MNIST, 2 to 3 pixels."""


def _open(path: Path | None, sensor: tuple[int, int] | None) -> Opened:
    # scikit-learn takes a second to import and only this data set needs it.
    from sklearn.datasets import load_digits

    digits = load_digits()
    labels = digits.target.astype(np.int64)
    small = digits.images.astype(np.uint8)
    is_test = rank_in_class(labels) % 5 == 4
    content = hashlib.sha256(small.tobytes() + labels.tobytes()).hexdigest() + f" zoom {ZOOM}"
    train, test = (StillImages(labels[is_], partial(enlarge, small[is_], ZOOM)) for is_ in (~is_test, is_test))
    counts = f"{np.count_nonzero(~is_test)} and {np.count_nonzero(is_test)}"
    text = f"every fifth image of each class is for the test ({counts} recordings); the same people wrote both"
    return open_images(train, test, CLASSES, sensor or (SIDE, SIDE), SEED, content, text)


def enlarge(
    small: UInt8[np.ndarray, "images rows columns"], zoom: int
) -> UInt8[np.ndarray, "images large_rows large_columns"]:
    """Images `zoom` times as large, linear between the middles of the pixels; grey 0..16 becomes 0..255."""
    down, right = _interpolation(small.shape[1], zoom), _interpolation(small.shape[2], zoom)
    most = 16 * (2 * zoom) ** 2
    large: UInt8[np.ndarray, "images large_rows large_columns"] = (
        (down @ small @ right.T * 255 + most // 2) // most
    ).astype(np.uint8)
    return large


def _interpolation(length: int, zoom: int) -> Int[np.ndarray, "large small"]:
    """Weights of the small pixels (columns) for each large one, whole numbers with the sum 2 zoom; outside is 0."""
    places = 2 * np.arange(length * zoom) + 1 - zoom
    distance = np.abs(places[:, None] - 2 * zoom * np.arange(length))
    weights: Int[np.ndarray, "large small"] = np.maximum(2 * zoom - distance, 0)
    return weights


DATASET = Dataset(
    name="digits-dvs",
    sensor=(SIDE, SIDE),
    classes=CLASSES,
    licence="CC BY 4.0",
    citation="Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49 (images)",
    home="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    by_hand="Nothing to fetch: the images come with scikit-learn.",
    opener=_open,
    needs_path=False,
)
