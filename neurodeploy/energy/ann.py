"""The ordinary network of the same layers beside the spiking one, priced on the same profile; where spikes lose, it says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from neurodeploy.energy.estimate import Energy, NotCovered
from neurodeploy.profile import Profile


@final
@dataclass(frozen=True, slots=True)
class AnnLayer:
    """One layer of both networks.

    Args:
        macs: multiply-accumulates of the ordinary network, once per inference.
        snn_operations: weights met by values, per inference of the spiking network.
        rate: share of the values arriving per timestep that were not zero.
        break_even_rate: rate at which both layers cost the same on the profile; below it the spiking one is cheaper.
            0 where it never is, None where a price is missing.
    """

    name: str
    macs: int
    snn_operations: float
    rate: float
    break_even_rate: float | None


@final
@dataclass(frozen=True)
class AnnComparison:
    """Both networks on one profile.

    Args:
        model: the model of energy that priced both.
        precision: words for the ordinary network's values: "matched" (as many values as timesteps can tell) or "int8".
        bits: of one of its values.
        snn, ann: dynamic energy of one inference, or None where work has no price.
        not_covered: what has no price on either side.
        verdict: "SNN cheaper", "ANN cheaper", "intervals overlap", or "not comparable: why".
    """

    profile: Profile
    model: str
    precision: str
    bits: int
    snn: Energy | None
    ann: Energy | None
    layers: tuple[AnnLayer, ...]
    not_covered: tuple[NotCovered, ...]
    verdict: str
