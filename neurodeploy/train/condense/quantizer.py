"""PEQ-N: a straight-through probabilistic event quantizer. Forward integers 0..N, backward the gradient as it comes.

Source:
    Ye et al. 2025, arXiv:2511.12095 (abstract: "hard non-negative integer frames", straight-through estimator). Both
    forms below are readings of ours: the paper's formula is not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

Mode = Literal["bernoulli", "binomial"]
Ste = Literal["identity", "clipped"]
Final = Literal["round", "sample"]

MARGIN = 1e-3
"""How near to 0 and N a count may start in mode "binomial", in counts: a logit of infinity would never move."""


@final
@dataclass(frozen=True)
class Quantizer:
    """Draws counts from free parameters z.

    Args:
        levels: N, the largest count, 1..255; 1 gives binary frames.
        mode: "bernoulli": the mean zc = clip(z, 0, N) is rounded up with probability zc - floor(zc), which keeps
            the mean; "binomial": N draws with probability sigmoid(z), of higher variance.
        ste: "identity": dL/dz = dL/dn everywhere; "clipped": the gradient of the mean, which is 0 outside 0..N.
    """

    levels: int
    mode: Mode = "bernoulli"
    ste: Ste = "identity"

    def start(self, counts: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Parameters whose mean is `counts`, as far as 0..N allows."""
        kept = counts.clamp(0, self.levels)
        if self.mode == "bernoulli":
            return kept
        return torch.logit(kept.clamp(MARGIN, self.levels - MARGIN) / self.levels)

    def mean(self, z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Expected counts, with their own gradient."""
        return z.clamp(0, self.levels) if self.mode == "bernoulli" else self.levels * torch.sigmoid(z)

    def __call__(self, z: Float[Tensor, "*shape"], generator: torch.Generator) -> Float[Tensor, "*shape"]:
        """Whole counts 0..N, drawn anew; straight through for the gradient."""
        counts = self._draw(z.detach(), generator)
        through = z if self.ste == "identity" else self.mean(z)
        return _Straight.apply(through, counts)  # type: ignore[no-untyped-call,no-any-return]  # torch's apply

    def settle_(self, z: Tensor) -> None:
        """Bring z back to where counts are, after a step of the optimizer."""
        if self.mode == "bernoulli":
            with torch.no_grad():
                z.clamp_(0, self.levels)

    def final(self, z: Float[Tensor, "*shape"], how: Final, generator: torch.Generator) -> UInt8[Tensor, "*shape"]:
        """The counts that are kept: the nearest ones to the mean, or one draw."""
        z = z.detach()
        counts = self.mean(z).round() if how == "round" else self._draw(z, generator)
        return counts.to(torch.uint8)

    def _draw(self, z: Tensor, generator: torch.Generator) -> Tensor:
        mean = self.mean(z)
        if self.mode == "binomial":
            return torch.binomial(torch.full_like(mean, self.levels), mean / self.levels, generator=generator)
        whole = mean.floor()
        return whole + (torch.rand(mean.shape, generator=generator) < mean - whole)


class _Straight(torch.autograd.Function):
    """`counts` with the gradient of `through`: z + (n - z).detach() would round the counts off."""

    @staticmethod
    def forward(ctx: object, through: Tensor, counts: Tensor) -> Tensor:
        return counts.clone()

    @staticmethod
    def backward(ctx: object, *grads: Tensor) -> tuple[Tensor, None]:
        return grads[0], None
