"""How alike two sets of features of the same recordings are."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

LEAST = 4
"""Recordings below which the estimate does not exist."""

_TINY = 1e-12


def cka(first: Float[Tensor, "steps recordings one"], second: Float[Tensor, "steps recordings two"]) -> Tensor:
    """Linear centred kernel alignment at each step, (steps,): 1 for features that differ by a rotation and a factor.

    With the unbiased estimate of HSIC, so that independent features give 0 on average; the biased one approaches 1 for
    them as the number of features grows beyond that of recordings. 0 where features do not vary.

    Args:
        first, second: at least `LEAST` recordings.
    Source:
        Song et al. 2012, "Feature selection via dependence maximization", JMLR 13, equation 5 (HSIC_1);
        Kornblith et al. 2019, "Similarity of neural network representations revisited", arXiv:1905.00414.
    """
    # Bfloat16 would lose what is left when large sums are subtracted.
    with torch.autocast(first.device.type, enabled=False):
        one, two = (_kernel(features) for features in (first, second))
        together, alone, other = _hsic(one, two), _hsic(one, one), _hsic(two, two)
    varies = (alone > _TINY) & (other > _TINY)
    size = torch.where(varies, alone, 1.0) * torch.where(varies, other, 1.0)
    return torch.where(varies, together * size.rsqrt(), 0.0)


def _kernel(features: Tensor) -> Tensor:
    """Inner products of the recordings, without those of a recording with itself; scaled against overflow."""
    features = features.float()
    features = features - features.mean(1, keepdim=True)
    kernel = features @ features.mT / features.shape[2]
    return kernel - torch.diag_embed(kernel.diagonal(dim1=1, dim2=2))


def _hsic(first: Tensor, second: Tensor) -> Tensor:
    """The unbiased estimate from kernels with empty diagonals, (steps,)."""
    count = first.shape[1]
    rows, others = first.sum(2), second.sum(2)
    value = (first * second).sum((1, 2))
    value = value + rows.sum(1) * others.sum(1) / ((count - 1) * (count - 2))
    value = value - 2 / (count - 2) * (rows * others).sum(1)
    return value / (count * (count - 3))
