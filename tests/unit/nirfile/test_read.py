"""Reading: what nir writes comes back, and whatever is damaged is refused with a reason."""

import contextlib
import io
import sys
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from nir_bytes import content, full, lif, network, weight

from neurodeploy.errors import ArtefactError
from neurodeploy.nirfile import interpret, read_network


def nested() -> nir.NIRGraph:
    ends = {"input": nir.Input(np.array([1])), "output": nir.Output(np.array([1]))}
    inner = nir.NIRGraph({**ends, "lif": lif()}, [("input", "lif"), ("lif", "output")])
    nodes = {**ends, "fc": weight(3.0), "rnn": inner}
    return nir.NIRGraph(nodes, [("input", "fc"), ("fc", "rnn"), ("rnn", "output")])


def edited(change, graph: nir.NIRGraph | None = None) -> bytes:
    buffer = io.BytesIO(content(graph or nested()))
    with h5py.File(buffer, "r+") as file:
        change(file)
    return buffer.getvalue()


def test_nested_graphs_are_taken_apart() -> None:
    found = read_network(content(nested()))
    assert set(found.nodes) == {"input", "output", "fc", "rnn/input", "rnn/lif", "rnn/output"}
    assert ("fc", "rnn/input") in found.edges
    assert ("rnn/output", "output") in found.edges
    assert interpret(found, np.ones((1, 1, 1)), 1.0).output.item() == 1


def test_metadata_is_read() -> None:
    graph = nested()
    graph.metadata = {"dt": 0.5, "writer": "me"}
    found = read_network(content(graph))
    assert float(found.metadata["dt"]) == 0.5
    assert found.metadata["writer"] == "me"


def test_older_files_without_v_reset_are_read() -> None:
    def change(file: h5py.File) -> None:
        del file["node/nodes/rnn/nodes/lif/v_reset"]

    assert interpret(read_network(edited(change)), np.ones((1, 1, 1)), 1.0).output.item() == 1


def remove(place: str):
    def change(file: h5py.File) -> None:
        del file[place]

    return change


def replace(place: str, value: object):
    def change(file: h5py.File) -> None:
        del file[place]
        file[place] = value

    return change


DAMAGED = {
    "not a readable NIR file": remove("node"),
    "instead of a NIRGraph": replace("node/type", b"LIF"),
    "has no nodes or no edges": remove("node/edges"),
    "'fc' has no type": remove("node/nodes/fc/type"),
    "weight is missing": remove("node/nodes/fc/weight"),
    "there is no node 'gone'": replace("node/edges", np.array([[b"input", b"gone"]])),
    "are no pairs": replace("node/edges", np.array([b"input", b"fc", b"rnn"])),
    "exists twice": replace("node/edges", np.array([[b"input", b"fc"], [b"input", b"fc"]])),
    "has 0 Input nodes": replace("node/nodes/rnn/nodes/input/type", b"Output"),
}


@pytest.mark.parametrize("reason", DAMAGED)
def test_a_damaged_file_is_refused_with_the_reason(reason: str) -> None:
    with pytest.raises(ArtefactError, match=reason):
        read_network(edited(DAMAGED[reason]))


def test_an_unknown_kind_is_refused_by_node() -> None:
    with pytest.raises(ArtefactError, match=r"'fc' \(Magic\): unknown kind"):
        interpret(read_network(edited(replace("node/nodes/fc/type", b"Magic"))), np.ones((1, 1, 1)), 1.0)


def test_no_truncation_gives_anything_but_a_named_error(tmp_path: Path) -> None:
    whole = content(nested())
    for length in range(0, len(whole), 97):
        path = tmp_path / "cut.nir"
        path.write_bytes(whole[:length])
        with pytest.raises(ArtefactError, match=r"cut\.nir"):
            read_network(path)


def test_no_changed_byte_gives_anything_but_a_network_or_a_named_error(rng: np.random.Generator) -> None:
    whole = content(nested())
    for place in rng.integers(0, len(whole), 150):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        with contextlib.suppress(ArtefactError):
            assert interpret(read_network(bytes(changed)), np.ones((2, 1, 1)), 1.0).output.shape[:2] == (2, 1)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="not a readable NIR file"):
        read_network(tmp_path / "none.nir")


def test_several_inputs_are_refused() -> None:
    more = {"fc": weight(1.0), "second": nir.Input(np.array([1])), "lif": lif(), "last": nir.Threshold(full(1.0))}
    edges = [("input", "fc"), ("second", "fc"), ("fc", "lif"), ("lif", "last"), ("last", "output")]
    with pytest.raises(ArtefactError, match="2 Input nodes"):
        interpret(network(more, *edges), np.ones((1, 1, 1)), 1.0)
