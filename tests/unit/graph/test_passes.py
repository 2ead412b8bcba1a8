"""Every lowering leaves the function as it was."""

import numpy as np
import pytest

from neurodeploy.errors import GraphError
from neurodeploy.graph import Graph, Node, Ref, simulate
from neurodeploy.graph.nodes import (
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Cuba,
    Dense,
    Flatten,
    Input,
    MaxPool2d,
    Readout,
    SumPool2d,
)
from neurodeploy.graph.passes import fold_batchnorm, fuse_pool, lower, move_bias, or_pool, pool_sums


def chain(shape: tuple[int, ...], *nodes: Node) -> Graph:
    return Graph((Input("input", (), shape), *nodes))


def norm(name: str, source: str, channels: int, rng: np.random.Generator) -> BatchNorm:
    values = (rng.normal(1, 0.2, channels), rng.normal(size=channels), rng.normal(size=channels), rng.random(channels))
    return BatchNorm(name, (Ref(source),), *values)


def frames(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return (rng.random((6, 3, *shape)) < 0.4).astype(np.uint8)


def kinds(graph: Graph) -> list[str]:
    return [type(node).__name__ for node in graph.nodes]


def assert_same(before: Graph, after: Graph, data: np.ndarray) -> None:
    old, new = simulate(before, data), simulate(after, data)
    name = before.output.name
    np.testing.assert_allclose(new[name], old[name], rtol=1e-12, atol=1e-12)
    assert np.abs(old[name]).max() > 0


def test_batch_norm_folds_into_conv_and_dense(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 6, 6),
        Conv2d("conv", (Ref("input"),), rng.normal(size=(4, 2, 3, 3)), rng.normal(size=4)),
        norm("bn1", "conv", 4, rng),
        Flatten("flat", (Ref("bn1"),)),
        Dense("fc", (Ref("flat"),), rng.normal(size=(5, 64))),
        norm("bn2", "fc", 5, rng),
        Readout("out", (Ref("bn2"),)),
    )
    folded = fold_batchnorm(graph)
    assert kinds(folded) == ["Input", "Conv2d", "Flatten", "Dense", "Readout"]
    assert_same(graph, folded, frames(rng, 2, 6, 6))


def test_batch_norm_without_a_synapse_of_its_own_is_refused(rng: np.random.Generator) -> None:
    graph = chain((2, 6, 6), norm("bn", "input", 2, rng), Flatten("f", (Ref("bn"),)), Readout("r", (Ref("f"),)))
    with pytest.raises(GraphError, match="node 'bn'.*directly after"):
        fold_batchnorm(graph)


def test_average_pool_before_a_convolution_becomes_a_larger_kernel(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 8, 12),
        AvgPool2d("pool", (Ref("input"),), (2, 3), (2, 3)),
        Conv2d("conv", (Ref("pool"),), rng.normal(size=(4, 1, 3, 3)), stride=(2, 1), padding=(1, 2), groups=2),
        Flatten("flat", (Ref("conv"),)),
        Readout("out", (Ref("flat"),)),
    )
    assert kinds(fuse_pool(graph)) == ["Input", "Conv2d", "Flatten", "Readout"]
    assert_same(graph, fuse_pool(graph), frames(rng, 2, 8, 12))


@pytest.mark.parametrize("kind", [AvgPool2d, SumPool2d])
def test_pool_before_a_dense_layer_becomes_repeated_weights(rng: np.random.Generator, kind: type) -> None:
    graph = chain(
        (2, 4, 6),
        kind("pool", (Ref("input"),), (2, 2), (2, 2)),
        Flatten("flat", (Ref("pool"),)),
        Dense("fc", (Ref("flat"),), rng.normal(size=(3, 12))),
        Readout("out", (Ref("fc"),)),
    )
    assert kinds(fuse_pool(graph)) == ["Input", "Flatten", "Dense", "Readout"]
    assert_same(graph, fuse_pool(graph), frames(rng, 2, 4, 6))


def test_average_pool_that_does_not_divide_the_map_is_refused_and_a_sum_pool_stays(rng: np.random.Generator) -> None:
    tail = (
        Flatten("f", (Ref("pool"),)),
        Dense("fc", (Ref("f"),), rng.normal(size=(3, 12))),
        Readout("r", (Ref("fc"),)),
    )
    with pytest.raises(GraphError, match="no multiple of the window"):
        fuse_pool(chain((2, 5, 6), AvgPool2d("pool", (Ref("input"),), (2, 2), (2, 2)), *tail))
    kept = chain((2, 5, 6), SumPool2d("pool", (Ref("input"),), (2, 2), (2, 2)), *tail)
    assert fuse_pool(kept) is kept


