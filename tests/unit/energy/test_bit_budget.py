import numpy as np
import pytest

from neurodeploy.energy import NodeCounts, bit_budget, count
from neurodeploy.energy.bit_budget import LayerBudget, mean_budget
from neurodeploy.energy.counts import Counts
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout


def test_the_worked_example_784_100_10() -> None:
    layers = (LayerBudget("a", 78400, 8, 1, 4, 0.1, 0.0), LayerBudget("b", 1000, 8, 1, 4, 0.05, 0.0))
    assert [layer.budget for layer in layers] == [32, 32]
    assert sum(layer.dense for layer in layers) == 2_540_800
    assert sum(layer.spiking for layer in layers) == pytest.approx(252_480)


def test_it_comes_out_of_counts() -> None:
    node = NodeCounts("d", "Dense", 100, inputs=784, macs=78400, weight_bits=8, input_bits=1, values_in=784 * 2)
    (layer,) = bit_budget(Counts((node,), samples=5, steps=4))
    assert layer.rate == pytest.approx(0.1)
    assert layer.dense == 78400 * 32
    assert layer.spiking == pytest.approx(7840 * 32)


def _net() -> IntGraph:
    nodes = (
        Input("x", (), (1, 5, 5)),
        Conv2d("k", (Ref("x"),), np.full((2, 1, 3, 3), 60), padding=(1, 1)),
        Cuba("c", (Ref("k"),), 4096, 0, 100),
        Flatten("f", (Ref("c"),)),
        Dense("d", (Ref("f"),), np.full((3, 50), -128)),
        Readout("o", (Ref("d"),)),
    )
    return IntGraph(Graph(nodes))


def test_for_dense_layers_rate_times_macs_times_steps_is_the_exact_count(rng: np.random.Generator) -> None:
    frames = rng.integers(0, 2, (6, 3, 1, 5, 5))
    conv, dense = bit_budget(count(_net(), simulate(_net(), frames)))
    assert dense.rate * dense.macs * dense.steps == pytest.approx(dense.synaptic_operations)
    assert conv.macs == 2 * 9 * 25
    assert conv.rate * conv.macs * conv.steps > conv.synaptic_operations  # padding is not there in the exact count
    assert 0 < conv.spiking < conv.dense


def test_spiking_equals_dense_only_when_everything_fires() -> None:
    (conv, _) = bit_budget(count(_net(), simulate(_net(), np.ones((2, 1, 1, 5, 5), np.int64))))
    assert conv.rate == 1.0
    assert conv.spiking == conv.dense


def test_the_mean_budget_of_one_width_is_steps_times_bits_and_weighs_layers_by_their_products() -> None:
    same = [LayerBudget(name, macs, 4, 1, 8, 0.1, 0.0) for name, macs in (("a", 700), ("b", 3))]
    assert mean_budget(same) == 32
    mixed = [LayerBudget("a", 300, 8, 1, 4, 0.1, 0.0), LayerBudget("b", 100, 4, 1, 4, 0.1, 0.0)]
    assert mean_budget(mixed) == (300 * 32 + 100 * 16) / 400
