"""The bit budget as a model: its result is in bit operations. It has no joules, so its estimate has no energy.

    S-ACE = sum over synapse nodes l of n_l x T x b_w x b_s          NS-ACE = sum over l of r_l x n_l x T x b_w x b_s

n_l: dense products of a timestep; T: timesteps; b_w, b_s: bits of a weight and of an arriving value; r_l: share of the
arriving values that were not zero. The type says what it is: an `Estimate` without priced lines, whose `amounts` are in
"bit operations" and whose `dynamic` is None.

Boundary: synapses; independent of hardware, so that the profile is not used.
Left out: states, biases, delay lines, memory, routing, static power: see `energy.bit_budget`.
Source: Shen et al., CVPR 2024, arXiv:2311.10802, read through two independent notes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from neurodeploy.energy.bit_budget import COUNTED, NOT_COUNTED, bit_budget
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Amount, Estimate, NotCovered
from neurodeploy.energy.models.lines import made
from neurodeploy.energy.models.model import Model
from neurodeploy.profile import Profile

UNIT: Final = "bit operations"


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    layers = bit_budget(counts)
    amounts = [_amount(layer.name, "S-ACE", layer.dense) for layer in layers]
    amounts += [_amount(layer.name, "NS-ACE", layer.spiking) for layer in layers]
    dense, spiking = (sum(getattr(layer, name) for layer in layers) for name in ("dense", "spiking"))
    said = f"Bit budget: {dense:.6g} bit operations (S-ACE), {spiking:.6g} with spikes only (NS-ACE); no energy."
    missing = NotCovered("bit_operation", float(dense), "a bit budget has no factor to joules")
    found = made(counts, profile, (), not_covered=[missing], assumptions=[said, f"It counts {COUNTED}."])
    return replace(found, amounts=tuple(amounts))


def _amount(node: str, term: str, amount: int | float) -> Amount:
    return Amount(node, term, UNIT, float(amount), float(amount), float(amount))


BITS: Final = Model(
    name="bit-budget",
    title="Bit budget, in bit operations: no energy",
    formula="S-ACE = sum of products x T x weight bits x spike bits; NS-ACE = the same x input rate",
    boundary="synapses, independent of hardware",
    omits=(NOT_COUNTED, "every factor to joules"),
    source="Shen et al., CVPR 2024, arXiv:2311.10802, read through two independent notes",
    estimate=_estimate,
    uses_profile=False,
)
