"""The folder of an import is read back whole, or refused with the file that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy import subject
from neurodeploy.config import as_tree
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ArtefactError, DataError, OutputError
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.file import graph_files
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.import_folder import read_import, write_import
from neurodeploy.quantize import quantize
from neurodeploy.subject import Samples

HEAD = {"name": "net", "timesteps": 4, "classes": ["a", "b"], "data": None, "notes": []}


def network(rng: np.random.Generator) -> Graph:
    weight = rng.normal(size=(2, 3))
    return Graph(
        (Input("input", (), (3,)), Dense("fc", (Ref("input"),), weight), Cuba("out", (Ref("fc"),), 4096, 9, 1))
    )


@pytest.fixture
def folder(rng: np.random.Generator, tmp_path: Path) -> Path:
    plain = network(rng)
    samples = Samples(np.ones((4, 2, 3), np.uint8), np.full(2, -1), ("one", "two"), "random")
    write_import(tmp_path / "net", HEAD, quantize(plain).graph, plain, samples.to_bytes())
    return tmp_path / "net"


def test_the_network_comes_back(folder: Path, rng: np.random.Generator) -> None:
    found = subject.deployment(folder)
    assert found.float_graph is not None
    assert graph_files(found.float_graph) == graph_files(network(np.random.default_rng(20261121)))
    assert (found.timesteps, found.classes, found.name) == (4, ("a", "b"), "net")


def test_integers_have_no_float_graph(rng: np.random.Generator, tmp_path: Path) -> None:
    write_import(tmp_path / "net", HEAD, quantize(network(rng)).graph, None, None)
    assert subject.deployment(tmp_path / "net").float_graph is None


def test_random_frames_are_called_random(folder: Path) -> None:
    assert "random frames" in subject.samples(folder).source


def test_settings_of_data_need_a_data_set(folder: Path) -> None:
    with pytest.raises(DataError, match="Import with dataset="):
        subject.samples(folder, ["data.timesteps=4"])


def test_recordings_come_from_the_data_set(rng: np.random.Generator, tmp_path: Path) -> None:
    config = DataConfig(timesteps=4, cache=str(tmp_path / "cache"), limit=10)
    head = {**HEAD, "data": as_tree(config)}
    write_import(tmp_path / "net", head, quantize(network(rng)).graph, None, None)
    found = subject.samples(tmp_path / "net", limit=5)
    assert found.frames.shape == (4, 5, 2, 34, 34)
    assert "test split of digits-dvs" in found.source


def test_the_same_import_gives_the_same_bytes(folder: Path, rng: np.random.Generator, tmp_path: Path) -> None:
    plain = network(np.random.default_rng(20261121))
    write_import(tmp_path / "again", HEAD, quantize(plain).graph, plain, (folder / "samples.npz").read_bytes())
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def edit(change: Callable[[dict], object]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        path = folder / "import.json"
        head = json.loads(path.read_text())
        change(head)
        path.write_text(json.dumps(head))

    return damage


def flip(name: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[-30] ^= 1
        (folder / name).write_bytes(bytes(content))

    return damage


DAMAGE: list[tuple[str, Callable[[Path], None], str]] = [
    ("a weight", flip("integer.npz"), "changed since the import"),
    ("a float weight", flip("float.npz"), "changed since the import"),
    ("a structure", flip("integer.json"), "changed since the import"),
    ("a sample", flip("samples.npz"), "changed since the import"),
    ("a missing file", lambda folder: (folder / "integer.npz").unlink(), "missing or changed"),
    ("a cut head", lambda folder: (folder / "import.json").write_text('{"format":'), "cannot be read"),
    ("another format", edit(lambda head: head.update(format="other")), "not a neurodeploy import"),
    ("another version", edit(lambda head: head.update(version=2)), "of version 1"),
    ("no timesteps", edit(lambda head: head.pop("timesteps")), "'timesteps' is None"),
    ("classes as a word", edit(lambda head: head.update(classes="ab")), "'classes' is 'ab'"),
    ("an unknown data setting", edit(lambda head: head.update(data={"dateset": "x"})), "data settings are wrong"),
]


@pytest.mark.parametrize(("damage", "words"), [(d, w) for _, d, w in DAMAGE], ids=[name for name, _, _ in DAMAGE])
def test_a_damaged_folder_is_refused(damage: Callable[[Path], None], words: str, folder: Path) -> None:
    damage(folder)
    with pytest.raises(ArtefactError, match=words):
        read_import(folder)


def test_a_folder_that_is_no_import_is_not_replaced(rng: np.random.Generator, tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError):
        write_import(tmp_path / "net", HEAD, IntGraph(quantize(network(rng)).graph.graph), None, None)
    assert (tmp_path / "net" / "mine.txt").read_text() == "mine"
