"""Random changes of items that the gradient passes: those of `data.augment`, on float frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neurodeploy.data.augment import AugmentConfig, affine_maps, draw_affine

Frames = Float[Tensor, "items time 2 height width"]


@final
@dataclass(frozen=True, eq=False)
class Change:
    """What happens to each of some items.

    Args:
        maps: for each pixel of the result the input pixel it shows, height * width for none; None moves nothing.
        lost: probability that an event is lost; None loses none.
        swapped: whether the polarities are swapped; None swaps none.
    """

    maps: Int[Tensor, "items pixels"] | None
    lost: Float[Tensor, " items"] | None
    swapped: Bool[Tensor, " items"] | None

    @staticmethod
    def draw(config: AugmentConfig, items: int, height: int, width: int, rng: np.random.Generator) -> Change:
        """A change for each item, as training draws them."""
        maps = torch.from_numpy(affine_maps(draw_affine(config, items, rng), height, width)) if config.moves else None
        lost = torch.from_numpy(rng.uniform(0, config.drop, items)) if config.drop > 0 else None
        swapped = torch.from_numpy(rng.random(items) < config.flip_polarity) if config.flip_polarity > 0 else None
        return Change(maps, lost, swapped)

    def repeated(self, items: int) -> Change:
        """The change of one item, for so many."""
        maps, lost, swapped = (
            None if each is None else each.repeat_interleave(items, 0) for each in (self.maps, self.lost, self.swapped)
        )
        return Change(maps, lost, swapped)

    def __call__(self, frames: Frames, generator: torch.Generator) -> Frames:
        """A changed copy of `frames`, which hold whole counts."""
        frames = frames if self.maps is None else move(frames, self.maps)
        frames = frames if self.lost is None else drop(frames, self.lost, generator)
        if self.swapped is None:
            return frames
        return torch.where(self.swapped.reshape(-1, 1, 1, 1, 1), frames.flip(2), frames)


def move(frames: Frames, maps: Int[Tensor, "items pixels"]) -> Frames:
    """Frames whose pixel k of item b shows what was at `maps[b, k]`; index height * width shows no events."""
    items, time, channels, height, width = frames.shape
    planes = F.pad(frames.reshape(items, time * channels, height * width), (0, 1))
    return planes.gather(2, maps[:, None].expand(-1, time * channels, -1)).reshape(frames.shape)


def drop(frames: Frames, lost: Float[Tensor, " items"], generator: torch.Generator) -> Frames:
    """Frames in which each event of item b is lost with probability `lost[b]`; the gradient is that of the mean."""
    kept = (1 - lost).to(frames.dtype).reshape(-1, 1, 1, 1, 1).expand_as(frames).contiguous()
    left = torch.binomial(frames.detach(), kept, generator=generator)
    return _Thinned.apply(frames, kept, left)  # type: ignore[no-untyped-call,no-any-return]  # torch's apply


class _Thinned(torch.autograd.Function):
    """`left`, whole counts, with the gradient of `frames` times `kept`."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, frames: Tensor, kept: Tensor, left: Tensor) -> Tensor:
        ctx.save_for_backward(kept)
        return left

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *grads: Tensor) -> tuple[Tensor, None, None]:
        (kept,) = ctx.saved_tensors  # type: ignore[attr-defined]  # torch leaves it untyped
        return grads[0] * kept, None, None
