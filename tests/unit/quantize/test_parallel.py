"""Weights of one connection that differ in their delays become integers as those of one layer."""

import numpy as np

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.graph.parallel import side_by_side, split_by_delay
from neurodeploy.quantize import WeightFormat, quantize

DELAYS = np.array([[0, 3, 3, 0, 1]])


def graph(weight: np.ndarray, delays: np.ndarray) -> Graph:
    found = split_by_delay(Dense("fc", (Ref("input"),), weight), delays)
    neurons = Cuba("cuba", tuple(Ref(part.name) for part in found), 4096, 2048, 1.0)
    return Graph((Input("input", (), (5,)), *found, neurons))


def together(float_graph: Graph, formats: dict[str, WeightFormat] | None = None) -> np.ndarray:
    result = quantize(float_graph, 8, 10, formats).graph.graph
    parts = next(iter(side_by_side(result).values()))
    return np.sum([part.weight for part in parts], axis=0)


def test_parts_of_one_sign_take_the_grid_of_the_whole(rng: np.random.Generator) -> None:
    """Alone, the part whose weights are all positive would get odd integers, which one Loihi layer cannot hold."""
    weight = rng.normal(size=(4, 5))
    weight[:, 4] = np.abs(weight[:, 4])
    plain, delayed = (together(graph(weight, each)) for each in (np.zeros((1, 1), int), DELAYS))
    np.testing.assert_array_equal(delayed, plain)
    assert not (delayed % 2).any()


def test_learned_factors_and_widths_hold_for_all_parts(rng: np.random.Generator) -> None:
    weight = rng.normal(size=(4, 5))
    form = WeightFormat(4, 7.0)
    delayed = together(graph(weight, DELAYS), dict.fromkeys(("fc_d0", "fc_d1", "fc_d3"), form))
    np.testing.assert_array_equal(delayed, together(graph(weight, np.zeros((1, 1), int)), {"fc": form}))


def test_other_synapses_keep_a_grid_of_their_own() -> None:
    nodes = (
        Input("input", (), (2,)),
        Dense("fc", (Ref("input"),), np.array([[0.5, 0.25], [0.3, 0.1]])),
        Dense("back", (Ref("cuba", 1),), np.array([[-0.5, 0.0], [0.25, 0.125]])),
        Cuba("cuba", (Ref("fc"), Ref("back")), 4096, 2048, 1.0),
    )
    found = quantize(Graph(nodes)).graph.graph
    assert (found["fc"].weight % 2).any()
    assert not (found["back"].weight % 2).any()