def test_max_pool_of_spikes_becomes_neurons(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 6, 6),
        MaxPool2d("pool", (Ref("input"),), (3, 2), (2, 2)),
        Flatten("flat", (Ref("pool"),)),
        Dense("fc", (Ref("flat"),), rng.normal(size=(4, 12))),
        Readout("out", (Ref("fc"),)),
    )
    assert kinds(or_pool(graph))[:3] == ["Input", "Conv2d", "Cuba"]
    assert_same(graph, or_pool(graph), frames(rng, 2, 6, 6))


def test_max_pool_of_currents_or_counts_is_refused(rng: np.random.Generator) -> None:
    conv = Conv2d("conv", (Ref("input"),), rng.normal(size=(2, 2, 1, 1)))
    pool = MaxPool2d("pool", (Ref("conv"),), (2, 2), (2, 2))
    with pytest.raises(GraphError, match="node 'pool'.*not spikes"):
        or_pool(chain((2, 4, 4), conv, pool, Cuba("c", (Ref("pool"),), 4096, 0, 1.0)))
    counts = Graph((Input("input", (), (2, 4, 4), high=9), MaxPool2d("pool", (Ref("input"),), (2, 2), (2, 2))))
    with pytest.raises(GraphError, match="not spikes"):
        or_pool(counts)


@pytest.mark.parametrize(("decay", "moves"), [(4096, True), (1024, False)])
def test_a_bias_moves_into_neurons_that_keep_no_current(rng: np.random.Generator, decay: int, moves: bool) -> None:
    graph = chain(
        (5,),
        Dense("fc", (Ref("input"),), rng.normal(size=(4, 5)), rng.random(4)),
        Cuba("cuba", (Ref("fc"),), decay, 500, 1.0, rng.random(4)),
    )
    moved = move_bias(graph)
    assert (moved["fc"].bias is None) is moves
    assert_same(graph, moved, frames(rng, 5))


def test_a_bias_that_two_nodes_read_stays(rng: np.random.Generator) -> None:
    graph = chain(
        (5,),
        Dense("fc", (Ref("input"),), rng.normal(size=(4, 5)), rng.normal(size=4)),
        Cuba("a", (Ref("fc"),), 4096, 0, 1.0),
        Cuba("b", (Ref("fc"), Ref("a")), 4096, 0, 1.0),
    )
    assert move_bias(graph)["fc"].bias is not None


def test_lower_does_all_of_it(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 8, 8),
        Conv2d("conv", (Ref("input"),), rng.normal(size=(4, 2, 3, 3)), padding=(1, 1)),
        norm("bn", "conv", 4, rng),
        Cuba("cuba", (Ref("bn"),), 4096, 2048, 0.5),
        MaxPool2d("max", (Ref("cuba"),), (2, 2), (2, 2)),
        AvgPool2d("avg", (Ref("max"),), (2, 2), (2, 2)),
        Flatten("flat", (Ref("avg"),)),
        Dense("fc", (Ref("flat"),), rng.normal(size=(3, 16))),
        Readout("out", (Ref("fc"),)),
    )
    lowered = lower(graph)
    assert kinds(lowered) == ["Input", "Conv2d", "Cuba", "Conv2d", "Cuba", "Flatten", "Dense", "Readout"]
    assert_same(graph, lowered, frames(rng, 2, 8, 8))


@pytest.mark.parametrize(("stride", "kernel", "step"), [((1, 1), (2, 2), (2, 2)), ((2, 1), (3, 2), (1, 2))])
def test_average_pooling_of_sums_becomes_a_larger_kernel(
    stride: tuple[int, int], kernel: tuple[int, int], step: tuple[int, int], rng: np.random.Generator
) -> None:
    graph = chain(
        (2, 9, 8),
        Conv2d("conv", (Ref("input"),), rng.normal(size=(4, 1, 3, 2)), rng.normal(size=4), stride, (1, 0), groups=2),
        AvgPool2d("pool", (Ref("conv"),), kernel, step),
        norm("bn", "pool", 4, rng),
        Cuba("out", (Ref("bn"),), 4096, 512, 0.5),
    )
    assert kinds(lower(graph)) == ["Input", "Conv2d", "Cuba"]
    assert_same(graph, lower(graph), frames(rng, 2, 9, 8))


def test_average_pooling_of_spikes_is_left_to_the_next_synapse(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 4, 4),
        AvgPool2d("pool", (Ref("input"),), (2, 2), (2, 2)),
        Conv2d("conv", (Ref("pool"),), rng.normal(size=(3, 2, 1, 1))),
    )
    assert pool_sums(graph) is graph


def test_average_pooling_of_sums_that_others_read_is_left_alone(rng: np.random.Generator) -> None:
    graph = chain(
        (2, 4, 4),
        Conv2d("conv", (Ref("input"),), rng.normal(size=(2, 2, 1, 1))),
        AvgPool2d("pool", (Ref("conv"),), (2, 2), (2, 2)),
        Cuba("fast", (Ref("conv"),), 4096, 512, 0.5),
        Cuba("out", (Ref("pool"),), 4096, 512, 0.5),
    )
    assert pool_sums(graph) is graph
