"""Steps on the items, whose gradients are noisy: every iteration draws its network, its recordings and its counts."""

from __future__ import annotations

import math
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

MOMENTUM, SCALE = 0.9, 0.98
"""Shares of the old mean of gradients, and of the old mean of their squares, that a step keeps."""


@final
class Descent:
    """Gradient descent on z with momentum.

    One scale serves all cells, as steps of equal size everywhere (Adam) would fill quiet cells with noise: on 34x34
    frames that alone cost more accuracy than any matching won back. `adaptive` takes Adam nevertheless.

    Args:
        z: what is learned.
        lr: root mean square of a step in the direction of a steady gradient, at the beginning.
        smoothing: standard deviation in pixels of a Gaussian over the gradient of each plane; 0 for none.
    """

    def __init__(self, z: Tensor, lr: float, smoothing: float, *, adaptive: bool) -> None:
        self.z, self.lr, self.smoothing = z, lr, smoothing
        self.adam = torch.optim.Adam([z], lr=lr) if adaptive else None
        self.mean, self.square, self.done = torch.zeros_like(z), 0.0, 0

    def step(self, progress: float) -> None:
        """One step, after the share `progress` of all; the rate falls as a half cosine. Takes z's gradient away."""
        assert self.z.grad is not None, "a loss was propagated back to z"
        rate, grad = self.lr * 0.5 * (1 + math.cos(math.pi * progress)), self.z.grad
        self.z.grad = smoothed(grad, self.smoothing) if self.smoothing > 0 else grad
        if self.adam is None:
            self._momentum(self.z.grad, rate)
        else:
            self.adam.param_groups[0]["lr"] = rate
            self.adam.step()
        self.z.grad = None

    def _momentum(self, grad: Tensor, rate: float) -> None:
        self.done += 1
        self.mean.lerp_(grad, 1 - MOMENTUM)
        self.square += (1 - SCALE) * (float(grad.square().mean()) - self.square)
        size = math.sqrt(self.square / (1 - SCALE**self.done)) * (1 - MOMENTUM**self.done)
        with torch.no_grad():
            self.z.sub_(self.mean, alpha=rate / (size + 1e-30))


def smoothed(
    grad: Float[Tensor, "items time channels height width"], sigma: float
) -> Float[Tensor, "items time channels height width"]:
    """`grad` convolved with a Gaussian of `sigma` pixels along height and width; nothing comes from outside."""
    reach = max(1, math.ceil(3 * sigma))
    weights = torch.exp(-(torch.arange(-reach, reach + 1, dtype=grad.dtype) ** 2) / (2 * sigma**2))
    weights = weights / weights.sum()
    planes = grad.reshape(-1, 1, *grad.shape[3:])
    planes = F.conv2d(planes, weights.reshape(1, 1, 1, -1), padding=(0, reach))
    planes = F.conv2d(planes, weights.reshape(1, 1, -1, 1), padding=(reach, 0))
    return planes.reshape(grad.shape)
