"""The fast simulator: the reference's numbers, batched and compiled. The reference stays the specification."""

from neurodeploy.fast.simulator import Simulator, simulate

__all__ = ["Simulator", "simulate"]
