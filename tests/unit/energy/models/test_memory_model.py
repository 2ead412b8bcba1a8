"""The memory model on layers worked out by hand, and the published fault of its formula with strides."""

from dataclasses import replace

import numpy as np
import pytest
from small_counts import small

from neurodeploy.energy import Counts, Estimate, NodeCounts, Uses, count
from neurodeploy.energy.models import find_model
from neurodeploy.energy.models.sram import access
from neurodeploy.errors import DataError, ProfileError
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Input
from neurodeploy.profile import load_profile

CMOS = load_profile("cmos45")


def apply(counts: Counts, **options: str) -> Estimate:
    return find_model("memory").apply(counts, CMOS, options)


def amount(estimate: Estimate, node: str, term: str) -> float:
    return sum(line.amount for line in estimate.lines if (line.node, line.term) == (node, term))


def strided(places: list[tuple[int, int]]) -> Counts:
    """Spikes at `places` of an 8 x 8 map into a convolution 1 -> 4, k3 s2 p1, one timestep."""
    nodes = (
        Input("x", (), (1, 8, 8)),
        Conv2d("k", (Ref("x"),), np.full((4, 1, 3, 3), 5), stride=(2, 2), padding=(1, 1)),
        Cuba("c", (Ref("k"),), 4096, 0, 100),
    )
    frames = np.zeros((1, 1, 1, 8, 8), np.int64)
    for row, column in places:
        frames[0, 0, 0, row, column] = 1
    network = IntGraph(Graph(nodes))
    return count(network, simulate(network, frames))


INSIDE = [(2, 2), (3, 3)]
"""Meets 4 outputs x 1 place of the kernel, and 4 x 4: 20 weights."""


def test_with_stride_the_formula_takes_32_operations_and_72_accesses_for_20_weight_uses() -> None:
    found = apply(strided(INSIDE))
    assert amount(found, "k", "accumulate") == 32
    assert [amount(found, "k", term) for term in ("weight_read", "state_read", "state_write")] == [72, 72, 72]


def test_the_exact_choice_takes_20_of_each() -> None:
    found = apply(strided(INSIDE), operations="exact", accesses="exact")
    terms = ("accumulate", "weight_read", "state_read", "state_write")
    assert [amount(found, "k", term) for term in terms] == [20, 20, 20, 20]


def test_operations_by_the_whole_kernel() -> None:
    assert amount(apply(strided(INSIDE), operations="kernel"), "k", "accumulate") == 72


def test_the_formula_does_not_see_borders_and_the_exact_choice_does() -> None:
    corner = strided([(0, 0)])
    assert amount(apply(corner), "k", "weight_read") == 36
    assert amount(apply(corner, accesses="exact"), "k", "weight_read") == 4


def test_every_term_of_a_dense_network() -> None:
    found = apply(small())
    expected = {
        ("input", "event_write"): 6,
        ("fc1", "accumulate"): 24,
        ("fc1", "weight_read"): 24,
        ("fc1", "state_read"): 24,
        ("fc1", "state_write"): 24,
        ("fc1", "event_read"): 6,
        ("fc1", "bias_add"): 40,
        ("fc1", "bias_read"): 40,
        ("lif", "reset"): 5,
        ("lif", "leak"): 40 + 40,
        ("lif", "state_read"): 40,
        ("lif", "state_write"): 40,
        ("lif", "event_write"): 5,
        ("fc2", "accumulate"): 10,
        ("fc2", "weight_read"): 10,
        ("fc2", "state_read"): 10,
        ("fc2", "state_write"): 10,
        ("fc2", "event_read"): 5,
        ("out", "state_read"): 20,
        ("out", "state_write"): 20,
    }
    assert {key: amount(found, *key) for key in expected} == expected
    assert {(line.node, line.term) for line in found.lines} == set(expected)


def test_its_energy_by_hand() -> None:
    """Additions 24 + 40 + 5 + 40 + 10 at 0.1 pJ, 40 multiplications at 3.1, 324 words at half of 10 pJ (8 KB)."""
    found = apply(small()).dynamic
    words = 6 + 3 * 24 + 6 + 40 + 80 + 5 + 30 + 5 + 40
    assert words == 284
    assert found is not None
    assert found.mid == pytest.approx(0.1 * 119 + 3.1 * 40 + 5 * words)


