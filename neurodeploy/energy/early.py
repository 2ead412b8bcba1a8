"""The work of samples that leave at different timesteps: each is counted up to its own exit and not beyond."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neurodeploy.early_exit import ExitRule, exits, prefix_scores, rule_work
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate, NotCovered
from neurodeploy.energy.observe import observe
from neurodeploy.energy.price import price
from neurodeploy.graph import IntGraph, Trace
from neurodeploy.profile import Profile

TERM = "early_exit_rule"


def count_early(integer: IntGraph, trace: Trace, rule: ExitRule) -> Counts:
    """What `count` finds where every sample stops at its exit; `steps` is the mean of the timesteps used.

    Args:
        trace: of all timesteps. Nothing in it depends on later frames, so its first t timesteps are those of a run that
            stops after t.
    """
    return observe(integer, trace, until=exits(rule, prefix_scores(integer.graph, trace)).steps).counts()


def price_early(counts: Counts, classes: int, profiles: Sequence[Profile]) -> list[Estimate]:
    """Estimates of runs that stop early, under the name "PROFILE, early exit".

    The rule itself takes comparisons and a subtraction at each timestep, which no profile prices: on a chip that has no
    such instruction they run on the host or an embedded core. They are listed as not covered.

    Args:
        counts: from `count_early`.
        classes: outputs among which the rule finds the two highest.
    """
    work = rule_work(classes)
    reason = f"at most {work.comparisons} comparisons and {work.subtractions} subtraction per timestep, not priced"
    extra = NotCovered(TERM, float(work.operations * counts.steps), reason)
    found = [price(counts, replace(profile, name=f"{profile.name}, early exit")) for profile in profiles]
    return [replace(estimate, not_covered=(extra, *estimate.not_covered)) for estimate in found]
