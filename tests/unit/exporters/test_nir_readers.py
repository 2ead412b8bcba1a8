"""What other projects make of our files, called as the README in the artefact says: equal spikes, or known to be wrong."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import nir_nets
from nir_nets import READERS, Rng

from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.graph.unrounded import unrounded

DECAYS = {
    "leak": (4096, 410),
    "no leak": (4096, 0),
    "no memory": (4096, 4096),
    "current and leak": (1024, 700),
    "current without leak": (2048, 0),
    "current that stays": (0, 410),
    "current without voltage": (1024, 4096),
}


def assert_equal(reader: str, graph: Graph, rng: Rng, folder: Path) -> None:
    """The network's output in floats, which spikes at some times and not at others."""
    data = nir_nets.frames(rng, graph)
    artefact = nir_nets.export(graph, folder)
    found = nir_nets.run_reader(reader, artefact.folder, data)
    expected = simulate(unrounded(IntGraph(graph)), data)[graph.output.name]
    if graph.output.name == "readout":
        found = found.cumsum(0)
    else:
        assert 0 < expected.sum() < expected.size
    np.testing.assert_array_equal(found.reshape(expected.shape), expected)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("decays", DECAYS.values(), ids=DECAYS)
def test_dense_networks(reader: str, decays: tuple[int, int], rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.dense(rng, decays), rng, tmp_path)


@pytest.mark.parametrize("reader", READERS)
def test_maps_groups_and_pooling(reader: str, rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.maps(rng), rng, tmp_path)


@pytest.mark.parametrize("reader", READERS)
def test_a_readout_is_the_sum_of_the_output(reader: str, rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.dense(rng, (4096, 410), ends_in_readout=True), rng, tmp_path)


FAILS = pytest.mark.xfail(
    strict=True, reason="snnTorch 1.0.0 replaces the loop by a graph that nirtorch 2.6 cannot map"
)
ADDS = pytest.mark.xfail(
    strict=True, reason="nirtorch's legacy executor, which Norse 1.1.0 uses, runs parallel layers late"
)
LACKS = pytest.mark.xfail(strict=True, reason="it has no Delay", raises=ValueError)
DROPS = pytest.mark.xfail(strict=True, reason="Norse 1.1.0 drops a Delay in silence")


@pytest.mark.parametrize("reader", [pytest.param("snntorch", marks=FAILS), "norse", "spikingjelly"])
@pytest.mark.parametrize("decays", [(4096, 410), (1024, 410)])
def test_recurrence(reader: str, decays: tuple[int, int], rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.recurrent(rng, decays), rng, tmp_path)


@pytest.mark.parametrize("reader", ["snntorch", pytest.param("norse", marks=ADDS), "spikingjelly"])
def test_a_sum_of_layers(reader: str, rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.skipping(rng), rng, tmp_path)


UNREAD = pytest.mark.xfail(strict=True, reason="it refuses v_leak", raises=(AssertionError, ValueError))
MISREADS = pytest.mark.xfail(strict=True, reason="Norse 1.1.0 gives v_leak to the current of a CubaLIF too")


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param("snntorch", marks=UNREAD),
        pytest.param("norse", marks=MISREADS),
        pytest.param("spikingjelly", marks=UNREAD),
    ],
)
def test_biases_of_neurons_with_a_current(reader: str, rng: Rng, tmp_path: Path) -> None:
    plain = nir_nets.dense(rng, (1024, 410))
    biased = Cuba("cuba1", (Ref("fc1"),), 1024, 410, 150, bias=rng.integers(-9, 30, 40))
    graph = Graph(tuple(biased if node.name == "cuba1" else node for node in plain.nodes))
    assert_equal(reader, graph, rng, tmp_path)


@pytest.mark.parametrize(
    "reader",
    [
        pytest.param("snntorch", marks=LACKS),
        pytest.param("norse", marks=DROPS),
        pytest.param("spikingjelly", marks=LACKS),
    ],
)
def test_delays(reader: str, rng: Rng, tmp_path: Path) -> None:
    assert_equal(reader, nir_nets.delayed(rng), rng, tmp_path)
