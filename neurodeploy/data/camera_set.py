"""Data sets that the event camera model records from still images."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import final

import numpy as np
from jaxtyping import Integer, UInt8

from neurodeploy.data.camera import BLOCK, describe, record
from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.datasets.dataset import Opened, Recording
from neurodeploy.data.events import EventStream

Images = UInt8[np.ndarray, "images rows columns"]


@final
@dataclass(frozen=True, eq=False)
class StillImages:
    """The images of one split.

    Args:
        labels: class of each image.
        read: reads the images, 255 is full ink; called once, when the first recording is asked for.
    """

    labels: Integer[np.ndarray, " images"]
    read: Callable[[], Images]


@final
class CameraSplit:
    """Recordings of still images, made when asked for; the block asked for last is kept.

    Args:
        images: reads the images; called once, when the first recording is asked for.
        first: number of the first recording; with the seed it decides the randomness.
        seed, config: of the camera.
    """

    def __init__(self, images: Callable[[], Images], first: int, seed: int, config: CameraConfig) -> None:
        self._read, self._first, self._seed, self._config = images, first, seed, config
        self._block: tuple[int, list[EventStream]] = (-1, [])

    @cached_property
    def _images(self) -> Images:
        return self._read()

    def load(self, index: int) -> EventStream:
        """The events of recording `index`; the same whatever was asked for before."""
        number, inside = divmod(index, BLOCK)
        if self._block[0] != number:
            images = self._images[number * BLOCK : (number + 1) * BLOCK]
            start = self._first + number * BLOCK
            self._block = number, record(images, range(start, start + len(images)), self._seed, self._config)
        return self._block[1][inside]

    def recordings(self, name: str, labels: Integer[np.ndarray, " images"]) -> tuple[Recording, ...]:
        """One recording per label, called `name`/number."""
        return tuple(
            Recording(f"{name}/{index:05d}", int(label), partial(self.load, index))
            for index, label in enumerate(labels)
        )


def open_images(
    train: StillImages,
    test: StillImages,
    classes: tuple[str, ...],
    sensor: tuple[int, int],
    seed: int,
    content: str,
    split: str,
) -> Opened:
    """A data set whose recordings the camera makes of still images.

    Args:
        train, test: images of the two splits.
        classes: name of each label.
        sensor: (height, width) in pixels.
        seed: of the camera; recordings of the test split are numbered after those of the training split.
        content: changes when the images change.
        split: how train and test were told apart.
    """
    config = replace(CameraConfig(), height=sensor[0], width=sensor[1])
    config.check()
    details = describe(config, seed) | {"images": content}
    key = hashlib.sha256(json.dumps(details, sort_keys=True).encode()).hexdigest()
    first = CameraSplit(train.read, 0, seed, config).recordings("train", train.labels)
    second = CameraSplit(test.read, len(train.labels), seed, config).recordings("test", test.labels)
    return Opened(first, second, classes, sensor, key, split, details)
