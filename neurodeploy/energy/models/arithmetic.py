"""Operations alone, at the prices of arithmetic units: a lower bound for any circuit of that process.

    E = sum over nodes n, operations o of count[n, o] e[o]

o: accumulates, multiply-accumulates, additions of biases, pools and joins, divisions of pools, neuron updates, spikes.
e: prices of scope `arith` of the profile: 45 nm (Horowitz), 22 nm (Yan et al.), 7 nm (Jouppi et al.).

Boundary: arithmetic units.
Left out: memories of weights, states and events; routing; control; static power; host.
Profiles without such prices are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.models.lines import arithmetic_part
from neurodeploy.energy.models.model import Model
from neurodeploy.profile import Profile

NAME: Final = "arithmetic"


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    return arithmetic_part(counts, profile, NAME)


ARITHMETIC: Final = Model(
    name=NAME,
    title="Arithmetic units alone",
    formula="E = sum over nodes and operations of count x price of the arithmetic unit",
    boundary="arithmetic units",
    omits=(
        "memories of weights, states and events",
        "routing, control and instruction overhead",
        "static power, host",
    ),
    source="the prices are the profile's: Horowitz, ISSCC 2014; Yan et al., arXiv:2409.08290; Jouppi et al., ISCA 2021",
    estimate=_estimate,
)
