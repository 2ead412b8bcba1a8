"""The ordinary network of the same layers beside the spiking one, priced on the same profile.

Its layers are the same; every product that padding does not make 0 is made once, whatever the value; its values have
as many bits as tell the timesteps apart, ceil(log2(T + 1)), or 8. Each term is charged as the spiking one's is:
products at the profile's [ann] energy of that width, biases, pools, joins and activations once instead of at every
timestep. No width is scaled from another; the input is taken to have the same width as all other values. Where the
spiking network takes more, the verdict is "ANN cheaper".

What favours whom: an ordinary network that skips zeros would take less than is said here; accesses to memories are left
out of both where the profile prices arithmetic, and a spiking network reads and writes its states at every timestep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, final

from neurodeploy.energy.ann_work import PRODUCT, SYNAPTIC, Group, charge, groups, total_work
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, NotCovered
from neurodeploy.energy.models.lines import OPERATIONS
from neurodeploy.energy.models.movement import MOVEMENT, matched_bits, movement_of_quantised, product_range
from neurodeploy.energy.price import price
from neurodeploy.errors import ProfileError
from neurodeploy.profile import Profile

INT8_BITS: Final = 8
COMPARED: Final = tuple(term for term in OPERATIONS if term != "spike")
"""Work that a fair comparison needs on both sides; a spike's own work is small, and none where it only sets a bit."""


@final
@dataclass(frozen=True, slots=True)
class AnnLayer:
    """One layer of both networks.

    Args:
        macs: multiply-accumulates of the ordinary network, once per inference.
        snn_operations: weights met by values, per inference of the spiking network.
        rate: share of the values arriving per timestep that were not zero.
        break_even_rate: rate at which both layers, with the pools and neurons after them, cost the same by the middle
            values; below it the spiking one is cheaper. Above 1 where it always is, 0 where it never is, None where a
            price is missing or nothing arrived. Scaled from the recorded activity: events keep their places.
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
        precision: of the ordinary network's values: "matched" (as many levels as timesteps tell apart) or "int8".
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


def comparison_dict(each: AnnComparison) -> dict[str, Any]:
    """Plain values for JSON; energies in pJ per inference."""
    return {
        "profile": each.profile.name,
        "model": each.model,
        "precision": each.precision,
        "bits": each.bits,
        "snn": None if each.snn is None else asdict(each.snn),
        "ann": None if each.ann is None else asdict(each.ann),
        "layers": [asdict(layer) for layer in each.layers],
        "not_covered": [asdict(item) for item in each.not_covered],
        "verdict": each.verdict,
    }


def compare_ann(
    counts: Counts, profile: Profile, movement: Mapping[str, str] | None = None
) -> tuple[AnnComparison, ...]:
    """The matched width and 8 bits by the affine model; by model `movement` too where the profile has energies for it.

    Args:
        movement: choices of the movement model.
    Raises:
        DataError: the counts have no layers, or do not know their products.
        ConfigError: an unknown choice.
    """
    found, bits = groups(counts), matched_bits(counts.steps)
    widths = (("matched", bits), ("int8", INT8_BITS))
    estimate, why = _priced(counts, profile)
    results = [_affine(counts, profile, found, estimate, why, width) for width in widths]
    if {"sparse", "dense"} <= set(profile.movement):
        results.append(_movement(counts, profile, found, bits, movement or {}))
    return tuple(results)


def _priced(counts: Counts, profile: Profile) -> tuple[Estimate | None, str]:
    """The spiking network's dynamic energy, or why there is none."""
    try:
        found = price(replace(counts, timestep_us=None), replace(profile, time_per_step=None))
    except ProfileError as error:
        return None, error.reason
    return found, "" if found.lines else "this profile has no price for the work of a spiking network"


def _affine(
    counts: Counts,
    profile: Profile,
    found: Sequence[Group],
    estimate: Estimate | None,
    why: str,
    width: tuple[str, int],
) -> AnnComparison:
    product = profile.ann.get("int8") if width[1] == INT8_BITS else None
    pair = _Pair(counts, profile, found, estimate, None if product is None else product.range)
    scopes = set() if estimate is None else {line.price.scope for line in estimate.lines}
    if not profile.ann:
        why = "this profile has no energy of an ordinary network's multiply-accumulate"
    elif not why and product is None:
        why = f"this profile has no energy of a multiply-accumulate of {width[1]} bits"
    elif not why and product is not None and scopes != {product.scope}:
        why = f"energies of scope '{', '.join(sorted(scopes))}' and of scope '{product.scope}'"
    return pair.comparison("affine", width, why)


