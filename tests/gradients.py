"""Gradients of single recordings, by a backward pass each: what scores estimate and samples have to represent."""

import numpy as np
import torch
from torch import Tensor

from neurodeploy.train.config import TrainConfig
from neurodeploy.train.loss import losses
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.model import SpikingNet


def batch_of(frames: Tensor, labels: Tensor) -> Batch:
    return Batch(np.arange(len(labels)), frames, frames, labels, None, 1, 0.0)


def each_gradient(net: SpikingNet, frames: Tensor, labels: Tensor, config: TrainConfig, of: str = "") -> Tensor:
    """(recordings, weights): of the parameters whose names begin with `of`, one recording at a time.

    Batch norm must be in eval mode, or absent: else a recording has no gradient of its own.
    """
    weights = [tensor for name, tensor in net.named_parameters() if name.startswith(of)]
    rows = []
    for place in range(len(labels)):
        value = losses(net(frames[:, place : place + 1]).logits, labels[place : place + 1], config)[0]
        found = torch.autograd.grad(value, weights)
        rows.append(torch.cat([tensor.flatten() for tensor in found]))
    return torch.stack(rows).double()


def ranks_agree(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's correlation, of values that are all different."""
    ranks = [np.argsort(np.argsort(values)) for values in (first, second)]
    return float(np.corrcoef(*ranks)[0, 1])
