"""Early exits of exported files against the rule: where each sample stopped, what it was called, and every limit."""

from __future__ import annotations

import numpy as np

from neurodeploy.early_exit import EarlyRun, ExitRule, exits, prefix_scores, probes
from neurodeploy.errors import MismatchError
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact, Exporter, Runtime


def check_early(
    exporter: Exporter, artefact: Artefact, runtime: Runtime, graph: Graph, expected: Trace, frames: Array
) -> int:
    """Samples whose exit was compared; 0 where the artefact has no rule or the runtime computes all timesteps.

    Args:
        expected: the reference's output for `frames` (time, batch, *input shape).
    Raises:
        MismatchError: a sample stopped elsewhere or got another answer, or the rule has another limit.
    """
    rule = artefact.exit_rule()
    if rule is None:
        return 0
    asked = probes(rule)
    found = exporter.run_early(artefact, runtime, frames, asked)
    if found is None:
        return 0
    _same_limits(rule, asked, found)
    wanted = exits(rule, prefix_scores(graph, expected))
    _same("early exit", wanted.steps, found.exits.steps, wanted.steps)
    _same("early answer", wanted.answers, found.exits.answers, wanted.steps)
    return len(wanted.steps)


def _same_limits(rule: ExitRule, asked: Array, found: EarlyRun) -> None:
    wanted = np.array([rule.is_final(int(lead), int(steps)) for lead, steps in asked])
    for (lead, steps), right, decided in zip(asked, wanted, found.decisions, strict=True):
        if right != decided:
            raise MismatchError(
                node=f"early exit with a lead of {lead}",
                timestep=int(steps) - 1,
                index=(),
                expected=int(right),
                found=int(decided),
                differing=int((wanted != found.decisions).sum()),
                compared=len(wanted),
            )


def _same(what: str, wanted: Array, found: Array, steps: Array) -> None:
    bad = np.flatnonzero(wanted != found)
    if len(bad):
        sample = int(bad[0])
        raise MismatchError(
            node=f"{what} of the sample",
            timestep=int(steps[sample]) - 1,
            index=(sample,),
            expected=int(wanted[sample]),
            found=int(found[sample]),
            differing=len(bad),
            compared=len(wanted),
        )
