"""Whatever the network, every chip has an answer that adds up."""

import json

import numpy as np
import pytest
from unit.placement.chips import weights

from neurodeploy.conformance import CASES, RngChoose, draw_network
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.placement import Answer, Network, as_dict, fit, read_network, resized
from neurodeploy.profile import load_profile, profile_names

PLACED = [profile for profile in map(load_profile, profile_names()) if profile.rules is not None]


def graph_of(network: Graph | IntGraph) -> Graph:
    return network.graph if isinstance(network, IntGraph) else network


def adds_up(network: Network, search: bool) -> None:
    for profile in PLACED:
        found = fit(network, profile, search=search)
        json.dumps(as_dict(found), allow_nan=False)
        assert (found.answer is Answer.FITS) <= (not found.violations)
        if found.plan.used is not None and profile.rules is not None and profile.rules.model == "cores":
            held = sum(core.uses["neurons"].amount or 0 for core in found.plan.cores)
            assert held == sum(layer.neurons for layer in network.layers)


def test_conformance_cases_have_answers() -> None:
    for case in CASES:
        adds_up(read_network(graph_of(case.graph)), search=False)


@pytest.mark.parametrize("seed", range(12))
def test_random_networks_have_answers(seed: int) -> None:
    choose = RngChoose(np.random.default_rng(seed))
    adds_up(read_network(draw_network(choose).network.graph), search=seed < 3)


def test_a_layer_that_is_fed_only_from_behind_changes_with_its_source() -> None:
    nodes = (
        Input("x", (), (4,)),
        Dense("back", (Ref("late", 1),), weights(3, 5)),
        Cuba("early", (Ref("back"),), 4096, 0, 9),
        Dense("forward", (Ref("x"),), weights(5, 4)),
        Cuba("late", (Ref("forward"),), 4096, 0, 9),
        Dense("last", (Ref("early"),), weights(2, 3)),
        Cuba("out", (Ref("last"),), 4096, 0, 9),
    )
    smaller = resized(read_network(Graph(nodes)), out={"late": 2})
    assert [layer.map[0] for layer in smaller.layers] == [3, 2, 2]
    assert smaller["early"].edges[0].seen == (2, 1, 1)
