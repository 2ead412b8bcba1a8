"""Synapses over few events against the same synapses in torch: forward and gradient of the weights, by density.

    python tests/benchmarks/bench_event_sums.py [--threads 1] [--rounds 10]

Both take turns in one process; printed are the median milliseconds of processor time of both and the ratio. The density
at which the ratio passes 1 is where zeros become cheaper than the bookkeeping: `neurodeploy.train.events.sums` uses events
below DENSE_LIMIT, MAP_LIMIT and STRIDED_LIMIT.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from neurodeploy.train.events import sums as module
from neurodeploy.train.events.layout import laid_out

DENSITIES = (0.02, 0.05, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4)
CASES: dict[str, tuple[nn.Linear | nn.Conv2d, tuple[int, ...]]] = {
    "dense 2312-512, 640 rows": (nn.Linear(2312, 512, bias=False), (640, 2312)),
    "dense 512-512, 8000 rows": (nn.Linear(512, 512, bias=False), (8000, 512)),
    "conv 2-16, 5x5, 320 maps of 34x34": (nn.Conv2d(2, 16, 5, padding=2, bias=False), (320, 2, 34, 34)),
    "conv 16-32, 3x3, stride 2, 320 maps of 34x34": (
        nn.Conv2d(16, 32, 3, stride=2, padding=1, bias=False),
        (320, 16, 34, 34),
    ),
    "conv 32-64, 3x3, 320 maps of 8x8": (nn.Conv2d(32, 64, 3, padding=1, bias=False), (320, 32, 8, 8)),
}


def in_torch(synapse: nn.Linear | nn.Conv2d, values: Tensor) -> Tensor:
    if isinstance(synapse, nn.Linear):
        return F.linear(values, synapse.weight)
    return F.conv2d(values, synapse.weight, None, synapse.stride, synapse.padding)


def over_events(synapse: nn.Linear | nn.Conv2d, values: Tensor) -> Tensor:
    found = module.event_sum(synapse, values, synapse.weight)
    assert found is not None, "the limits are lifted"
    return found


def milliseconds(
    sums: Callable[[nn.Linear | nn.Conv2d, Tensor], Tensor],
    synapse: nn.Linear | nn.Conv2d,
    values: Tensor,
    grad: Tensor,
) -> float:
    started = time.process_time()
    torch.autograd.grad(sums(synapse, values), synapse.weight, grad)
    return 1000 * (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description="Sums over events compared; see the top of this file.")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    module.DENSE_LIMIT = module.MAP_LIMIT = module.STRIDED_LIMIT = 1.0
    print(f"torch {torch.__version__}, {given.threads} threads")
    for name, (synapse, shape) in CASES.items():
        synapse.weight = nn.Parameter(laid_out(synapse.weight.detach()))
        print(name)
        for density in DENSITIES:
            values = (torch.rand(shape) < density).float()
            if values.ndim == 4:
                values = values.contiguous(memory_format=torch.channels_last)
            grad = torch.randn_like(in_torch(synapse, values))
            times = np.array(
                [
                    [milliseconds(way, synapse, values, grad) for way in (in_torch, over_events)]
                    for _ in range(given.rounds + 1)
                ]
            )[1:]
            dense, events = np.median(times, axis=0)
            ratios = np.percentile(times[:, 0] / times[:, 1], [25, 50, 75])
            print(
                f"  {100 * density:3.0f} %: torch {dense:6.2f} ms, events {events:6.2f} ms, "
                f"{ratios[1]:5.2f} times faster ({ratios[0]:.2f} to {ratios[2]:.2f})"
            )


if __name__ == "__main__":
    main()
