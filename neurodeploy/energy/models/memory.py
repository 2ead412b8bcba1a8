"""Operations and accesses to memories, after Lemaire et al. 2022, with each ambiguity of its implementations a choice.

For a synapse node with n_in arriving events over T timesteps, K places of its kernel (1 for a dense node), C outputs
fed by one place (all of a dense node), stride s; for N neurons with n_out spikes over T; per inference, means:

    accumulates      n_in S C, with S = K (operations=kernel), prod ceil(k/s) (ceil) or the exact weight uses (exact)
                     + T N where there is a bias + n_out (subtraction at a reset)
    multiplications  of leaks: T N for each state that leaks; of graded events: their share of the accumulates
    weight reads     n_in K C (accesses=kernel) or the exact weight uses (exact)
    bias reads       T N where there is a bias
    potential reads  n_in K C or the exact weight uses, + T N; as many writes
    event reads      n_in; event writes n_out, through a FIFO of fixed size
    addresses        none; qualia: 2 multiply-accumulates an event + n_in K additions for a convolution, (n_in / N_in) N
                     additions for a dense node; spikingjelly: the same 2, + n_in K C, and n_in N for a dense node

    E = additions x e_add + multiplications x (e_mul + e_add) + accesses x e_access(size of the memory they go to)

Each layer has a memory of its own for weights, one for biases and one for potentials; every word has 32 bits. e_access
is drawn as `models.sram` says. Resets count as in the formula, also where this network resets to zero.

Boundary: arithmetic units and the memories of the layers.
Left out: pools and joins, memories outside the chip (unless a level is needed for size), network on chip, static power.
Not as Lemaire: a first layer of graded values is multiplied at every timestep, since that is what the network does.
Source: arXiv:2210.13107, read through qualia-plugin-snn 2.6.0 and spikingjelly 2.0.0, which differ; not the paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, final

from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate, Line, NotCovered
from neurodeploy.energy.models.lines import arrived, line, made, refuse
from neurodeploy.energy.models.model import NUMBER, Model
from neurodeploy.energy.models.sram import WORD_BITS, access
from neurodeploy.energy.node_counts import NodeCounts
from neurodeploy.errors import DataError
from neurodeploy.profile import Profile, Quantity

NAME: Final = "memory"
ADD, GRADED, MULTIPLY = "accumulate", "multiply_accumulate", "int32_multiply"
WORD_BYTES: Final = WORD_BITS // 8
LEFT_OUT: Final = ("pool_add", "pool_scale", "join_add")


def _estimate(counts: Counts, profile: Profile, options: Mapping[str, str]) -> Estimate:
    if not profile.memory:
        refuse(profile, NAME, "memory", "no levels of memory", "cmos45")
    for key, found in ((f"price.{ADD}", profile.prices.get(ADD)), (f"facts.{MULTIPLY}", profile.facts.get(MULTIPLY))):
        if found is None or found.scope != "arith":
            refuse(profile, NAME, key, "no number of scope 'arith'", "cmos45")
    terms = _Terms(counts, profile, options)
    lines = [each for node in counts.nodes for each in terms.of(node)]
    unpriced = () if GRADED in profile.prices else (GRADED,)
    missing = [_missing(counts, term) for term in (*LEFT_OUT, *unpriced) if counts.total(term).stored]
    missing.append(NotCovered("static", None, "the model knows no static power"))
    return made(counts, profile, lines, not_covered=missing, assumptions=_said(counts, options))


def _missing(counts: Counts, term: str) -> NotCovered:
    known = "the model knows convolutions, dense layers and neurons only"
    return NotCovered(term, counts.mean(term)[0], "this profile has no price for it" if term == GRADED else known)


def _said(counts: Counts, options: Mapping[str, str]) -> Iterator[str]:
    yield "Choices of the memory model: " + ", ".join(f"{key} {value}" for key, value in options.items()) + "."
    yield f"The size of the FIFO is not given by the sources: {options['fifo_bytes']} bytes were taken."
    if options["access_bits"] == "32" and options["sram"] != "qualia":
        yield "access_bits 32 charges the published energy of 64 bits for every word of 32: twice too much."
    if counts.total("multiply_accumulate").stored:
        yield "Graded events are multiplied at every timestep; Lemaire et al. multiply a real-valued input once."


@final
@dataclass(frozen=True, eq=False)
class _Terms:
    """The terms of one estimate."""

    counts: Counts
    profile: Profile
    options: Mapping[str, str]

    def of(self, node: NodeCounts) -> Iterator[Line]:
        """Every term of one node."""
        if node.uses(ADD).stored or node.uses(GRADED).stored:
            yield from self.synapse(node)
        if node.uses("neuron_update").stored:
            yield from self.neurons(node)
        if node.uses("bias_add").stored:
            amount = self.mean(node, "bias_add")
            yield self.add(node, "bias_add", amount)
            yield self.accesses(node, "bias_read", amount, node.biases * WORD_BYTES)
        if node.values_out:
            yield self.fifo(node, "event_write", node.values_out / self.counts.samples)

    def synapse(self, node: NodeCounts) -> Iterator[Line]:
        events = arrived(self.counts, node)
        operations = self.uses(node, self.options["operations"])
        graded = self.mean(node, GRADED) / (self.mean(node, ADD) + self.mean(node, GRADED))
        touched = self.uses(node, self.options["accesses"])
        yield self.add(node, "accumulate", operations * (1 - graded))
        price = self.profile.prices.get(GRADED)
        if graded and price is not None:
            yield line(node.name, GRADED, operations * graded, f"price.{GRADED}", price)
        yield self.accesses(node, "weight_read", touched, node.weights * WORD_BYTES)
        yield self.accesses(node, "state_read", touched, node.neurons * WORD_BYTES)
        yield self.accesses(node, "state_write", touched, node.neurons * WORD_BYTES)
        yield self.fifo(node, "event_read", events)
        yield from self.addresses(node, events)

    def neurons(self, node: NodeCounts) -> Iterator[Line]:
        updates = self.mean(node, "neuron_update")
        yield self.add(node, "reset", node.values_out / self.counts.samples)
        yield from self.multiply(node, "leak", updates * node.leaks)
        yield self.accesses(node, "state_read", updates, node.neurons * WORD_BYTES)
        yield self.accesses(node, "state_write", updates, node.neurons * WORD_BYTES)

    def addresses(self, node: NodeCounts, events: float) -> Iterator[Line]:
        way = self.options["addressing"]
        if way == "none":
            return
        if node.kind == "Conv2d":
            yield from self.multiply(node, "address", 2 * events)
            yield self.add(node, "address", events * node.kernel * (node.kernel_channels if way != "qualia" else 1))
        else:
            per_output = events / node.inputs if way == "qualia" else events
            yield self.add(node, "address", per_output * node.neurons)

    def uses(self, node: NodeCounts, way: str) -> float:
        """Weights met by events, per inference."""
        if way == "exact":
            return self.mean(node, ADD) + self.mean(node, GRADED)
        if not node.kernel:
            hint = "Take operations=exact and accesses=exact."
            raise DataError(source=node.name, reason="its kernel is not known, which this choice needs", hint=hint)
        places = node.kernel if way == "kernel" else node.strided_kernel
        return node.values_in / self.counts.samples * places * node.kernel_channels

    def mean(self, node: NodeCounts, work: str) -> float:
        return node.uses(work).stored / self.counts.samples

    def add(self, node: NodeCounts, term: str, amount: float) -> Line:
        return line(node.name, term, amount, f"price.{ADD}", self.profile.prices[ADD])

    def multiply(self, node: NodeCounts, term: str, amount: float) -> Iterator[Line]:
        """Multiplication and addition of 32-bit integers."""
        quantity: Quantity = self.profile.facts[MULTIPLY]
        yield line(node.name, term, amount, f"facts.{MULTIPLY}", quantity)
        yield self.add(node, term, amount)

    def accesses(self, node: NodeCounts, term: str, amount: float, size_bytes: int) -> Line:
        if amount and not size_bytes:
            hint = "Count with `count` or a `Recorder`, which know the network."
            raise DataError(source=node.name, reason=f"the size of its memory is not known ({term})", hint=hint)
        key, quantity = access(self.profile, size_bytes, self.options["sram"], int(self.options["access_bits"]))
        return line(node.name, term, amount, key, quantity)

    def fifo(self, node: NodeCounts, term: str, amount: float) -> Line:
        return self.accesses(node, term, amount, round(float(self.options["fifo_bytes"])))


MEMORY: Final = Model(
    name=NAME,
    title="Operations and memory accesses, after Lemaire et al.",
    formula="E = additions x e_add + multiplications x (e_mul + e_add) + accesses x e_access(size of their memory); "
    "accumulates, leaks, resets; reads of weights and biases; reads and writes of potentials; events; addresses",
    boundary="arithmetic units and the memories of the layers",
    omits=(
        "pools and joins",
        "reuse of weights that were read",
        "memory outside the chip, network on chip, control",
        "static power, host",
    ),
    source="Lemaire et al. 2022, arXiv:2210.13107, read through qualia-plugin-snn 2.6.0 and spikingjelly 2.0.0",
    options={
        "operations": ("ceil", "kernel", "exact"),
        "accesses": ("kernel", "exact"),
        "addressing": ("none", "qualia", "spikingjelly"),
        "access_bits": ("64", "32"),
        "sram": ("steps", "linear", "qualia"),
        "fifo_bytes": ("8192", NUMBER),
    },
    estimate=_estimate,
)
