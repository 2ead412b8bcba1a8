"""Chips of equal cores: the cut holds every neuron once, no core holds too much, every limit is named when it is broken."""

import math

import numpy as np
import pytest
from unit.placement.chips import chip, dense, map_, neuron, weights

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.placement import Answer, Network, Plan, Reading, Violation, fit, plan, read_network
from neurodeploy.placement.cores import CoreChip
from neurodeploy.placement.limits import Limits
from neurodeploy.profile import Profile


def broken(found: Plan) -> list[tuple[str, str, int, int]]:
    return [(v.layer, v.limit, v.value, v.allowed) for v in found.violations]


@pytest.mark.parametrize("name", ["loihi1", "loihi2"])
@pytest.mark.parametrize(
    "network", [map_(side=40, channels=24, classes=0), dense(inputs=700, hidden=3000), map_(side=17, channels=7)]
)
def test_every_neuron_lies_on_one_core_and_no_core_holds_too_much(name: str, network: Network) -> None:
    profile = chip(name)
    assert profile.rules is not None
    placing = CoreChip(network, Limits(profile, Reading.STRICT), profile.rules)
    found = placing.plan()
    for layer in network.layers:
        held = np.zeros(layer.map, np.int64)
        for block in placing.blocks[layer.name]:
            held[tuple(slice(*span) for span in block.spans)] += 1
        np.testing.assert_array_equal(held, np.ones(layer.map, np.int64))
    assert found.violations == ()
    assert all(use.fits for core in found.cores for use in core.uses.values())
    assert [core.layer for core in found.cores] == sorted(
        (core.layer for core in found.cores), key=[layer.name for layer in network.layers].index
    )
    assert sum(core.uses["neurons"].amount or 0 for core in found.cores) == sum(
        layer.neurons for layer in network.layers
    )


def test_the_cut_is_shown_and_each_core_says_what_it_holds() -> None:
    found = plan(map_(side=40, channels=8, classes=0), chip("loihi1"))
    need = found.needs[0]
    assert (need.cores, need.cut) == (14, "3 of 40 rows to a core")
    parts = [core.part for core in found.cores if core.layer == "map"]
    assert (parts[0], parts[-1]) == ("rows 0-2", "rows 39-39")


def test_a_slice_that_is_too_much_is_cut_along_the_next_axis() -> None:
    found = plan(map_(side=40, channels=32, classes=0), chip("loihi1"))
    assert found.needs[0].cut == "1 of 40 rows, 32 of 40 columns to a core"
    assert found.needs[0].cores == 80


def test_columns_of_loihi_2_are_powers_of_two() -> None:
    network = map_(side=20, channels=10)
    # 200 neurons a column: 3200 hold 16 of them; twenty columns count as 32
    assert plan(network, chip("loihi2", neurons_per_core=4000)).needs[0].cut == "16 of 20 columns to a core"
    assert plan(network, chip("loihi2", neurons_per_core=6399)).needs[0].cut == "16 of 20 columns to a core"
    assert plan(network, chip("loihi2", neurons_per_core=6400)).needs[0].cut == "whole"


CASES = {
    # limit -> network, the limit it just keeps, what is named one below
    "cores_per_chip": (dense(), 2, Violation("network", "cores_per_chip", 2, 1, "2 chips")),
    "weight_bits": (dense(bits=7), 7, Violation("hidden", "weight_bits", 7, 6)),
    "threshold_bits": (dense(threshold=500), 9, Violation("hidden", "threshold_bits", 9, 8)),
    "state_bits": (dense(), 24, Violation("hidden", "state_bits", 24, 23)),
}


@pytest.mark.parametrize("limit", CASES)
def test_a_limit_is_kept_at_its_value_and_named_one_below(limit: str) -> None:
    network, value, expected = CASES[limit]
    assert plan(network, chip("loihi1", **{limit: value})).violations == ()
    assert plan(network, chip("loihi1", **{limit: value - 1})).violations[0] == expected


def test_a_bias_and_a_delay_have_limits_too() -> None:
    nodes = (
        Input("x", (), (2,)),
        Dense("d", (Ref("x", 6),), np.array([[6, -8]])),
        Cuba("a", (Ref("d"),), 4096, 0, 10, bias=np.array([-9])),
    )
    network = read_network(Graph(nodes))
    assert plan(network, chip("loihi1", bias_bits=4, delay_steps=6)).violations == ()
    found = plan(network, chip("loihi1", bias_bits=3, delay_steps=5))
    assert broken(found) == [("a", "bias_bits", 4, 3), ("a", "delay_steps", 6, 5)]


def test_axons_of_all_sources_reach_every_core_of_a_dense_layer() -> None:
    network = dense(inputs=100, hidden=10)
    assert plan(network, chip("loihi1", input_axons_per_core=100)).violations == ()
    found = plan(network, chip("loihi1", input_axons_per_core=99))
    assert broken(found) == [("hidden", "input_axons_per_core", 100, 99)]
    assert (found.used, found.cores, found.needs[0].cores) == (None, (), None)