def test_a_second_leak_is_a_second_multiplication() -> None:
    counts = small()
    nodes = tuple(replace(node, leaks=2) if node.name == "lif" else node for node in counts.nodes)
    assert amount(apply(replace(counts, nodes=nodes)), "lif", "leak") == 2 * amount(apply(counts), "lif", "leak")


@pytest.mark.parametrize(("way", "dense"), [("none", 0), ("qualia", 6 / 8 * 4), ("spikingjelly", 24)])
def test_addresses_of_a_dense_layer(way: str, dense: float) -> None:
    assert amount(apply(small(), addressing=way), "fc1", "address") == dense


@pytest.mark.parametrize(("way", "additions"), [("qualia", 18), ("spikingjelly", 72)])
def test_addresses_of_a_convolution_are_two_multiply_accumulates_an_event_and_additions(
    way: str, additions: int
) -> None:
    lines = [line for line in apply(strided(INSIDE), addressing=way).lines if line.term == "address"]
    multiplied = [line.amount for line in lines if line.key == "facts.int32_multiply"]
    added = sum(line.amount for line in lines if line.key == "price.accumulate")
    assert (multiplied, added) == ([4], 4 + additions)


@pytest.mark.parametrize(
    ("size", "curve", "width", "pj"),
    [
        (8192, "steps", 64, 5.0),
        (8193, "steps", 64, 10.0),
        (1048576, "steps", 64, 50.0),
        (1048577, "steps", 64, 650.0),
        (8192, "steps", 32, 10.0),
        (4096, "linear", 64, 2.5),
        (20480, "linear", 64, 7.5),
        (20480, "linear", 32, 15.0),
        (8192, "qualia", 64, 13.2 + 1.09e-5 * 65536),
    ],
)
def test_energy_of_an_access(size: int, curve: str, width: int, pj: float) -> None:
    assert access(CMOS, size, curve, width)[1].value == pytest.approx(pj)


def test_the_interval_of_a_level_is_kept() -> None:
    assert access(CMOS, 2_000_000, "steps", 64)[1].interval == (650.0, 1300.0)


def test_a_memory_that_no_level_holds_is_refused() -> None:
    small_chip = replace(CMOS, memory={"sram_8kb": CMOS.memory["sram_8kb"]})
    with pytest.raises(ProfileError, match="no memory of 9,000 bytes"):
        access(small_chip, 9000, "steps", 64)


def test_access_bits_of_32_are_said_to_be_twice_too_much() -> None:
    assert any("twice too much" in text for text in apply(small(), access_bits="32").assumptions)


def test_graded_events_are_multiplied_in_their_share() -> None:
    counts = small()
    work = {**counts["fc1"].work, "accumulate": Uses(16, 16), "multiply_accumulate": Uses(8, 8)}
    nodes = tuple(replace(node, work=work) if node.name == "fc1" else node for node in counts.nodes)
    found = apply(replace(counts, nodes=nodes))
    assert (amount(found, "fc1", "accumulate"), amount(found, "fc1", "multiply_accumulate")) == pytest.approx((16, 8))


def test_work_that_the_model_does_not_know_is_listed() -> None:
    counts = small()
    pool = NodeCounts("pool", "SumPool2d", 4, work={"pool_add": Uses(7, 7)})
    found = apply(replace(counts, nodes=(*counts.nodes, pool)))
    assert [item.amount for item in found.not_covered if item.term == "pool_add"] == [7]


def test_counts_that_do_not_know_their_kernels_need_the_exact_choice() -> None:
    counts = small()
    nodes = tuple(replace(node, kernel=0, strided_kernel=0, kernel_channels=0) for node in counts.nodes)
    bare = replace(counts, nodes=nodes)
    with pytest.raises(DataError, match="operations=exact and accesses=exact"):
        apply(bare)
    assert amount(apply(bare, operations="exact", accesses="exact"), "fc1", "accumulate") == 24


def test_a_memory_of_unknown_size_is_refused_and_not_taken_as_none() -> None:
    counts = small()
    nodes = tuple(replace(node, weights=0) for node in counts.nodes)
    with pytest.raises(DataError, match="size of its memory is not known"):
        apply(replace(counts, nodes=nodes))
