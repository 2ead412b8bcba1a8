from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.errors import GraphError, RangeError
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.int_graph import SUM_HIGH
from neurodeploy.graph.nodes import AvgPool2d, Cuba, Dense, Input, SumPool2d


def network(weight: np.ndarray, **cuba: object) -> Graph:
    settings = {"current_decay": 4096, "voltage_decay": 0, "threshold": 80, **cuba}
    nodes = (
        Input("input", (), (weight.shape[1],)),
        Dense("fc", (Ref("input"),), weight),
        Cuba("cuba", (Ref("fc"),), **settings),
    )
    return Graph(nodes)


def test_floats_are_refused_with_tensor_and_index() -> None:
    with pytest.raises(RangeError, match=r"fc.weight\[0, 0\] is 1.0.*3 more.*Quantize") as caught:
        IntGraph(network(np.array([[1.0, 0.5], [2.0, 0.25]])))
    # every float value is refused, whole numbers too: an integer graph holds integers
    assert caught.value.more == 3


def test_whole_floats_are_not_integers() -> None:
    with pytest.raises(RangeError, match="fc.weight"):
        IntGraph(network(np.ones((1, 1))))


@pytest.mark.parametrize(
    ("settings", "tensor"),
    [
        ({"threshold": 131072}, "cuba.threshold"),
        ({"threshold": 0.5}, "cuba.threshold"),
        ({"bias": np.array([40000])}, "cuba.bias"),
    ],
)
def test_values_that_do_not_fit_are_named(settings: dict, tensor: str) -> None:
    with pytest.raises(RangeError, match=tensor):
        IntGraph(network(np.array([[1]]), **settings))


def test_the_accumulator_proof_is_tight() -> None:
    full, rest = divmod(SUM_HIGH, 32767)
    fits = np.array([[32767] * full + [rest]])
    assert IntGraph(network(fits)).bounds["fc"] == (0, SUM_HIGH)
    with pytest.raises(RangeError, match="fc.sum"):
        IntGraph(network(np.array([[32767] * full + [rest + 1]])))


def test_two_sums_into_one_neuron_are_added_before_the_proof() -> None:
    half = np.full((1, 700), 32767)
    graph = network(half)
    second = Dense("fc2", (Ref("input"),), half)
    cuba = replace(graph["cuba"], inputs=(Ref("fc"), Ref("fc2")))
    assert IntGraph(graph).bounds["fc"][1] == 700 * 32767
    with pytest.raises(RangeError, match="cuba.input"):
        IntGraph(replace(graph, nodes=(*graph.nodes[:2], second, cuba)))


def test_float_only_kinds_are_refused() -> None:
    graph = Graph((Input("i", (), (1, 4, 4)), AvgPool2d("p", (Ref("i"),), (2, 2), (2, 2))))
    with pytest.raises(GraphError, match="Lower the graph first"):
        IntGraph(graph)


def test_pooled_sums_and_counts_enter_the_bounds() -> None:
    graph = Graph((Input("i", (), (1, 4, 4), high=9), SumPool2d("p", (Ref("i"),), (2, 2), (2, 2))))
    assert IntGraph(graph).bounds == {"i": (0, 9), "p": (0, 36)}


def test_recurrence_through_anything_but_spikes_is_refused() -> None:
    nodes = (
        Input("input", (), (1,)),
        Dense("fc", (Ref("input"), Ref("fc", 1)), np.array([[2]])),
        Cuba("cuba", (Ref("fc"),), 4096, 0, 80),
    )
    with pytest.raises(GraphError, match="recurrent input 'fc' is not a neuron's spikes"):
        IntGraph(Graph(nodes))


@pytest.mark.parametrize(("delay", "fits"), [(0, True), (1, False)], ids=["arriving together", "half of it later"])
def test_what_is_delayed_cancels_nothing_at_first(delay: int, fits: bool) -> None:
    """Constants of +-30 million, two of each sign, into one neuron: together they are 0, without the late ones not."""
    constant = Dense("one", (Ref("input"),), np.zeros((1, 1), np.int64), np.array([30000]))
    sums = [Dense(f"sum{k}", (Ref("one"),), np.array([[w]])) for k, w in enumerate((1000, 1000, -1000, -1000))]
    inputs = (Ref("sum0"), Ref("sum1"), Ref("sum2", delay), Ref("sum3", delay))
    nodes = (Input("input", (), (1,)), constant, *sums, Cuba("cuba", inputs, 4096, 0, 80))
    if fits:
        assert IntGraph(Graph(nodes)).input_bounds(nodes[-1]) == (0, 0)
    else:
        with pytest.raises(RangeError, match="cuba.input"):
            IntGraph(Graph(nodes))
