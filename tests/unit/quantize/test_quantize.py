import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.errors import ConfigError, GraphError
from neurodeploy.graph import Graph, Ref, simulate
from neurodeploy.graph.nodes import AvgPool2d, Cuba, Dense, Input, Readout
from neurodeploy.graph.widths import weight_bits
from neurodeploy.quantize import WeightFormat, quantize, weight_grid


def network(weight: np.ndarray, threshold: float = 1.0, bias: np.ndarray | None = None) -> Graph:
    nodes = (
        Input("input", (), (weight.shape[1],)),
        Dense("fc", (Ref("input"),), weight),
        Cuba("cuba", (Ref("fc"),), 4096, 1024, threshold, bias),
    )
    return Graph(nodes)


@pytest.mark.parametrize(
    ("weights", "low", "high", "step"),
    [([-1.0, 2.0], -256, 254, 2), ([0.0, 2.0], 0, 255, 1), ([-1.0, 0.0], -126, 0, 2), ([0.0], 0, 255, 1)],
)
def test_the_grid_follows_the_signs(weights: list[float], low: int, high: int, step: int) -> None:
    grid = weight_grid(np.array(weights))
    assert (grid.low, grid.high, grid.step) == (low, high, step)


@given(
    st.lists(st.floats(-10, 10).filter(lambda w: w == 0 or abs(w) > 1e-3), min_size=1, max_size=8), st.integers(2, 8)
)
def test_the_largest_factor_fills_the_grid_and_stays_inside(values: list[float], bits: int) -> None:
    weights = np.array(values)
    grid = weight_grid(weights, bits)
    factor = grid.largest_factor(weights)
    if not weights.any():
        assert factor == np.inf
        return
    scaled = weights * factor
    assert scaled.min() >= grid.low * (1 + 1e-12)
    assert scaled.max() <= grid.high * (1 + 1e-12)
    assert np.isclose(scaled.min(), grid.low) or np.isclose(scaled.max(), grid.high)
    assert set(grid.nearest(scaled) % grid.step) == {0}


def test_weights_threshold_and_bias_share_one_factor() -> None:
    result = quantize(network(np.array([[0.5, -0.25]]), threshold=1.0, bias=np.array([0.1])))
    scale = result.scales["cuba"]
    assert scale == 254 / 0.5
    assert result.graph.graph["fc"].weight.tolist() == [[254, -128]]
    assert result.graph.graph["cuba"].threshold == round(scale)
    assert result.graph.graph["cuba"].bias.tolist() == [round(0.1 * scale)]


def test_a_given_factor_takes_the_place_of_the_largest_and_weights_are_clipped() -> None:
    result = quantize(network(np.array([[0.5, -0.01, -3.0]])), formats={"fc": WeightFormat(4, 20.0)})
    assert result.scales == {"fc": 20.0, "cuba": 20.0}
    assert result.graph.graph["fc"].weight.tolist() == [[10, 0, -16]]
    assert result.graph.graph["cuba"].threshold == 20


def test_a_given_factor_is_lowered_where_bias_or_threshold_would_not_fit() -> None:
    form = {"fc": WeightFormat(8, 1e6)}
    assert quantize(network(np.array([[0.5, -0.5]]), bias=np.array([-100.0])), formats=form).scales["fc"] == 40.95
    assert quantize(network(np.array([[0.5, -0.5]])), formats=form).scales["fc"] == 131071.0


def test_each_synapse_takes_its_own_width(rng: np.random.Generator) -> None:
    nodes = (
        Input("input", (), (30,)),
        Dense("a", (Ref("input"),), rng.normal(size=(20, 30))),
        Cuba("cuba", (Ref("a"),), 4096, 1024, 1.0),
        Dense("b", (Ref("cuba"),), rng.normal(size=(20, 20))),
        Cuba("output", (Ref("b"),), 4096, 1024, 1.0),
    )
    graph = quantize(Graph(nodes), 8, formats={"b": WeightFormat(3)}).graph.graph
    assert [weight_bits(graph[name].weight) for name in ("a", "b")] == [8, 3]


def test_a_format_of_no_synapse_or_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="nowhere"):
        quantize(network(np.ones((1, 1))), formats={"nowhere": WeightFormat(4)})
    for bits, factor in ((1, None), (9, None), (4, 0.0), (4, float("nan")), (4, float("inf"))):
        with pytest.raises(ConfigError):
            WeightFormat(bits, factor)


def test_a_large_bias_or_threshold_lowers_the_factor() -> None:
    assert quantize(network(np.array([[0.5, -0.5]]), bias=np.array([-100.0]))).scales["fc"] == 40.95
    assert quantize(network(np.array([[0.5, -0.5]]), threshold=1e4)).scales["fc"] == 13.1071


def test_synapses_that_feed_one_neuron_share_a_factor(rng: np.random.Generator) -> None:
    nodes = (
        Input("input", (), (3,)),
        Dense("fc", (Ref("input"),), rng.normal(size=(4, 3))),
        Dense("back", (Ref("cuba", 1),), 10 * rng.normal(size=(4, 4))),
        Cuba("cuba", (Ref("fc"), Ref("back")), 4096, 1024, 1.0),
        Dense("last", (Ref("cuba"),), rng.normal(size=(2, 4))),
        Readout("out", (Ref("last"),)),
    )
    scales = quantize(Graph(nodes)).scales
    assert scales["fc"] == scales["back"] == scales["cuba"]
    assert scales["last"] == scales["out"] != scales["fc"]


def test_spikes_survive_quantization_when_nothing_is_rounded(rng: np.random.Generator) -> None:
    weight = rng.integers(-127, 128, (6, 8)) * 2 / 64
    weight[0, 0] = 254 / 64
    graph = network(weight, threshold=2.5)
    frames = rng.integers(0, 2, (1, 20, 8))
    result = quantize(graph)
    assert result.scales["fc"] == 64
    assert result.zeroed["fc.weight"] == 0
    np.testing.assert_array_equal(simulate(result.graph, frames)["cuba"], simulate(graph, frames)["cuba"])


def test_the_share_of_weights_that_vanish_is_told() -> None:
    result = quantize(network(np.array([[100.0, -100.0, 0.01, 0.0]])))
    assert result.zeroed["fc.weight"] == pytest.approx(1 / 3)


def test_what_cannot_be_quantized_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="weight_bits"):
        quantize(network(np.ones((1, 1))), weight_bits=9)
    pooled = Graph(
        (Input("i", (), (1, 2, 2)), AvgPool2d("p", (Ref("i"),), (2, 2), (2, 2)), Cuba("c", (Ref("p"),), 0, 0, 1.0))
    )
    with pytest.raises(GraphError, match="AvgPool2d 'p' directly"):
        quantize(pooled)
    with pytest.raises(GraphError, match="all weights and thresholds around it are zero"):
        quantize(network(np.zeros((1, 1)), threshold=0.0))
    lost = Graph((Input("i", (), (2,)), Dense("d", (Ref("i"),), np.ones((1, 2)))))
    with pytest.raises(GraphError, match="node 'd'.*no neuron"):
        quantize(lost)