def test_synapses_of_a_single_neuron_may_be_too_many() -> None:
    network = dense(inputs=100, hidden=10)
    # one word of 64 bits for each source
    assert plan(network, chip("loihi1", synapse_bytes_per_core=800)).needs[0].cores == 2
    found = plan(network, chip("loihi1", synapse_bytes_per_core=799))
    assert broken(found) == [("hidden", "synapse_bytes_per_core", 800, 799)]


def test_neurons_and_output_axons_cut_a_layer_further() -> None:
    network = dense(hidden=30)
    assert plan(network, chip("loihi1", neurons_per_core=30)).needs[0].cores == 1
    assert plan(network, chip("loihi1", neurons_per_core=29)).needs[0].cut == "29 of 30 neurons to a core"
    assert plan(network, chip("loihi1", output_axons_per_core=30)).needs[0].cores == 1
    assert plan(network, chip("loihi1", output_axons_per_core=7)).needs[0].cut == "7 of 30 neurons to a core"


def test_output_axons_count_once_for_each_core_that_is_sent_to() -> None:
    network = dense(hidden=30, outputs=12)
    found = plan(network, chip("loihi1", neurons_per_core=30, synapse_bytes_per_core=240))
    cores = [core for core in found.cores if core.layer == "out"]
    sender = next(core for core in found.cores if core.layer == "hidden")
    assert sender.uses["output_axons"].amount == (sender.uses["neurons"].amount or 0) * len(cores)
    assert len(cores) > 1


def test_a_recurrent_layer_sends_to_its_own_cores() -> None:
    nodes = (
        Input("x", (), (10,)),
        Dense("forward", (Ref("x"),), weights(40, 10)),
        Dense("back", (Ref("a", 1),), weights(40, 40)),
        Cuba("a", (Ref("forward"), Ref("back")), 4096, 0, 10),
        Dense("d", (Ref("a"),), weights(3, 40)),
        neuron("out", "d"),
    )
    found = plan(read_network(Graph(nodes)), chip("loihi1", neurons_per_core=10))
    own = [core for core in found.cores if core.layer == "a"]
    assert len(own) == 4
    assert {core.uses["output_axons"].amount for core in own} == {10 * 4 + 10}
    assert {core.uses["input_axons"].amount for core in own} == {10 + 40}


def test_currents_from_outside_take_no_synapses() -> None:
    nodes = (Input("x", (), (10,)), neuron("a", "x"), neuron("b", "a"))
    found = plan(read_network(Graph(nodes)), chip("loihi1"))
    assert [core.uses["synapse_bytes"].amount for core in found.cores] == [0, 10 * 8]


def test_a_node_without_a_place_is_a_violation_with_its_reason() -> None:
    nodes = (
        Input("x", (), (3,)),
        Dense("d", (Ref("x"),), weights(3, 3)),
        Dense("e", (Ref("d"),), weights(3, 3)),
        neuron("a", "e"),
        Dense("f", (Ref("a"),), weights(2, 3)),
        neuron("b", "f"),
    )
    found = fit(read_network(Graph(nodes)), chip("loihi1"))
    assert found.answer is Answer.DOES_NOT_FIT
    assert {(v.layer, v.limit) for v in found.violations} == {("d", "kind"), ("a", "kind")}


@pytest.mark.parametrize("name", ["loihi1", "speck", "xylo_imu", "akd1000", "cortex_m4"])
def test_a_network_that_ends_without_neurons_is_refused_everywhere(name: str) -> None:
    for nodes in (
        (Input("x", (), (3,)), Dense("d", (Ref("x"),), weights(3, 3))),
        (Input("x", (), (3,)), neuron("a", "x"), Dense("d", (Ref("a"),), weights(3, 3))),
    ):
        found = fit(read_network(Graph(nodes)), chip(name))
        if name == "cortex_m4":
            assert found.answer is Answer.UNKNOWN  # whether C can is for its exporter to say
            continue
        assert found.answer is Answer.DOES_NOT_FIT
        assert ("d", "kind") in {(v.layer, v.limit) for v in found.violations}


def test_numbers_that_no_source_gives_are_null_and_named() -> None:
    found = plan(map_(), chip("loihi2"))
    uses = found.cores[0].uses
    assert (uses["input_axons"].limit, uses["input_axons"].amount, uses["input_axons"].share) == (None, None, None)
    assert "no number was published" in found.unknown["input_axons_per_core"]
    assert "output_axons_per_core" in found.unknown


def test_the_greedy_cut_fills_cores_before_it_takes_another() -> None:
    profile: Profile = chip("loihi1", neurons_per_core=100)
    assert plan(dense(hidden=250), profile).needs[0].cores == math.ceil(250 / 100)
