"""How many bits of a core's memory synapses take, and how many input axons they need.

Dense: for each input axon a list of the core's neurons, cut into blocks of `list_length`; a block is a header and, for
each synapse, weight, delay and index bits, rounded up to whole words.

    block(n) = word ceil((n (weight + delay + index) + header) / word)

Convolutions, by the word in the profile:
    lists         a list of the core's output channels for each input channel and kernel position, n weight bits rounded
                  up to words, whatever the size of the map (Loihi 2; how many axons that takes is not published)
    population    one axon for each pixel; pixels that meet the same kernel taps share one list, blocks as above with
                  index bits for the neurons of the core (Loihi 1 in nengo-loihi)
    unrolled      for each input neuron a list of its own, as sparse synapses with index bits
"""

from __future__ import annotations

from collections import Counter
from typing import final

from neurodeploy.placement.geometry import Block, axis_taps
from neurodeploy.placement.limits import Limits
from neurodeploy.placement.network import Edge, Kind


@final
class Encoding:
    """The synapse memory of one kind of core.

    Args:
        convolution: how kernels are stored, one of the profile's words.
    """

    def __init__(self, limits: Limits, convolution: str) -> None:
        self.convolution = convolution
        self.word = limits.encoding("word_bits", 8)
        self.length = limits.encoding("list_length", 0)
        self.header = limits.encoding("dense_header_bits", 0)
        self.index = limits.encoding("dense_index_bits", 0)
        self.least_index = limits.encoding("least_index_bits", 0)
        self.slots = limits.encoding("population_axon_slots", 1)

    def words(self, bits: int) -> int:
        """`bits` rounded up to words, in bits."""
        return -(-bits // self.word) * self.word

    def list_bits(self, synapses: int, each: int) -> int:
        """Bits of one list of synapses of `each` bits."""
        if not self.length:
            return self.words(synapses * each + self.header)
        full, rest = divmod(synapses, self.length)
        last = self.words(rest * each + self.header) if rest else 0
        return full * self.words(self.length * each + self.header) + last

    def bits(self, edge: Edge, block: Block) -> int:
        """Bits that `edge` takes on the core that holds `block` of its neurons."""
        each = edge.bits + edge.delay.bit_length()
        if edge.kind is Kind.DENSE:
            return self.sources(edge) * self.list_bits(block.neurons * edge.copies, each + self.index)
        if edge.kind is Kind.DIRECT:
            return block.neurons * self.list_bits(1, each + self.index)
        if self.convolution == "lists":
            return self.shared_lists(edge, block, each)
        index = max(self.least_index, (block.neurons - 1).bit_length())
        lengths = self.population(edge, block) if self.convolution == "population" else self.unrolled(edge, block)
        return sum(many * self.list_bits(length, each + index) for length, many in lengths.items())

    def shared_lists(self, edge: Edge, block: Block, each: int) -> int:
        """Kernels stored once: a list for each input channel and kernel position."""
        outputs = edge.out // edge.groups
        first, last = block.channels[0] // outputs, (block.channels[1] - 1) // outputs
        bits = 0
        for group in range(first, last + 1):
            low, high = max(block.channels[0], group * outputs), min(block.channels[1], (group + 1) * outputs)
            bits += edge.seen[0] // edge.groups * self.words((high - low) * each)
        return bits * edge.kernel[0] * edge.kernel[1]

    def population(self, edge: Edge, block: Block) -> Counter[int]:
        """Length of a list -> how many: one for each pair of row taps and column taps that occurs."""
        weights = edge.seen[0] // edge.groups * block.sides[0]
        rows, columns = axis_taps(edge, 0, block.rows), axis_taps(edge, 1, block.columns)
        return Counter(len(r) * len(c) * weights for r in rows for c in columns)

    def unrolled(self, edge: Edge, block: Block) -> Counter[int]:
        """Length of a list -> how many: one for each input neuron."""
        outputs = min(block.sides[0], edge.out // edge.groups)
        groups = -(-block.sides[0] // (edge.out // edge.groups))
        rows, columns = axis_taps(edge, 0, block.rows), axis_taps(edge, 1, block.columns)
        found: Counter[int] = Counter()
        for r, times_r in rows.items():
            for c, times_c in columns.items():
                found[len(r) * len(c) * outputs] += times_r * times_c * groups * (edge.seen[0] // edge.groups)
        return found

    def sources(self, edge: Edge) -> int:
        """Neurons of the whole source."""
        return edge.seen[0] * edge.seen[1] * edge.seen[2]

    def axons(self, edge: Edge, block: Block) -> int | None:
        """Input axons of the core that holds `block`; None where that was not published."""
        if edge.kind is Kind.DENSE:
            return self.sources(edge)
        if edge.kind is Kind.DIRECT:
            return block.neurons
        if self.convolution == "lists":
            return None
        pixels = sum(axis_taps(edge, 0, block.rows).values()) * sum(axis_taps(edge, 1, block.columns).values())
        if self.convolution == "population":
            return pixels
        groups = -(-block.sides[0] // (edge.out // edge.groups))
        return pixels * groups * (edge.seen[0] // edge.groups)

    def stored(self, edge: Edge, block: Block) -> int:
        """Synapses in the memory of the core that holds `block`."""
        if edge.kind is Kind.DENSE:
            return self.sources(edge) * block.neurons * edge.copies
        if edge.kind is Kind.DIRECT:
            return block.neurons
        if self.convolution == "lists":
            return edge.seen[0] // edge.groups * block.sides[0] * edge.kernel[0] * edge.kernel[1]
        lengths = self.population(edge, block) if self.convolution == "population" else self.unrolled(edge, block)
        return sum(length * many for length, many in lengths.items())
