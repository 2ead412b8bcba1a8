"""Chips made of equal cores with neurons, synapse memory and axons: Loihi 1 and 2, and profiles like theirs.

Every layer gets cores of its own, one after the other (no core holds two layers). A layer is cut along the first axis
of the profile; each core takes the longest run of slices that it can hold, and the next axis is cut only where a single
slice is too much. Layers are cut from the last to the first, because the output axons of a core depend on how many
cores it sends to. This is an estimate: vendors' compilers cut in their own ways.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, final

from neurodeploy.graph.numeric import STATE
from neurodeploy.placement.encoding import Encoding
from neurodeploy.placement.geometry import Block, Span, common, seen_by, whole
from neurodeploy.placement.limits import Limits
from neurodeploy.placement.network import Edge, Kind, Layer, Network
from neurodeploy.placement.plan import Core, Need, Plan, Use, Violation, need_of
from neurodeploy.profile import Rules

ROUNDS: Final = 4
"""Cuttings until the cores of recurrent layers are known."""
AXES: Final = {"channels": 0, "rows": 1, "columns": 2}


@final
class CoreChip:
    """One network on one chip of equal cores."""

    def __init__(self, network: Network, limits: Limits, rules: Rules) -> None:
        self.network, self.limits, self.rules = network, limits, rules
        self.encoding = Encoding(limits, rules.convolution or "unrolled")
        bytes_ = limits.get("synapse_bytes_per_core")
        self.most = {
            "neurons": limits.get("neurons_per_core"),
            "synapse_bytes": bytes_,
            "input_axons": limits.get("input_axons_per_core"),
            "output_axons": limits.get("output_axons_per_core"),
        }
        self.edges = {layer.name: self.synapses(layer) for layer in network.layers}
        self.readers = {
            name: [(layer.name, edge.fused()) for layer, edge in edges] for name, edges in network.consumers.items()
        }
        self.blocks: dict[str, list[Block]] = {}
        self.fields: dict[tuple[str, str], list[Block]] = {}
        """What the cores of a layer see of the source of one edge; filled when the layer is cut."""
        self.tight: list[Violation] = []

    def plan(self) -> Plan:
        """The placement, whether it fits or not."""
        rounds = ROUNDS if any(layer.recurrent for layer in self.network.layers) else 1
        for _ in range(rounds):
            before = {name: len(blocks) for name, blocks in self.blocks.items()}
            self.tight = []
            for layer in reversed(self.network.layers):
                self.place(layer)
            if before == {name: len(blocks) for name, blocks in self.blocks.items()}:
                break
        cores = self.cores()
        available = self.limits.get("cores_per_chip")
        violations = [*self.kinds(), *self.widths(), *self.tight]
        stuck = {violation.layer for violation in self.tight}
        used = len(cores)
        if not stuck and available is not None and used > available:
            violations.append(Violation("network", "cores_per_chip", used, available, f"{-(-used // available)} chips"))
        return Plan(
            cores=() if stuck else cores,
            available=available,
            needs=tuple(self.need(layer, layer.name in stuck) for layer in self.network.layers),
            violations=tuple(violations),
            unknown=dict(self.limits.unknown),
        )

    def place(self, layer: Layer) -> None:
        """Cut a layer, and note what its cores see of the layers before."""
        blocks = self.blocks[layer.name] = self.cut(layer)
        for edge in self.edges[layer.name]:
            self.fields[layer.name, edge.name] = [seen_by(edge, block) for block in blocks]

    def synapses(self, layer: Layer) -> tuple[Edge, ...]:
        """Edges that take synapses: what the host adds to neurons from outside does not."""
        return tuple(
            edge.fused() for edge in layer.edges if edge.kind is not Kind.DIRECT or edge.source != self.network.input
        )

    def uses(self, layer: Layer, block: Block) -> dict[str, Use]:
        """What the core that holds `block` needs."""
        edges = self.edges[layer.name]
        bits = sum(self.encoding.bits(edge, block) for edge in edges)
        axons = [self.encoding.axons(edge, block) for edge in edges]
        amounts = {
            "neurons": block.neurons,
            "synapse_bytes": -(-bits // 8),
            "input_axons": None if None in axons else sum(axon or 0 for axon in axons),
            "output_axons": self.output_axons(layer, block),
        }
        return {name: Use(amount, self.most[name]) for name, amount in amounts.items()}

    def output_axons(self, layer: Layer, block: Block) -> int | None:
        """Core-to-core edges that leave `block`: once for each core it sends to."""
        if self.most["output_axons"] is None:
            return None
        total = 0
        for target, edge in self.readers[layer.name]:
            if edge.kind is Kind.DENSE:
                total += block.neurons * len(self.blocks.get(target, ()))
                continue
            shared = edge.kind is Kind.CONV and self.encoding.convolution == "population"
            for seen in self.fields.get((target, edge.name), ()):
                channels, rows, columns = common(seen, block)
                total += rows * columns * (self.encoding.slots if shared and channels else channels)
        return total

    def full(self, layer: Layer, block: Block) -> Block:
        """`block` as the core must provide for it: a power of two of columns is counted in full."""
        if not self.rules.powers_of_two or layer.map[2] == 1:
            return block
        columns = block.sides[2]
        return Block(block.channels, block.rows, (0, 1 << (columns - 1).bit_length()))

    def holds(self, layer: Layer, block: Block) -> bool:
        """Whether one core can hold `block`."""
        neurons = self.most["neurons"]
        if neurons is not None and self.full(layer, block).neurons > neurons:
            return False
        return all(use.fits for use in self.uses(layer, block).values())

    def cut(self, layer: Layer) -> list[Block]:
        """The parts of a layer, one for each core; one whole part where it cannot be placed at all."""
        everything = whole(layer.map)
        if self.holds(layer, everything):
            return [everything]
        channels, rows, columns = (size // 2 for size in layer.map)
        # in the middle of a map a neuron sees most
        smallest = Block((channels, channels + 1), (rows, rows + 1), (columns, columns + 1))
        axes = [AXES[name] for name in self.rules.cut if layer.map[AXES[name]] > 1]
        blocks = self.along(layer, everything, axes) if self.holds(layer, smallest) else [smallest]
        for block in blocks:
            if not self.holds(layer, block):
                self.refuse(layer, block)
                return [everything]
        return blocks

    def refuse(self, layer: Layer, block: Block) -> None:
        for name, use in self.uses(layer, block).items():
            if not use.fits and use.amount is not None and use.limit is not None:
                detail = "for a single neuron, or for the sources that every neuron of the layer needs"
                self.tight.append(Violation(layer.name, f"{name}_per_core", use.amount, use.limit, detail))

    def along(self, layer: Layer, block: Block, axes: Sequence[int]) -> list[Block]:
        """`block` cut along the first of `axes`; a slice that is too much, along the others."""
        if not axes:
            return [block]
        axis, start, end = axes[0], *block.spans[axes[0]]
        found: list[Block] = []
        widest = self.widest(layer, block, axis)
        length = 0
        while start < end:
            # cores of one layer are mostly alike: the length of the one before is tried first
            length = self.run(layer, block, axis, (start, end), length) if widest is None else min(widest, end - start)
            if length:
                found.append(_slice(block, axis, (start, start + length)))
            else:
                found += self.along(layer, _slice(block, axis, (start, start + 1)), axes[1:])
            start += length or 1
        return found

    def widest(self, layer: Layer, block: Block, axis: int) -> int | None:
        """Slices of a core where they are a power of two: the largest that every core can hold; None where any do."""
        if not self.rules.powers_of_two or axis != AXES["columns"]:
            return None
        start, end = block.spans[axis]
        size = 1 << (end - start - 1).bit_length()
        while size > 1:
            size //= 2
            parts = [_slice(block, axis, (at, min(end, at + size))) for at in range(start, end, size)]
            provided = _slice(block, axis, (0, size)).neurons
            neurons = self.most["neurons"]
            if (neurons is None or provided <= neurons) and all(self.holds(layer, part) for part in parts):
                return size
        return 0

    def run(self, layer: Layer, block: Block, axis: int, span: Span, guess: int) -> int:
        """Most slices from the start of `span` that one core can hold; 0 where it cannot hold one."""
        start, end = span

        def holds(length: int) -> bool:
            return self.holds(layer, _slice(block, axis, (start, start + length)))

        low, high = 0, end - start
        if 0 < guess <= high and holds(guess):
            low = guess
            if guess == high or not holds(guess + 1):
                return guess
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if holds(middle) else (low, middle - 1)
        return low

    def cores(self) -> tuple[Core, ...]:
        found: list[Core] = []
        for layer in self.network.layers:
            for block in self.blocks[layer.name]:
                found.append(Core(len(found), layer.name, block.words(layer.map), self.uses(layer, block)))
        return tuple(found)

    def widths(self) -> list[Violation]:
        """Widths that the chip does not have."""
        found: list[Violation] = []
        for layer in self.network.layers:
            wanted: Mapping[str, int] = {
                "weight_bits": layer.weight_bits,
                "threshold_bits": layer.threshold_bits,
                "bias_bits": layer.bias_bits,
                "delay_steps": layer.delay,
                "state_bits": STATE.bits,
            }
            for name, value in wanted.items():
                allowed = self.limits.get(name) if value else None
                if allowed is not None and value > allowed:
                    found.append(Violation(layer.name, name, value, allowed))
        return found

    def kinds(self) -> list[Violation]:
        return [Violation(p.node, "kind", 1, 0, p.reason) for p in self.network.problems]

    def need(self, layer: Layer, is_stuck: bool) -> Need:
        blocks, edges = self.blocks[layer.name], self.edges[layer.name]
        return need_of(
            layer,
            stored=None if is_stuck else sum(self.encoding.stored(edge, block) for edge in edges for block in blocks),
            cores=None if is_stuck else len(blocks),
            cut="" if is_stuck else cut_words(layer, blocks),
        )


def cut_words(layer: Layer, blocks: Sequence[Block]) -> str:
    """How a layer lies on its cores, in words."""
    first = blocks[0]
    if len(blocks) == 1:
        return "whole"
    names = ("neurons" if layer.map[1:] == (1, 1) else "channels", "rows", "columns")
    sides = [
        f"{side} of {size} {name}"
        for name, side, size in zip(names, first.sides, layer.map, strict=True)
        if side < size
    ]
    return f"{', '.join(sides)} to a core"


def _slice(block: Block, axis: int, span: Span) -> Block:
    spans = [*block.spans[:axis], span, *block.spans[axis + 1 :]]
    return Block(*spans)
