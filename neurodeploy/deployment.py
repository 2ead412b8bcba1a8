"""What an exporter is given: the proved integer network, the float one it came from, and how it is fed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.early_exit.rule import ExitRule, check_output
from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph, IntGraph


@final
@dataclass(frozen=True, eq=False)
class Deployment:
    """A trained network ready for export.

    Args:
        integer: the network; what every target must compute exactly.
        float_graph: the lowered float network before quantization, or None when there never was one.
        timesteps: T, steps per sample; states are zero at the start of each sample.
        classes: name of each output.
        name: name of the run it came from; written into manifests.
        exit_rule: when an answer is final before T; None: never.
    """

    integer: IntGraph
    float_graph: Graph | None
    timesteps: int
    classes: tuple[str, ...]
    name: str = "network"
    exit_rule: ExitRule | None = None

    def __post_init__(self) -> None:
        if self.timesteps < 1:
            raise ConfigError(key="timesteps", found=self.timesteps, allowed="an integer >= 1")
        if self.exit_rule is not None:
            check_output(self.integer.graph)
