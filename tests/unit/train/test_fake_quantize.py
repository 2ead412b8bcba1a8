import numpy as np
import pytest
import torch

from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.quantize import quantize
from neurodeploy.train.fake_quantize import bias_steps, layer_scale, on_grid, readout_scale

WEIGHTS = {
    "mixed": lambda rng: rng.normal(size=(6, 20)),
    "positive": lambda rng: rng.random((6, 20)),
    "negative": lambda rng: -rng.random((6, 20)) - 0.01,
}


def deployed(weight: np.ndarray, threshold: float, bias: np.ndarray, bits: int) -> Graph:
    nodes = (
        Input("input", (), (weight.shape[1],)),
        Dense("fc", (Ref("input"),), weight),
        Cuba("cuba", (Ref("fc"),), 4096, 1024, threshold, bias),
    )
    return quantize(Graph(nodes), bits).graph.graph


@pytest.mark.parametrize("signs", WEIGHTS)
@pytest.mark.parametrize("bits", [2, 5, 8])
@pytest.mark.parametrize(("bias_size", "threshold"), [(0.0, 1.0), (1.0, 0.3), (100.0, 1.0), (0.1, 5e4)])
def test_weights_and_biases_are_those_that_quantize_chooses(
    signs: str, bits: int, bias_size: float, threshold: float, rng: np.random.Generator
) -> None:
    weight, bias = WEIGHTS[signs](rng), bias_size * rng.normal(size=6)
    graph = deployed(weight, threshold, bias, bits)
    scale, grid = layer_scale(torch.from_numpy(weight), torch.from_numpy(bias), threshold, bits)
    np.testing.assert_array_equal(on_grid(torch.from_numpy(weight), scale, grid).numpy(), graph["fc"].weight)
    np.testing.assert_array_equal(bias_steps(torch.from_numpy(bias), scale).numpy(), graph["cuba"].bias)
    assert round(threshold * scale) == graph["cuba"].threshold


@pytest.mark.parametrize("timesteps", [1, 8, 100])
def test_a_readout_is_scaled_as_quantize_does_and_cannot_wrap(timesteps: int, rng: np.random.Generator) -> None:
    weight = rng.normal(size=(10, 600))
    nodes = (
        Input("input", (), (600,)),
        Dense("fc", (Ref("input"),), weight),
        Readout("readout", (Ref("fc"),)),
    )
    result = quantize(Graph(nodes), 8, timesteps)
    scale, grid = readout_scale(torch.from_numpy(weight), timesteps, 8)
    assert scale == result.scales["fc"] == result.scales["readout"]
    np.testing.assert_array_equal(
        on_grid(torch.from_numpy(weight), scale, grid).numpy(), result.graph.graph["fc"].weight
    )
    low, high = result.graph.bounds["fc"]
    rounding = 600 * grid.step / 2
    assert timesteps * max(-low, high) <= 131071 + timesteps * rounding


def test_without_timesteps_a_readout_takes_the_whole_grid(rng: np.random.Generator) -> None:
    weight = rng.normal(size=(10, 600))
    nodes = (Input("input", (), (600,)), Dense("fc", (Ref("input"),), weight), Readout("readout", (Ref("fc"),)))
    largest = np.abs(quantize(Graph(nodes)).graph.graph["fc"].weight).max()
    assert largest >= 254
    assert np.abs(quantize(Graph(nodes), 8, 100).graph.graph["fc"].weight).max() < largest


def test_gradients_go_straight_through_the_rounding() -> None:
    weight = torch.tensor([[0.1, -0.7], [0.33, 1.0]], dtype=torch.float64, requires_grad=True)
    scale, grid = layer_scale(weight, None, 1.0, 8)
    on_grid(weight, scale, grid).sum().backward()
    np.testing.assert_allclose(weight.grad, scale)


def test_a_layer_of_zeros_stays_zero() -> None:
    scale, grid = layer_scale(torch.zeros((2, 3), dtype=torch.float64), None, 1.0, 8)
    assert np.isfinite(scale)
    assert not on_grid(torch.zeros((2, 3), dtype=torch.float64), scale, grid).any()
