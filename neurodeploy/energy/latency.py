"""Time and memory of one inference on a profile: what its numbers allow to say, as an interval, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.profile import Profile


@final
@dataclass(frozen=True)
class Latency:
    """Time of one inference, and the bytes of the network.

    Args:
        steps: timesteps of an inference; the mean where they differ.
        step_s, inference_s: (low, mid, high) in s, or None where no source gives a time; `notes` says why.
        throughput_hz: (low, mid, high) inferences per second, one after the other.
        source: where the times come from; empty without times.
        bottleneck: what takes most of a step at the high end; empty without times.
        weight_bytes, state_bytes, buffer_bytes: of weights and biases, of neuron states, and of the events of one step
            if every value were non-zero. Bits are packed; a chip's own encoding may need more.
        cores: among which the work is spread at the low end, or None where no placement was given.
        notes: what a reader needs in order to use the numbers.
    """

    profile: Profile
    steps: int | float
    step_s: tuple[float, float, float] | None
    inference_s: tuple[float, float, float] | None
    throughput_hz: tuple[float, float, float] | None
    source: str
    bottleneck: str
    weight_bytes: int
    state_bytes: int
    buffer_bytes: int
    cores: int | None
    notes: tuple[str, ...]
