"""Bits of synapse lists, by hand and against the network's own connections."""

import math

import pytest
from unit.placement.chips import map_graph, weights

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Input
from neurodeploy.placement import Limits, Reading, read_network
from neurodeploy.placement.encoding import Encoding
from neurodeploy.placement.geometry import Block, common, seen_by, taps, whole
from neurodeploy.placement.network import Edge, Kind
from neurodeploy.profile import load_profile

LOIHI1 = Encoding(Limits(load_profile("loihi1"), Reading.STRICT), "population")
LOIHI2 = Encoding(Limits(load_profile("loihi2"), Reading.STRICT), "lists")


def dense(sources: int, neurons: int, bits: int, delay: int = 0) -> tuple[Edge, Block]:
    edge = Edge("d", Kind.DENSE, "x", (sources, 1, 1), neurons, bits, delay=delay)
    return edge, whole(edge.map)


@pytest.mark.parametrize(
    ("neurons", "bits", "delay", "expected"),
    [
        (1, 8, 0, 64),  # 8 + 10 bits, one word
        (6, 9, 0, 64),  # 54 + 10 bits fill the word
        (7, 8, 0, 128),  # 56 + 10 bits do not
        (64, 8, 0, 576),  # one block of 64: 512 + 10 bits, 9 words
        (65, 8, 0, 640),  # and another block for the last
        (7, 8, 1, 128),  # a delay bit for each synapse: 63 + 10 bits
        (6, 8, 62, 128),  # six delay bits: 84 + 10 bits
    ],
)
def test_a_dense_list_of_loihi_1_is_blocks_of_64_with_a_header(
    neurons: int, bits: int, delay: int, expected: int
) -> None:
    assert LOIHI1.bits(*dense(3, neurons, bits, delay)) == 3 * expected


@pytest.mark.parametrize(("neurons", "expected"), [(1, 64), (3, 64), (4, 128), (100, 1664)])
def test_a_dense_list_of_loihi_2_has_ten_bits_more_a_synapse(neurons: int, expected: int) -> None:
    assert LOIHI2.bits(*dense(3, neurons, 6)) == 3 * expected


def test_a_shared_kernel_does_not_grow_with_the_map() -> None:
    sizes = []
    for side in (8, 32):
        edge = read_network(map_graph(side=side, channels=20, bits=6)).layers[0].edges[0]
        sizes.append(LOIHI2.bits(edge, whole(edge.map)))
    # two input channels, nine positions, twenty weights of six bits in two words
    assert sizes == [2 * 9 * 2 * 64] * 2


def test_groups_of_a_shared_kernel_are_lists_of_their_own() -> None:
    edge = read_network(map_graph(side=8, channels=4, inputs=4, groups=2)).layers[0].edges[0]
    everything = whole(edge.map)
    assert LOIHI2.bits(edge, everything) == 2 * 2 * 9 * 64
    assert LOIHI2.stored(edge, everything) == edge.weights == 4 * 2 * 9
    one_group = Block((0, 2), everything.rows, everything.columns)
    assert LOIHI2.bits(edge, one_group) == 2 * 9 * 64
    assert seen_by(edge, one_group).channels == (0, 2)


def test_pixels_that_meet_the_same_taps_share_a_list() -> None:
    edge = read_network(map_graph(side=8, channels=4)).layers[0].edges[0]
    everything = whole(edge.map)
    # three ways for rows (two borders and the middle: 2, 2 and 3 taps), three for columns, two channels in, four out
    assert LOIHI1.stored(edge, everything) == 7 * 7 * 2 * 4
    assert LOIHI1.axons(edge, everything) == 64
    assert LOIHI2.axons(edge, everything) is None


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_unrolled_synapses_are_those_of_the_network(stride: int, padding: int, dilation: int) -> None:
    conv = Conv2d(
        "c",
        (Ref("x"),),
        weights(6, 2, 3, 3),
        stride=(stride, 1),
        padding=(padding, 0),
        dilation=(dilation, 1),
        groups=2,
    )
    graph = Graph((Input("x", (), (4, 11, 9)), conv, Cuba("a", (Ref("c"),), 4096, 0, 1)))
    edge = read_network(graph).layers[0].edges[0]
    encoding = Encoding(Limits(load_profile("loihi1"), Reading.STRICT), "unrolled")
    expected = int(conv.fan_out((4, 11, 9)).stored.sum())
    assert encoding.stored(edge, whole(edge.map)) == expected
    parts = [Block((0, 6), (row, row + 1), (0, edge.map[2])) for row in range(edge.map[1])]
    assert sum(encoding.stored(edge, part) for part in parts) == expected


def test_taps_differ_at_the_borders() -> None:
    assert taps(5, 3, 1, 1, 1, (0, 5)) == {(0, 1): 1, (0, 1, 2): 3, (1, 2): 1}
    assert taps(5, 3, 2, 0, 1, (0, 2)) == {(0,): 1, (1,): 2, (0, 2): 1, (2,): 1}


def test_what_a_part_sees_meets_only_the_parts_it_needs() -> None:
    edge = read_network(map_graph(side=16, channels=4)).layers[0].edges[0]
    seen = seen_by(edge, Block((0, 4), (4, 8), (0, 16)))
    assert (seen.channels, seen.rows, seen.columns) == ((0, 2), (3, 9), (0, 16))
    assert common(seen, Block((0, 1), (8, 12), (0, 16))) == (1, 1, 16)
    assert common(seen, Block((0, 2), (9, 16), (0, 16))) == (0, 0, 0)
    assert math.prod(seen.sides) == 2 * 6 * 16
