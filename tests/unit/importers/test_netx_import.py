"""NetX files become the integer graphs that they were written from."""

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest

from neurodeploy.errors import ArtefactError
from neurodeploy.graph import Graph, IntGraph, simulate
from neurodeploy.importers.netx import from_netx, run_netx
from neurodeploy.importers.source_run import Candidate, compare

sys.path.insert(0, str(Path(__file__).parents[1] / "exporters"))
from loihi_nets import delayed_net, even, every_kind, export, random_network, recurrent_net, spikes

Rng = np.random.Generator
NETS: list[Callable[[Rng], Graph]] = [random_network, recurrent_net, delayed_net, every_kind]


@pytest.mark.parametrize("make", NETS)
def test_an_exported_network_comes_back_equal_in_every_spike_and_state(
    make: Callable[[Rng], Graph], rng: Rng, tmp_path: Path
) -> None:
    graph = make(rng)
    artefact = export(graph, tmp_path)
    imported = from_netx(artefact.folder / "network.net")
    data = spikes(rng, graph, 8, 6)
    old, new = simulate(IntGraph(graph), data), simulate(IntGraph(imported.graph), data)
    ours = [node.name for node in graph.nodes if node.states]
    theirs = [node.name for node in imported.graph.nodes if node.states]
    for name, other in zip(ours, theirs, strict=True):
        for part in ("", ".current", ".voltage"):
            np.testing.assert_array_equal(new[other + part], old[name + part])
    assert imported.paths[theirs[0]] == f"layer/{theirs[0].removeprefix('neurons')}"


@pytest.mark.parametrize("make", NETS)
def test_the_import_is_equal_to_the_file_run_by_its_own_reader(
    make: Callable[[Rng], Graph], rng: Rng, tmp_path: Path
) -> None:
    path = export(make(rng), tmp_path).folder / "network.net"
    graph = from_netx(path).graph
    data = spikes(rng, graph, 8, 6)
    _, (found,) = compare(partial(run_netx, path), [Candidate(IntGraph(graph))], data)
    assert sum(drift.source_spikes for drift in found.drifts) > 0
    assert {(drift.differing, drift.largest_difference) for drift in found.drifts} == {(0, 0.0)}


def test_a_file_changed_after_the_import_is_noticed(rng: Rng, tmp_path: Path) -> None:
    path = export(recurrent_net(rng), tmp_path).folder / "network.net"
    graph = from_netx(path).graph
    with h5py.File(path, "r+") as file:
        file["layer/1/weight"][...] = even(rng, *file["layer/1/weight"].shape)
    data = spikes(rng, graph, 8, 6)
    _, (found,) = compare(partial(run_netx, path), [Candidate(IntGraph(graph))], data)
    assert found.drifts[0].differing > 0


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.net"
    path.write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    with pytest.raises(ArtefactError, match=r"damaged\.net"):
        from_netx(path)
