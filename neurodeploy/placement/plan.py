"""What a placement says: cores and how full they are, what does not fit, and what nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from neurodeploy.graph.numeric import STATE
from neurodeploy.placement.network import Layer


@final
@dataclass(frozen=True)
class Use:
    """How much of something is needed.

    Args:
        amount: needed, or None where it cannot be said.
        limit: what there is, or None where no source says.
    """

    amount: int | None
    limit: int | None

    @property
    def share(self) -> float | None:
        """Amount over limit."""
        if self.amount is None or self.limit is None:
            return None
        return self.amount / self.limit if self.limit else float(self.amount > 0)

    @property
    def fits(self) -> bool:
        """Whether nothing known is exceeded."""
        return self.amount is None or self.limit is None or self.amount <= self.limit


@final
@dataclass(frozen=True)
class Core:
    """One core and what it holds.

    Args:
        index: place among the cores used, or the chip's own number where cores differ.
        layer: whose neurons.
        part: which of them, in words.
        uses: resource -> how much of it.
    """

    index: int
    layer: str
    part: str
    uses: Mapping[str, Use]

    @property
    def fill(self) -> float:
        """Share of its fullest known resource."""
        return max((use.share for use in self.uses.values() if use.share is not None), default=0.0)


@final
@dataclass(frozen=True)
class Violation:
    """A limit that is exceeded.

    Args:
        layer: where, or "network".
        limit: name of the limit.
        value, allowed: what is needed, what there is.
        detail: what a reader needs besides.
    """

    layer: str
    limit: str
    value: int
    allowed: int
    detail: str = ""


@final
@dataclass(frozen=True)
class Need:
    """What one layer asks for, whatever the chip.

    Args:
        weights: of the network itself, a kernel counted once.
        stored: synapses in the chip's memories, or None where that cannot be said.
        cores: of its own, or None where it cannot be placed or nobody knows.
        cut: how its neurons lie on cores, in words.
    """

    layer: str
    neurons: int
    weights: int
    stored: int | None
    weight_bits: int
    state_bits: int
    delay_steps: int
    biases: int
    cores: int | None = None
    cut: str = ""


@final
@dataclass(frozen=True)
class Plan:
    """A network on a chip under one reading of its limits.

    Args:
        available: cores there are, or None where unknown.
        totals: resource of the whole chip -> how much of it.
        unknown: limit -> why there is no number.
        notes: what a reader must know besides.
        open: reasons for which nobody can say whether it fits, although no limit is exceeded.
    """

    cores: tuple[Core, ...]
    available: int | None
    needs: tuple[Need, ...]
    violations: tuple[Violation, ...]
    unknown: Mapping[str, str]
    totals: Mapping[str, Use] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    open: tuple[str, ...] = ()

    @property
    def used(self) -> int | None:
        """Cores that hold something; None where a layer could not be placed."""
        return None if any(need.cores is None for need in self.needs) else len(self.cores)


def need_of(layer: Layer, *, stored: int | None, cores: int | None, cut: str) -> Need:
    """What a layer asks for, with what the chip makes of it."""
    return Need(
        layer=layer.name,
        neurons=layer.neurons,
        weights=sum(edge.weights for edge in layer.edges),
        stored=stored,
        weight_bits=layer.weight_bits,
        state_bits=layer.states * STATE.bits,
        delay_steps=layer.delay,
        biases=layer.biases + sum(edge.biases for edge in layer.edges),
        cores=cores,
        cut=cut,
    )
