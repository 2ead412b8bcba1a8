"""Early exit in C: the lead of the answer, whether it is final, and a recording classified in as few timesteps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.early_exit import ExitRule, margins, prefix_scores, probes
from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_text import fill, template
from neurodeploy.graph import Graph, Trace

CHECKS = 3
"""Comparisons in a golden step: lead, answer, and whether it is final."""


def exit_declarations(context: Context) -> str:
    """Lines of NAME.h; empty without a rule."""
    rule = context.exit_rule
    if rule is None:
        return ""
    unit = "output spikes" if context.is_spiking else "units of the scores, 64 per weight step"
    margin = str(rule.margin) if rule.margin >= 0 else f"({rule.margin})"
    values = {"NAME": "@NAME@", "MARGIN": margin, "MIN": rule.min_steps, "UNIT": unit}
    return fill(template("early_exit.h.in"), **values)


def exit_functions(context: Context) -> str:
    """Functions of NAME.c; empty without a rule."""
    if context.exit_rule is None:
        return ""
    kind, values = ("uint16_t", "m->counts") if context.is_spiking else ("int32_t", "@NAME@_scores(m)")
    return fill(template("early_exit.c.in"), NAME="@NAME@", KIND=kind, VALUES=values)


@final
@dataclass(frozen=True)
class GoldenExits:
    """Parts of test_NAME.c; all empty without a rule.

    Args:
        tables: what the simulator found.
        within: statements after each step.
        after: statements after the last.
        compared: comparisons added.
    """

    tables: str = ""
    within: str = ""
    after: str = ""
    compared: int = 0


def golden_exits(rule: ExitRule | None, graph: Graph, trace: Trace) -> GoldenExits:
    """Leads, answers and decisions at every step of the golden sequences, and the rule at its limits.

    Args:
        trace: of the golden frames.
    """
    if rule is None:
        return GoldenExits()
    prefix = prefix_scores(graph, trace)
    leads, answers = margins(prefix), prefix.argmax(2)
    rows = []
    for sequence, step in np.ndindex(*leads.shape):
        lead = int(leads[sequence, step])
        rows.append(f"    {{{lead}, {int(answers[sequence, step])}, {int(rule.is_final(lead, step + 1))}}},")
    asked = [(int(lead), int(steps)) for lead, steps in probes(rule)]
    limits = [f"    {{{lead}, {steps}, {int(rule.is_final(lead, steps))}}}," for lead, steps in asked]
    values = {"EXITS": "\n".join(rows), "COUNT": len(limits), "LIMITS": "\n".join(limits)}
    tables, within, after = (template(f"golden_exit_{part}.c.in") for part in ("tables", "within", "after"))
    compared = CHECKS * len(rows) + len(limits)
    return GoldenExits(fill(tables, **values), within, after, compared)
