"""Every check of the ONNX files is seen to fail: each kind of damage, in each of the four files, is a mismatch."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import GraphProto, ModelProto, TensorProto, numpy_helper

sys.path.insert(0, str(Path(__file__).parent))
from onnx_nets import RUNTIMES, export, float_twin, run

from neurodeploy.errors import MismatchError
from neurodeploy.graph import Graph, IntGraph, Node, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset
from neurodeploy.targets import Artefact, Reference
from neurodeploy.verify.compare import compare
from neurodeploy.verify.float_check import check_float

FORMS = list(RUNTIMES)
STEPS = np.ones((6, 1, 1, 2, 2), int)
"""A channel of lif1 receives 64 a step, so that its voltage meets the threshold of 192 exactly."""


def network(recurrent: bool = False) -> Graph:
    """lif1 meets its threshold exactly; lif2 has decays, a bias and subtracts; a readout ends it."""
    nodes: list[Node] = [
        Input("input", (), (1, 2, 2)),
        Conv2d("conv", (Ref("input"),), np.array([[[[16, 16], [16, 16]]], [[[40, 8], [16, 60]]]])),
        Cuba("lif1", (Ref("conv"),), 4096, 0, 192),
        Flatten("flat", (Ref("lif1"),)),
        Dense("fc", (Ref("flat"),), np.array([[90, 60], [70, -30], [25, 77]])),
        *([Dense("back", (Ref("lif2", 1),), np.full((3, 3), 5))] if recurrent else []),
        Cuba(
            "lif2",
            (Ref("fc"), *([Ref("back")] if recurrent else [])),
            2048,
            410,
            99,
            np.array([31, 47, 12]),
            Reset.SUBTRACT,
        ),
        Dense("last", (Ref("lif2"),), np.array([[5, 7, 11]]), np.array([3])),
        Readout("answer", (Ref("last"),)),
    ]
    return Graph(tuple(nodes))


def graphs(model: ModelProto) -> Iterator[GraphProto]:
    yield model.graph
    for node in model.graph.node:
        yield from (attribute.g for attribute in node.attribute if attribute.name == "body")


def constants(model: ModelProto, name: str) -> list[TensorProto]:
    return [tensor for graph in graphs(model) for tensor in graph.initializer if tensor.name == name]


def change(name: str, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[ModelProto], int]:
    def damage(model: ModelProto) -> int:
        for tensor in constants(model, name):
            old = numpy_helper.to_array(tensor)
            new = np.asarray(edit(old.copy())).astype(old.dtype).reshape(old.shape)
            assert (new != old).any()
            tensor.CopyFrom(numpy_helper.from_array(new, name))
        return len(constants(model, name))

    return damage


def first(step: float) -> Callable[[np.ndarray], np.ndarray]:
    def edit(array: np.ndarray) -> np.ndarray:
        array.flat[0] += step if array.dtype.kind in "iu" else 0.001 * array.flat[0]
        return array

    return edit


def at_least(model: ModelProto) -> int:
    """> becomes >= in lif1."""
    found = [n for graph in graphs(model) for n in graph.node if n.op_type == "Greater" and n.name == "lif1.spike"]
    for node in found:
        node.op_type = "GreaterOrEqual"
    return len(found)


def other_reset(neuron: str) -> Callable[[ModelProto], int]:
    """What a spike takes off: the threshold becomes the voltage, or the other way round."""

    def damage(model: ModelProto) -> int:
        found = [n for graph in graphs(model) for n in graph.node if n.name == f"{neuron}.taken"]
        for node in found:
            (spike,) = (n for graph in graphs(model) for n in graph.node if n.name == f"{neuron}.spike")
            voltage, threshold = spike.input
            node.input[1] = voltage if node.input[1] == threshold else threshold
        return len(found)

    return damage


def just_below(array: np.ndarray) -> np.ndarray:
    return array - 1 if array.dtype.kind == "i" else np.nextafter(array, np.float32(0))


DAMAGES = {
    "a weight of the convolution": change("conv.weight", first(1)),
    "a weight of the dense layer": change("fc.weight", first(1)),
    "a weight of the last layer": change("last.weight", first(1)),
    "the voltage decay": change("lif2.voltage.keep", lambda keep: keep - 1 / 4096),
    "the current decay": change("lif2.current.keep", lambda keep: keep + 1 / 4096),
    "a threshold": change("lif1.threshold", just_below),
    "the subtracted threshold": change("lif2.threshold", lambda threshold: threshold * 1.001),
    "greater or equal instead of greater": at_least,
    "a bias of a neuron": change("lif2.bias", first(64)),
    "a bias of a synapse": change("last.bias", first(64)),
    "subtraction instead of reset to zero": other_reset("lif1"),
    "reset to zero instead of subtraction": other_reset("lif2"),
}


def check(artefact: Artefact, form: str, frames: np.ndarray) -> int:
    """Numbers compared; raises MismatchError."""
    runtime = RUNTIMES[form]
    found = run(artefact, runtime, frames)
    if runtime.reference is Reference.INTEGER:
        graph = artefact.integer_graph()
        return compare(simulate(graph, frames), found, simulate(graph, frames).values).values
    floats = artefact.float_graph()
    assert floats is not None
    return check_float(floats, frames, simulate(floats, frames), found, runtime.tolerance).values


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Artefact]:
    """Weights and thresholds of the float twin are sixteenths, which float32 adds up exactly."""
    nets = {recurrent: network(recurrent) for recurrent in (False, True)}
    return {r: export(g, tmp_path_factory.mktemp("onnx"), float_twin(g, 1 / 16)) for r, g in nets.items()}


def damaged(artefact: Artefact, form: str, folder: Path, damage: Callable[[ModelProto], int]) -> Artefact:
    """A copy of the artefact with one file damaged; the damage must have met something."""
    shutil.copytree(artefact.folder, folder / "copy")
    path = folder / "copy" / f"{form.replace('-', '/')}.onnx"
    model = onnx.load(path)
    assert damage(model) > 0
    path.write_bytes(model.SerializeToString())
    return Artefact(folder / "copy", artefact.manifest)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("recurrent", [False, True])
def test_undamaged_files_pass_and_the_data_reaches_every_boundary(
    form: str, recurrent: bool, exported: dict[bool, Artefact]
) -> None:
    assert check(exported[recurrent], form, STEPS) > 100
    trace = simulate(IntGraph(network(recurrent)), STEPS)
    assert (trace["lif1.voltage"] == 64 * 192).any()
    assert trace["lif1"].any()
    assert trace["lif2"].any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_a_mismatch(
    damage: str, form: str, recurrent: bool, exported: dict[bool, Artefact], tmp_path: Path
) -> None:
    artefact = damaged(exported[recurrent], form, tmp_path, DAMAGES[damage])
    with pytest.raises(MismatchError):
        check(artefact, form, STEPS)


def forget_voltage(model: ModelProto) -> int:
    """The step hands on the voltage that it was given, not the one it computed."""
    for prop in model.metadata_props:
        if prop.key == "neurodeploy.state":
            lines = json.loads(prop.value)
            line = next(line for line in lines if line["input"] == "lif1.voltage")
            line["output"] = "kept"
            prop.value = json.dumps(lines)
    model.graph.node.append(onnx.helper.make_node("Identity", ["lif1.voltage"], ["kept"]))
    given = next(info for info in model.graph.input if info.name == "lif1.voltage")
    model.graph.output.add().CopyFrom(given)
    model.graph.output[-1].name = "kept"
    return 1


@pytest.mark.parametrize("form", ["integer-step", "float-step"])
def test_a_state_that_is_not_carried_is_a_mismatch(form: str, exported: dict[bool, Artefact], tmp_path: Path) -> None:
    artefact = damaged(exported[False], form, tmp_path, forget_voltage)
    with pytest.raises(MismatchError):
        check(artefact, form, STEPS)
