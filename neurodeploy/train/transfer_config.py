"""Settings of the transfer from still images."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from neurodeploy.errors import ConfigError


@final
@dataclass(frozen=True)
class TransferConfig:
    """Settings of the section `transfer`: still images of the same classes are learned beside the recordings.

    Args:
        images: folder with train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz; empty: no transfer. Test
            images are never read: recordings of them may be the test.
        pair: "class": each recording gets an image of its class, drawn anew in every epoch; "id": the image that it is
            a recording of, for data sets whose recordings are numbered as the images.
        weight: of the alignment of features, >= 0.
        image_weight: of the loss of the images' answers, >= 0.
        power: an image is replaced by its recording with the probability progress^power, > 0.
    """

    images: str = ""
    pair: Literal["class", "id"] = "class"
    weight: float = 0.5
    image_weight: float = 1.0
    power: float = 3.0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        _within("pair", self.pair, self.pair in ("class", "id"), "class, id")
        _within("weight", self.weight, 0 <= self.weight < 1e6, "0 <= weight < 1e6")
        _within("image_weight", self.image_weight, 0 <= self.image_weight < 1e6, "0 <= weight < 1e6")
        _within("power", self.power, 0 < self.power <= 100, "0 < power <= 100")


def _within(key: str, found: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise ConfigError(key=f"transfer.{key}", found=found, allowed=allowed)
