"""Frames of a batch in as few bits as their counts need; one timestep at a time becomes floats."""

from __future__ import annotations

from typing import final, overload

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

SHIFTS = tuple(range(7, -1, -1))
"""Of the bits of a byte in the order of `np.packbits`."""


@final
class Packed:
    """A batch of frames: one bit a value where nothing is larger than 1, two where nothing is larger than 3, and so on.

    Args:
        planes: (bits, time, batch, bytes): bit 0 of all values, then bit 1, ...; each row is padded to whole bytes.
        shape: of a frame.
    """

    def __init__(self, planes: UInt8[Tensor, "bits time batch bytes"], shape: tuple[int, ...]) -> None:
        self.planes, self.shape = planes, shape

    def __len__(self) -> int:
        """Timesteps."""
        return self.planes.shape[1]

    @overload
    def __getitem__(self, place: int) -> Float[Tensor, " batch *shape"]: ...

    @overload
    def __getitem__(self, place: slice) -> Packed: ...

    def __getitem__(self, place: int | slice) -> Float[Tensor, " batch *shape"] | Packed:
        """The frames of one timestep as floats, or a part of the timesteps."""
        if isinstance(place, slice):
            return Packed(self.planes[:, place], self.shape)
        shifts = torch.tensor(SHIFTS, dtype=torch.uint8, device=self.planes.device)
        bits = (self.planes[:, place, :, :, None] >> shifts) & 1
        values = bits.flatten(2)[..., : int(np.prod(self.shape))].float()
        counts = values[0]
        for power, plane in enumerate(values[1:], 1):
            counts.add_(plane, alpha=1 << power)
        return counts.view(-1, *self.shape)


def pack(frames: UInt8[np.ndarray, "batch time *shape"], device: torch.device) -> Packed:
    """`frames` packed; one timestep after the other, so that little is held twice."""
    batch, steps, *shape = frames.shape
    bits = max(int(frames.max(initial=0)).bit_length(), 1)
    planes = np.empty((bits, steps, batch, (int(np.prod(shape)) + 7) // 8), np.uint8)
    for time in range(steps):
        rows = frames[:, time].reshape(batch, -1)
        for bit in range(bits):
            planes[bit, time] = np.packbits((rows >> bit) & 1, axis=1)
    return Packed(torch.from_numpy(planes).to(device), tuple(shape))


def unpacked(frames: Float[Tensor, "time batch *shape"] | Packed) -> Float[Tensor, "time batch *shape"]:
    """All timesteps as floats."""
    return torch.stack([frames[time] for time in range(len(frames))]) if isinstance(frames, Packed) else frames
