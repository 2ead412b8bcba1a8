"""The fast simulator: layer after layer over all timesteps, step after step only where spikes come back.

Exact to `graph.simulate`, which stays the specification: tests compare every value on every case and on random graphs.
"""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import final

import numpy as np
from numba.core import config

from neurodeploy.fast.plan import Plan
from neurodeploy.fast.run import Run
from neurodeploy.graph import IntGraph, Trace, predictions, scores
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.simulate import check_frames

BLOCK = 16
"""Samples that a thread takes at a time, so that their spikes stay in its cache from layer to layer."""


@final
class Simulator:
    """An integer network prepared once, for any number of batches.

    Args:
        integer: the network.
        threads: 0 takes every core that this process may use (or NUMBA_NUM_THREADS); no value depends on it.
    """

    def __init__(self, integer: IntGraph, threads: int = 0) -> None:
        self.graph, self.plan = integer.graph, Plan(integer)
        self.threads = threads or config.NUMBA_NUM_THREADS

    def trace(self, frames: Array, names: Collection[str] | None = None) -> Trace:
        """What `graph.simulate` gives, in narrower integers: inputs and spikes uint8, sums and states int32.

        Args:
            frames: (time, batch, *input shape), integers 0..input.high.
            names: of values to record, "cuba1" or "cuba1.voltage"; None records all.
        Raises:
            DataError: the frames do not fit the graph's input.
        """
        inputs = block_inputs(self.plan, frames)
        batch, steps = inputs.shape[:2]
        entry = self.graph.input.name
        wanted = [name for name in self.plan.names if names is None or name in names]
        inputs = inputs.copy() if entry in wanted and np.shares_memory(inputs, frames) else inputs
        kept = {name: np.empty((batch, steps, self.plan.size(name)), self.plan.dtype(name)) for name in wanted}
        kept.pop(entry, None)

        def run(block: slice) -> None:
            Run(self.plan, inputs[block], {name: array[block] for name, array in kept.items()})

        blocks = self.blocks(batch)
        with ThreadPoolExecutor(min(self.threads, len(blocks))) as pool:
            list(pool.map(run, blocks))
        return Trace({name: self.plan.outer(name, kept.get(name, inputs)) for name in wanted})

    def scores(self, frames: Array) -> Array:
        """(batch, classes), as `graph.scores`."""
        return scores(self.graph, self.trace(frames, {self.graph.output.name}))

    def predictions(self, frames: Array) -> Array:
        """(batch,), as `graph.predictions`."""
        return predictions(self.graph, self.trace(frames, {self.graph.output.name}))

    def blocks(self, batch: int) -> list[slice]:
        """Samples for one thread at a time; steps one by one cost more in small blocks."""
        share = -(-batch // self.threads)
        size = share if self.plan.is_cyclic else min(share, BLOCK)
        return [slice(start, min(start + size, batch)) for start in range(0, batch, size)]


def block_inputs(plan: Plan, frames: Array) -> Array:
    """(sample, time, places), uint8: frames as the kernels read them.

    Raises:
        DataError: the frames do not fit the graph's input.
    """
    check_frames(plan.graph, frames)
    # numba compiles anew for memory that is read-only or not aligned
    return np.require(plan.inner(plan.graph.input.name, np.moveaxis(frames, 1, 0)), np.uint8, ["C", "A", "W"])


def simulate(integer: IntGraph, frames: Array) -> Trace:
    """Every output and state of every node; equal to `graph.simulate`."""
    return Simulator(integer).trace(frames)
