"""STEP's model, RECONSTRUCTED: its abstract names the terms, one constant is known, the formula is not.

    E = sum over operations o of count[o] e_arith[o] + 3.12 pJ x (bits of weights read, of states read and written)

With events=counted also x bits of events received and sent. The abstract says that spike sparsity, bit widths and
memory accesses enter; the published repository holds no energy code. The sum is this project's reading, not STEP's.

Boundary: arithmetic units and one flat memory.
Left out: the hierarchy of memories, routing, control, static power, host.
Source: arXiv:2505.11151; 3.12 pJ a bit as cited by spikingjelly 2.0.0 (24.96 pJ a byte).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.models.lines import arithmetic_part, line, without
from neurodeploy.energy.models.model import Model
from neurodeploy.profile import Profile, Quantity

NAME: Final = "step"
LABEL: Final = "RECONSTRUCTION: STEP's formula was not found; only its 3.12 pJ a bit is known."

MEMORY_BIT: Final = Quantity(
    value=3.12,
    unit="pJ",
    scope="marginal",
    kind="derived",
    source="STEP, arXiv:2505.11151, as cited by spikingjelly 2.0.0: 24.96 pJ a byte",
    tag="T",
    note="one bit read or written, in any memory",
)
STORED: Final = ("weight_bit_read", "state_bit_read", "state_bit_write")
EVENTS: Final = ("event_bit_in", "event_bit_out")


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    part = arithmetic_part(counts, profile, NAME)
    terms = STORED + (EVENTS if options["events"] == "counted" else ())
    moved = [
        line(node.name, term, node.uses(term).stored / counts.samples, "model.step.memory_bit", MEMORY_BIT)
        for node in counts.nodes
        for term in terms
        if node.uses(term).stored
    ]
    missing = without(part.not_covered, terms)
    return replace(part, lines=(*part.lines, *moved), not_covered=missing, assumptions=(LABEL, *part.assumptions))


STEP: Final = Model(
    name=NAME,
    title="STEP (RECONSTRUCTION)",
    formula="E = operations x arithmetic prices + 3.12 pJ x bits of weights read and of states read and written",
    boundary="arithmetic units and one flat memory",
    omits=("levels of memory", "routing and control", "static power, host", "whatever else STEP's own formula holds"),
    source="arXiv:2505.11151 (abstract); constant through spikingjelly 2.0.0; the sum is this project's reading",
    options={"events": ("left out", "counted")},
    estimate=_estimate,
)
