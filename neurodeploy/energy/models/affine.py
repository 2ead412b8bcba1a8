"""The affine model: static power x time plus marginal energy x count; the default for chips.

    E = (P_static + P_clock f) t + sum over nodes n, kinds of work k of count[n, k] e[k]

P and e are the profile's, t is the time of one inference: as given, or timesteps x the profile's time per step, or
timesteps x the duration of a timestep in the data. Where zero weights may cost nothing, the interval covers both.

Boundary: the profile's (core, chip or board).
Left out: work that the profile does not price, listed with its amount; whatever the profile says that it omits.
Source: ODIN's power equation (Fig. 8b of its paper, as transcribed in dyigitpolat/mimarsinan), the form that
reproduces published measurements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.models.model import NONE, NUMBER, Model, number
from neurodeploy.energy.price import price
from neurodeploy.profile import Profile


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    return price(
        counts,
        profile,
        number(options, "duration_s"),
        cycles=number(options, "cycles"),
        clock_hz=number(options, "clock_hz"),
    )


AFFINE: Final = Model(
    name="affine",
    title="Static power and marginal energy per count",
    formula="E = (P_static + P_clock f) t + sum over nodes and kinds of work of count x price",
    boundary="the profile's",
    omits=("work without a price in the profile, and what the profile says it omits: listed with each estimate",),
    source="the form of ODIN's power equation (Fig. 8b of its paper, as transcribed in dyigitpolat/mimarsinan)",
    options={"duration_s": (NONE, NUMBER), "cycles": (NONE, NUMBER), "clock_hz": (NONE, NUMBER)},
    estimate=_estimate,
)
