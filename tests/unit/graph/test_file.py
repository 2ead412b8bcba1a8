import json
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import ArtefactError
from neurodeploy.graph import Graph, Ref, Schedule, simulate
from neurodeploy.graph.file import graph_files, read_graph
from neurodeploy.graph.nodes import Conv2d, Cuba, Flatten, Input, Readout, Reset


def network() -> Graph:
    nodes = (
        Input("input", (), (1, 4, 4), high=3),
        Conv2d("conv", (Ref("input", 2),), np.arange(9).reshape(1, 1, 3, 3), stride=(1, 2)),
        Cuba("cuba", (Ref("conv"),), 4000, 12, 70, np.array([-3]), Reset.SUBTRACT),
        Flatten("flat", (Ref("cuba"),)),
        Readout("out", (Ref("flat"),)),
    )
    return Graph(nodes, timestep_us=125.0, schedule=Schedule.PIPELINED)


def save(folder: Path) -> None:
    for name, content in graph_files(network()).items():
        (folder / name).write_bytes(content)


def test_a_round_trip_keeps_structure_and_numbers(tmp_path: Path, rng: np.random.Generator) -> None:
    save(tmp_path)
    again = read_graph(tmp_path)
    assert (again.timestep_us, again.schedule) == (125.0, Schedule.PIPELINED)
    assert again["cuba"].reset is Reset.SUBTRACT
    assert again["conv"].inputs == (Ref("input", 2),)
    frames = rng.integers(0, 4, (6, 2, 1, 4, 4))
    np.testing.assert_array_equal(simulate(again, frames)["out"], simulate(network(), frames)["out"])
    assert graph_files(again) == graph_files(network())


@pytest.mark.parametrize("name", ["graph.json", "graph.npz"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
def test_damaged_files_are_refused(tmp_path: Path, name: str, damage: str) -> None:
    save(tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "other": b"[1]"}[damage])
    with pytest.raises(ArtefactError, match="graph"):
        read_graph(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda head: head.update(version=99),
        lambda head: head.update(format="something"),
        lambda head: head["nodes"][1].update(kind="Unknown"),
        lambda head: head["nodes"][1].pop("stride"),
        lambda head: head["nodes"][1].update(weight={"array": "nowhere"}),
        lambda head: head["nodes"][2].update(current_decay=9999),
        lambda head: head.update(schedule="later"),
        lambda head: head["nodes"].pop(0),
    ],
)
def test_valid_json_that_is_no_graph_is_refused(tmp_path: Path, change) -> None:
    save(tmp_path)
    head = json.loads((tmp_path / "graph.json").read_text())
    change(head)
    (tmp_path / "graph.json").write_text(json.dumps(head))
    with pytest.raises(ArtefactError):
        read_graph(tmp_path)
