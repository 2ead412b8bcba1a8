"""NAIVE: 0.9 pJ for an accumulate, 4.6 pJ for a multiply-accumulate. Kept only for comparison with papers.

    E = 0.9 pJ x accumulates + 4.6 pJ x multiply-accumulates

Counts are the exact ones; papers often take mean rate x dense products instead, which is another error on top.

Boundary: 32-bit floating-point units at 45 nm, 0.9 V, whatever the hardware: the profile is not used.
Left out: neurons, biases, memories, routing, control, static power, host. Of PilotNet's measured dynamic energy on
Loihi 2 it gives 4 % (validation case A1).
Source: the constants are those of `energy/validation/naive.toml` (Horowitz, ISSCC 2014, Fig. 1.1.9).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.models.model import Model
from neurodeploy.energy.price import price
from neurodeploy.energy.validation.judge import NAIVE as NAME
from neurodeploy.energy.validation.judge import naive_profile
from neurodeploy.profile import Profile

LABEL: Final = "NAIVE: kept only for comparison; the numbers of many papers, and no estimate of any hardware."


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    found = price(replace(counts, timestep_us=None), naive_profile())
    unused = f"The profile {profile.name} is not used."
    return replace(found, assumptions=(LABEL, unused, *found.assumptions))


NAIVE: Final = Model(
    name=NAME,
    title="NAIVE (for comparison only): one 32-bit floating-point operation for each synaptic operation",
    formula="E = 0.9 pJ x accumulates + 4.6 pJ x multiply-accumulates",
    boundary="32-bit floating-point units at 45 nm, whatever the hardware",
    omits=(
        "neurons and biases",
        "memories",
        "routing and control",
        "static power, host",
        "the hardware: one number for all",
    ),
    source="constants: Horowitz, ISSCC 2014, Fig. 1.1.9; the use of them: many papers",
    estimate=_estimate,
    uses_profile=False,
)
