"""What the nodes with a memory compute, stepped by Euler's method from states of zero.

I        v += dt r x
LI       v += dt/tau (v_leak - v + r x)
IF, LIF  likewise; z = v > v_threshold, and v = v_reset where z
CubaLI   i += dt/tau_syn (w_in x - i); v += dt/tau_mem (v_leak - v + r i): the voltage sees the new current
CubaLIF  likewise; z and reset as above
Delay    y(t) = x(t - delay), zero before there was an x

NIR states differential equations only. That the voltage sees the current of the same step, and that a spike and its
reset belong to the step in which the voltage crosses the threshold, is what snnTorch 1.0.0, Norse 1.1.0 and
SpikingJelly 2.0.0 do (compared in tests/unit/exporters/test_nir_readers.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import final

import numpy as np

from neurodeploy.graph.numeric import Array
from neurodeploy.nirfile.layers import REAL, fitted, real
from neurodeploy.nirfile.network import FileNode

WHOLE = 1e-3
"""Share of a timestep by which a Delay may miss a whole number of them: float32 seconds are that good for years."""


class Memory(ABC):
    """A node between timesteps."""

    @property
    @abstractmethod
    def states(self) -> dict[str, Array]:
        """Those that a run records, after the step: voltage, current."""

    @abstractmethod
    def step(self, value: Array) -> Array:
        """The output (batch, *shape) for the summed input of this step."""


def share(node: FileNode, field: str, dt: float) -> Array:
    """dt / tau: what a step makes up of the way to rest.

    Raises:
        ArtefactError: a time constant that is not positive.
    """
    tau = node.array(field)
    if (tau <= 0).any():
        raise node.error(f"{field} is {tau.min()}, allowed: > 0 seconds")
    with np.errstate(over="ignore"):
        return np.asarray(np.asarray(dt, tau.dtype if tau.dtype.kind == "f" else REAL) / tau)


def delay_steps(node: FileNode, dt: float) -> Array:
    """Timesteps of a Delay.

    Raises:
        ArtefactError: not a whole number of timesteps.
    """
    steps = node.array("delay").astype(np.float64) / dt
    whole = np.rint(steps)
    if not np.isfinite(steps).all() or (np.abs(steps - whole) > WHOLE).any() or whole.min() < 0:
        raise node.error(f"delay is {steps.reshape(-1)[0]:.6g} timesteps of {dt:g} s, wanted a whole number >= 0")
    return whole.astype(np.int64)


@final
class Neurons(Memory):
    """Every kind but Delay; a kind without a threshold puts out its voltage."""

    def __init__(self, node: FileNode, dt: float, shape: tuple[int, ...]) -> None:
        own = shape[1:]

        def field(name: str, default: float | None = None) -> Array:
            return real(fitted(node, name, own, default))

        self.current_share: Array | None = None
        if node.kind.startswith("Cuba"):
            self.current_share, self.w_in = real(share(node, "tau_syn", dt)), field("w_in", 1.0)
            fitted(node, "tau_syn", own)
        leaks = node.kind not in ("I", "IF")
        tau = "tau_mem" if self.current_share is not None else "tau"
        self.share = real(share(node, tau, dt)) if leaks else real(np.asarray(dt))
        if leaks:
            fitted(node, tau, own)
        self.is_leaky = leaks
        self.rest, self.r = field("v_leak", 0.0) if leaks else real(np.zeros(())), field("r")
        self.threshold = field("v_threshold") if node.kind.endswith("IF") else None
        self.reset = field("v_reset", 0.0)
        self.current: Array = np.zeros(shape, REAL)
        self.voltage: Array = np.zeros(shape, REAL)

    @property
    def states(self) -> dict[str, Array]:
        own = {"voltage": self.voltage}
        return own if self.current_share is None else {"current": self.current, **own}

    def step(self, value: Array) -> Array:
        drive = value
        if self.current_share is not None:
            self.current = self.current + self.current_share * (self.w_in * value - self.current)
            drive = self.current
        pull = self.rest - self.voltage + self.r * drive if self.is_leaky else self.r * drive
        self.voltage = self.voltage + self.share * pull
        if self.threshold is None:
            return self.voltage
        spikes = self.voltage > self.threshold
        self.voltage = np.where(spikes, self.reset, self.voltage)
        return real(spikes)


@final
class Line(Memory):
    """A Delay.

    Args:
        late: steps that have passed already when a value enters.
    """

    def __init__(self, node: FileNode, dt: float, shape: tuple[int, ...], late: int) -> None:
        fitted(node, "delay", shape[1:])
        self.steps = np.broadcast_to(delay_steps(node, dt), shape[1:]) - late
        if self.steps.min() < 0:
            raise node.error("a loop leads through it, and it does not delay")
        self.past: list[Array] = []
        self.silent = np.zeros(shape, REAL)

    @property
    def states(self) -> dict[str, Array]:
        return {}

    def step(self, value: Array) -> Array:
        self.past.insert(0, value)
        del self.past[int(self.steps.max()) + 1 :]
        output = self.silent
        for age, old in enumerate(self.past):
            output = np.where(self.steps == age, old, output)
        return output
