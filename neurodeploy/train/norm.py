"""Batch norm as a factor and a shift, with the statistics of all samples of all processes."""

from __future__ import annotations

from torch import Tensor, nn

from neurodeploy.errors import GraphError
from neurodeploy.train import ranks

Norm = nn.BatchNorm1d | nn.BatchNorm2d


def normalised(norm: Norm, total: Tensor) -> Tensor:
    """`norm(total)`; several processes use the statistics of all their samples."""
    if ranks.size() == 1 or not norm.training:
        result: Tensor = norm(total)
        return result
    scale, shift = normalisation(norm, total)
    return total * per_channel(scale, total) + per_channel(shift, total)


def normalisation(norm: Norm, total: Tensor) -> tuple[Tensor, Tensor]:
    """Factor and shift per channel of `norm`, which sees `total` (time * batch, channel, *map) and learns from it."""
    mean, variance = running(norm)
    if norm.training:
        total = total.float()
        mean, variance, correction = ranks.moments(total)
        learn_statistics(norm, mean.detach(), variance.detach() * correction)
    scale = norm.weight * (variance + norm.eps).rsqrt()
    return scale, norm.bias - mean * scale


def learn_statistics(norm: Norm, mean: Tensor, variance: Tensor) -> None:
    """Move the running statistics as torch does; `variance` is that of the population, (n - 1) in its denominator."""
    for known, new in zip(running(norm), (mean, variance), strict=True):
        known.lerp_(new.to(known.dtype), 0.0 if norm.momentum is None else norm.momentum)
    if norm.num_batches_tracked is not None:
        norm.num_batches_tracked.add_(1)


def running(norm: Norm) -> tuple[Tensor, Tensor]:
    """Running mean and variance of each channel.

    Raises:
        GraphError: `norm` keeps none.
    """
    if norm.running_mean is None or norm.running_var is None:
        raise GraphError(node="norm", reason="it keeps no running statistics, so it cannot be folded")
    return norm.running_mean, norm.running_var


def per_channel(values: Tensor, total: Tensor, axis: int = 1) -> Tensor:
    """`values` shaped so that they multiply `total` along `axis`."""
    return values.reshape(-1, *(1,) * (total.ndim - 1 - axis))
