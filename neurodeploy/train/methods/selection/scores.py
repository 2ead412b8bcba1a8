"""How much a recording would move the weights, from the tensors of an ordinary forward pass.

The gradient of the last synapses is sum_t d[t] s[t]^T, where d[t] is the gradient of the recording's loss with respect
to the logits of timestep t and s[t] what enters the last synapses. Spikes are 0 or 1, so |s[t]| is the square root of
their number: this is how all-or-nothing spikes enter the norm of a gradient. With T timesteps, logits o[t], target y,

    loss "mean":  d[t] = (softmax(mean o) - y) / T                 score = |softmax(mean o) - y| * |mean_t s[t]|
    loss "tet":   d[t] = ((1 - h) (softmax(o[t]) - y) + 2h (o[t] - 1) / K) / T      score = sum_t |d[t]| * |s[t]|

for K classes and h = `tet_lambda`; y is smoothed as in the loss. The first is that gradient's norm, the second a bound
of it (triangle inequality). Deeper gradients are bounded by the last one up to a factor common to all recordings, the
argument of Katharopoulos and Fleuret 2018, arXiv 1803.00942. A recording that leaves the last neurons silent scores 0
although its deeper gradients may not be 0; a floor on probabilities keeps it in the game. Cost: O(T (K + D)) for D
neurons before the readout, and no backward pass.

Where the spikes of the last neurons are counted there is no readout after them: s[t] is then what enters the last
synapses, those of the last neurons, and the score is mean_t |T d[t]| times mean_t |s[t]|. That leaves out the slope of
the surrogate and the neurons' memory, which bound every recording's gradient by the same factor.
"""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor
from torch.linalg import vector_norm

from neurodeploy.train.config import TrainConfig
from neurodeploy.train.loss import TARGET
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.model import Output
from neurodeploy.train.packed import unpacked


def answer_errors(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], config: TrainConfig
) -> Float[Tensor, "steps batch classes"]:
    """T times the gradient of each recording's loss with respect to its logits; a single step where all are alike."""
    logits, classes = logits.float(), logits.shape[-1]
    smoothing = config.label_smoothing
    target = (1 - smoothing) * F.one_hot(labels, classes) + smoothing / classes
    if config.loss == "mean":
        return (logits.mean(0).softmax(-1) - target)[None]
    share = config.tet_lambda
    return (1 - share) * (logits.softmax(-1) - target) + share * 2 / classes * (logits - TARGET)


def el2n_scores(
    logits: Float[Tensor, "time batch classes"], labels: Int[Tensor, " batch"], config: TrainConfig
) -> Float[Tensor, " batch"]:
    """Norm of the error of the answer, its mean over time for the loss "tet".

    Source:
        Paul, Ganguli, Dziugaite 2021, arXiv 2107.07075: |softmax(o) - y|.
    """
    return _norms(answer_errors(logits, labels, config), 2).mean(0)


def spike_scores(batch: Batch, output: Output, config: TrainConfig, *, counted: bool) -> Float[Tensor, " batch"]:
    """The spike-aware score above.

    Args:
        counted: the answer is the spike count of the last stage.
    """
    errors = _norms(answer_errors(output.logits, batch.labels, config), 2)
    before = output.spikes[:-1] if counted else output.spikes
    entering = before[-1].float() if before else unpacked(batch.frames)
    if config.loss == "mean" and not counted:
        return errors[0] * _norms(entering.mean(0), 1)
    sizes = _norms(entering, 2)
    return errors.mean(0) * sizes.mean(0) if counted else (errors * sizes).mean(0)


def _norms(values: Tensor, kept: int) -> Tensor:
    """Euclidean norms over all axes but the first `kept`."""
    found: Tensor = vector_norm(values, dim=tuple(range(kept, values.ndim)))
    return found
