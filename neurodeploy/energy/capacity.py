"""Whether a network is larger than a chip: the least that can be said without placing it; `fit` says more."""

from __future__ import annotations

from neurodeploy.energy.counts import Counts
from neurodeploy.profile import Profile


def too_large(counts: Counts, profile: Profile) -> str:
    """What there is too much of for one chip, in words; empty where no limit of the profile is exceeded.

    A chip whose synapses are limited as such stores each apart, those of a convolution too.
    """
    limits = {name: quantity.range[2] for name, quantity in profile.limits.items()}
    neurons = limits.get("neurons_per_core", 0) * limits.get("cores_per_chip", 1)
    sizes = (
        ("neurons", sum(node.neurons for node in counts.nodes if node.spikes is not None), neurons),
        ("synapses", sum(node.macs for node in counts.nodes), limits.get("synapses", 0)),
    )
    return ", ".join(f"{found:,} of {most:,.0f} {what}" for what, found, most in sizes if most and found > most)
