"""The exit rule of a deployed network: a lead in whole numbers, so that every runtime decides alike.

The published scores are the largest softmax(a O_t) and the entropy of softmax(a O_t), where O_t is what the network's
answer is read from after t timesteps: outputs added up since the first. They need exp, which a microcontroller may not
have and which differs in the last bit from one library to the next: a sample at the threshold would leave at another
timestep. The lead of the highest over the second highest of O_t orders samples almost as softmax does (of two classes
exactly so: p_1 / p_2 = exp(a lead)), takes comparisons and one subtraction, and is exact. On recordings it needed as
many timesteps as either at equal accuracy, to a few hundredths; tests/benchmarks/bench_early_exit.py compares them.

Sources:
    Li, Jones, Furber 2023, "Unleashing the potential of SNNs with dynamic confidence", ICCV (sum of outputs, threshold
    from a Pareto front); Li et al. 2023, "SEENN", arXiv:2304.01230; Li et al. 2023, "DT-SNN", arXiv:2305.17346.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Bool, Int

from neurodeploy.early_exit.stop import exit_steps
from neurodeploy.errors import ConfigError, GraphError
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.nodes import Cuba, Readout

MARGIN_LOW, MARGIN_HIGH = -1, (1 << 24) - 1
"""Every lead is above the first; none is above the second, as outputs stay within 24 bits."""


@final
@dataclass(frozen=True)
class ExitRule:
    """When an answer is final.

    t_exit = min { t >= min_steps : max_k O_t[k] - second max_k O_t[k] > margin }, else T
    answer = argmax_k O_{t_exit}[k]; the lowest class wins a tie

    Args:
        margin: -1..2**24 - 1, in units of the output: membrane steps of a Readout, spikes of counted neurons.
        min_steps: >= 1; more than the longest delay on the way to the output.
    Raises:
        ConfigError: a value is out of range.
    """

    margin: int
    min_steps: int = 1

    def __post_init__(self) -> None:
        if not MARGIN_LOW <= self.margin <= MARGIN_HIGH:
            raise ConfigError(key="margin", found=self.margin, allowed=f"{MARGIN_LOW}..{MARGIN_HIGH}")
        if self.min_steps < 1:
            raise ConfigError(key="min_steps", found=self.min_steps, allowed=">= 1")

    def is_final(self, margin: int, steps: int) -> bool:
        """Whether a lead of `margin` is enough after `steps` timesteps; after the last one any lead is."""
        return steps >= self.min_steps and margin > self.margin


@final
@dataclass(frozen=True, eq=False)
class Exits:
    """How samples left.

    Args:
        steps: t_exit of each, 1..T.
        answers: class of each.
    """

    steps: Int[np.ndarray, " samples"]
    answers: Int[np.ndarray, " samples"]


@final
@dataclass(frozen=True)
class Work:
    """What the rule itself computes in one timestep, at most."""

    comparisons: int
    subtractions: int

    @property
    def operations(self) -> int:
        """Both together."""
        return self.comparisons + self.subtractions


def rule_work(classes: int) -> Work:
    """Finding the two highest of `classes` values, their lead, and the two comparisons of the rule.

    One comparison orders the first two values, each later one is compared at most twice.
    """
    return Work(comparisons=1 + 2 * (classes - 2) + 2, subtractions=1)


def check_output(graph: Graph) -> None:
    """Refuse networks whose answers have no lead.

    Raises:
        GraphError: the output is neither a Readout nor counted spikes, is no vector, or has a single class.
    """
    output, shape = graph.output, graph.shapes[graph.output.name]
    if not isinstance(output, Cuba | Readout) or len(shape) != 1 or shape[0] < 2:
        reason = f"an early exit needs two or more classes in a Readout or in spiking neurons, not a {shape} "
        raise GraphError(node=output.name, reason=reason + type(output).__name__)


def prefix_scores(graph: Graph, trace: Trace) -> Int[np.ndarray, "samples time classes"]:
    """O_t: what the answer is read from after 1, 2, ..., T timesteps.

    A Readout adds up by itself; spikes of output neurons are counted.

    Raises:
        GraphError: see `check_output`.
    """
    check_output(graph)
    output = np.moveaxis(trace[graph.output.name], 0, 1).astype(np.int64)
    return output.cumsum(1) if isinstance(graph.output, Cuba) else output


def margins(prefix: Int[np.ndarray, "samples time classes"]) -> Int[np.ndarray, "samples time"]:
    """Highest less second highest score, >= 0."""
    top = np.partition(prefix, -2, axis=-1)[..., -2:]
    return np.asarray(top[..., 1] - top[..., 0])


def exits(rule: ExitRule, prefix: Int[np.ndarray, "samples time classes"]) -> Exits:
    """Where every sample leaves: the specification of what deployed networks decide."""
    steps = exit_steps(margins(prefix), rule.margin, min(rule.min_steps, prefix.shape[1]))
    return Exits(steps, prefix[np.arange(len(prefix)), steps - 1].argmax(1))


@final
@dataclass(frozen=True, eq=False)
class EarlyRun:
    """What exported files made of recordings when they were allowed to stop.

    Args:
        exits: of each sample.
        decisions: whether an answer was final, for each lead and timestep that was asked about.
    """

    exits: Exits
    decisions: Bool[np.ndarray, " probes"]


def probes(rule: ExitRule) -> Int[np.ndarray, "probes 2"]:
    """Leads and timesteps (columns) on both sides of every limit of `rule`.

    Recordings hardly ever meet the margin exactly: without these, > and >= would look the same.
    """
    leads = {0, rule.margin - 1, rule.margin, rule.margin + 1, rule.margin + 64}
    steps = {1, rule.min_steps - 1, rule.min_steps, rule.min_steps + 1}
    asked = [(lead, step) for lead in sorted(leads) if lead >= 0 for step in sorted(steps) if step >= 1]
    return np.array(asked, np.int64)