def _movement(
    counts: Counts, profile: Profile, found: Sequence[Group], bits: int, given: Mapping[str, str]
) -> AnnComparison:
    options = MOVEMENT.chosen(given)
    try:
        estimate, why = MOVEMENT.apply(counts, profile, options), ""
    except ProfileError as error:
        estimate, why = None, error.reason
    pair = _Pair(counts, profile, found, estimate, product_range(profile, bits, options), bits, options)
    return pair.comparison(MOVEMENT.name, ("matched", bits), why)


@final
@dataclass(frozen=True)
class _Pair:
    """Both networks under one model.

    Args:
        estimate: the spiking network's, or None.
        product: pJ of one multiply-accumulate of the ordinary network, or None.
        bits, options: where values move: their width, and the choices of the movement model.
    """

    counts: Counts
    profile: Profile
    groups: Sequence[Group]
    estimate: Estimate | None
    product: tuple[float, float, float] | None
    bits: int = 0
    options: Mapping[str, str] | None = None

    def comparison(self, model: str, width: tuple[str, int], why: str) -> AnnComparison:
        """Energies, layers and verdict; `why` is the reason where there is nothing to compare."""
        ann, lacking = self.ordinary(self.groups)
        snn = None if self.estimate is None or not self.estimate.lines else self.estimate.dynamic
        whole = None if PRODUCT in lacking else ann
        return AnnComparison(
            profile=self.profile,
            model=model,
            precision=width[0],
            bits=width[1],
            snn=snn,
            ann=whole,
            layers=tuple(self.layer(group) for group in self.groups),
            not_covered=tuple(self.not_covered(lacking, width[1])),
            verdict=f"not comparable: {why}" if why else _verdict(snn, whole, self.no_price(), list(lacking)),
        )

    def unpriced(self) -> tuple[NotCovered, ...]:
        return () if self.estimate is None else self.estimate.not_covered

    def ordinary(self, found: Sequence[Group]) -> tuple[Energy, dict[str, float]]:
        """Energy of the ordinary network's layers, and what of their work has no price."""
        energy, lacking = charge(self.profile, total_work(self.counts, found), self.product)
        if self.options is None:
            return energy, lacking
        synapses = [group.synapse for group in found]
        return energy + movement_of_quantised(self.profile, synapses, self.bits, self.options), lacking

    def layer(self, group: Group) -> AnnLayer:
        uses = sum(group.synapse.uses(term).stored for term in SYNAPTIC) / self.counts.samples
        rate = self.counts.rate(group.synapse.name)
        return AnnLayer(group.synapse.name, group.synapse.dense_uses, uses, rate, self.break_even(group, rate))

    def break_even(self, group: Group, rate: float) -> float | None:
        ordinary, lacking = self.ordinary([group])
        names = {node.name for node in group.nodes}
        if (
            self.estimate is None
            or lacking
            or any(each.uses(t).stored for each in group.nodes for t in self.no_price())
        ):
            return None
        lines = [line for line in self.estimate.lines if line.node in names]
        with_rate = sum(line.energy.mid for line in lines if line.term in (*SYNAPTIC, "event_move"))
        always = sum(line.energy.mid for line in lines) - with_rate
        return max(0.0, rate * (ordinary.mid - always) / with_rate) if with_rate else None

    def no_price(self) -> list[str]:
        """Compared work of the spiking network that has no price."""
        return [item.term for item in self.unpriced() if item.term in COMPARED and item.amount]

    def not_covered(self, lacking: Mapping[str, float], bits: int) -> Iterator[NotCovered]:
        for item in self.unpriced():
            if item.amount:
                yield replace(item, reason=f"spiking network: {item.reason}")
        for term, amount in lacking.items():
            reason = "this profile has no price for it"
            if term == PRODUCT:
                reason = f"no energy of a product of {bits} bits, and none is scaled from another width"
            yield NotCovered(term, amount, f"ordinary network: {reason}")


def _verdict(snn: Energy | None, ann: Energy | None, snn_lacks: Sequence[str], ann_lacks: Sequence[str]) -> str:
    """Work that both lack is more in the spiking network, which does it at every timestep."""
    if snn is None or ann is None:
        return f"not comparable: no price for the work of the {'spiking' if snn is None else 'ordinary'} network"
    if ann.high < snn.low and set(ann_lacks) <= set(snn_lacks):
        return "ANN cheaper"
    if snn.high < ann.low and not snn_lacks:
        return "SNN cheaper"
    if snn_lacks or ann_lacks:
        return f"not comparable: no price for {', '.join(sorted({*snn_lacks, *ann_lacks}))}"
    return "intervals overlap"
