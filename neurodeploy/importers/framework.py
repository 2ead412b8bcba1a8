"""What a framework must say about itself so that its networks can be imported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from neurodeploy.errors import ToolchainMissingError
from neurodeploy.importers.lif import Lif

PROBES = torch.tensor([-1.0, -1e-3, 0.0, 1e-3, 1.0])
"""Distances from the threshold at which a firing function is tried."""


class Framework(ABC):
    """A library of spiking neurons for torch. Frameworks are final and live in one file each."""

    name: ClassVar[str]
    """As its users write it."""
    package: ClassVar[str]
    """As it is imported and installed."""
    kinds: ClassVar[tuple[type[nn.Module], ...]]
    """Neurons that can be imported."""

    @abstractmethod
    def is_neuron(self, module: nn.Module) -> bool:
        """Whether the module is one of the framework's neurons, of `kinds` or not."""

    @abstractmethod
    def neuron(self, path: str, module: nn.Module) -> Lif:
        """What the neurons of a module compute, read from its settings.

        Raises:
            UnsupportedNodeError: it has no form in the graph; path, setting and way out are named.
        """

    @abstractmethod
    def layers(self) -> Mapping[type[nn.Module], type[nn.Module]]:
        """The framework's own stateless layers -> the torch layer that each is."""

    @abstractmethod
    def reset(self, module: nn.Module) -> None:
        """Forget all states inside the module."""

    @abstractmethod
    def voltage(self, module: nn.Module, output: Any, spikes: Tensor) -> Tensor | None:  # Any: the framework's states
        """Voltage after the step, as `Lif` counts it, less what the graph keeps apart (`left`); None if not shown."""

    def timestep_us(self, module: nn.Module) -> float | None:
        """Duration of a timestep in µs, where the neurons hold it."""
        return None

    @contextmanager
    def showing_voltages(self, module: nn.Module) -> Iterator[None]:
        """The module keeps the voltages of all timesteps where it can."""
        yield


def missing(package: str, error: ModuleNotFoundError) -> ToolchainMissingError:
    """The error for a framework that is not installed, or lacks a package that it needs itself."""
    reason = "" if error.name == package else str(error)
    install = f"make peers (in a checkout), or pip install {package}"
    return ToolchainMissingError(tool=package, install=install, reason=reason)
