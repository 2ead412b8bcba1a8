"""Activity on disk: what was written is read, anything else is refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.early_exit import ExitRule
from neurodeploy.energy import Recorder, price
from neurodeploy.energy.activity_file import SCHEMA_VERSION, Kept, read_activity, write_activity
from neurodeploy.errors import ArtefactError
from neurodeploy.graph import Graph, IntGraph, Ref
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.profile import load_profile

RNG = np.random.default_rng(3)


def kept(summed: bool = False) -> Kept:
    nodes = (
        Input("x", (), (6,)),
        Dense("d", (Ref("x"),), 2 * RNG.integers(-20, 40, (4, 6)), np.array([1, 0, 2, 3])),
        Cuba("c", (Ref("d"),), 4096, 1000, 60),
        Dense("e", (Ref("c"),), 2 * RNG.integers(-20, 40, (3, 4))),
        Readout("r", (Ref("e"),)),
    )
    found = Recorder(IntGraph(Graph(nodes)), ExitRule(200)).record(RNG.integers(0, 2, (5, 20, 6)).astype(np.uint8))
    full, early = (part.summed() if summed else part for part in (found.full, found.early))
    return Kept("a" * 64, "b" * 64, "random frames", full, early)


@pytest.mark.parametrize("summed", [False, True])
def test_what_was_written_is_read(tmp_path: Path, summed: bool) -> None:
    made = kept(summed)
    write_activity(tmp_path / "a.npz", made)
    found = read_activity(tmp_path / "a.npz")
    assert (found.network, found.data, found.source) == (made.network, made.data, made.source)
    for name, part in made.parts.items():
        again = found.parts[name]
        assert (again.steps, again.timestep_us, again.is_per_sample) == (part.steps, part.timestep_us, not summed)
        np.testing.assert_array_equal(again.until, part.until)
        for one, two in zip(part.nodes, again.nodes, strict=True):
            assert one.facts == two.facts
            assert one.arrays().keys() == two.arrays().keys()
            assert all(np.array_equal(array, two.arrays()[key]) for key, array in one.arrays().items())


def test_a_profile_prices_a_file_as_it_prices_the_run(tmp_path: Path) -> None:
    made, profile = kept(), load_profile("loihi1")
    write_activity(tmp_path / "a.npz", made)
    for name, part in read_activity(tmp_path / "a.npz").parts.items():
        assert price(part.counts(), profile).dynamic == price(made.parts[name].counts(), profile).dynamic


def changed(path: Path, name: str, value: np.ndarray | None) -> None:
    with np.load(path) as file:
        arrays = {key: file[key] for key in file.files}
    if value is None:
        del arrays[name]
    else:
        arrays[name] = value
    with path.open("wb") as file:
        np.savez(file, **arrays)


def header(**more: object) -> np.ndarray:
    facts = {"schema_version": SCHEMA_VERSION, "network": "", "data": "", "source": "", "parts": {}}
    return np.frombuffer(json.dumps({**facts, **more}).encode(), np.uint8)


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("full/d/values_in", None, "values_in"),
        ("full/until", np.full(20, 6), "1..5"),
        ("full/until", np.zeros(20, int), "1..5"),
        ("full/d/values_in", np.full((5, 20), -1), "amounts"),
        ("full/d/values_in", np.full((4, 20), 1), "amounts"),
        ("full/d/values_in", np.full((5, 20), np.nan), "amounts"),
        ("full/d/work.flops.stored", np.ones((5, 20), int), "no such kind of work"),
        ("full/d/work.spike.stored", np.ones((5, 20), int), "spike"),
        ("header", header(schema_version=9), "schema version 9"),
        ("header", header(), "full"),
        ("header", np.zeros(3, np.uint8), "is no activity"),
        ("header", None, "header"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, name: str, value: np.ndarray | None, reason: str) -> None:
    path = tmp_path / "a.npz"
    write_activity(path, kept())
    changed(path, name, value)
    with pytest.raises(ArtefactError, match=reason) as caught:
        read_activity(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"not a file of arrays", b"PK\x03\x04"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    with pytest.raises(ArtefactError, match="is no activity"):
        read_activity(path)


def test_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="cannot be read"):
        read_activity(tmp_path / "none.npz")
