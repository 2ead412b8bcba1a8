"""What the ONNX target writes, and what it refuses to write or to read."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import ModelProto

sys.path.insert(0, str(Path(__file__).parent))
from onnx_nets import INTEGER, RUNTIMES, export, float_twin, frames, random_network, run

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, DataError, ToolchainMissingError, UnsupportedNodeError
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Node, Ref, predictions, simulate
from neurodeploy.graph.nodes import BatchNorm, Conv2d, Cuba, Dense, Flatten, Input, Readout, SumPool2d
from neurodeploy.targets import Artefact, find

Rng = np.random.Generator
FILES = ["float/sequence.onnx", "float/step.onnx", "integer/sequence.onnx", "integer/step.onnx"]


def network(readout: bool = True, recurrent: bool = False) -> Graph:
    rng = np.random.default_rng(3)
    nodes: list[Node] = [
        Input("input", (), (2, 8, 8)),
        Conv2d("conv", (Ref("input"),), rng.integers(-128, 128, (4, 2, 3, 3)), stride=(2, 2)),
        Cuba("lif1", (Ref("conv"),), 4096, 410, 150, rng.integers(-20, 21, 4)),
        Flatten("flat", (Ref("lif1"),)),
        Dense("fc", (Ref("flat"), *([Ref("flat", 1)] if recurrent else [])), rng.integers(-64, 64, (5, 36)) * 2),
    ]
    nodes.append(Readout("answer", (Ref("fc"),)) if readout else Cuba("lif2", (Ref("fc"),), 1024, 410, 90))
    return Graph(tuple(nodes))


def deployment(graph: Graph) -> Deployment:
    return Deployment(IntGraph(graph), float_twin(graph), 6, ("a", "b", "c", "d", "e"), "run-0001")


def infos(model: ModelProto) -> dict[str, list]:
    """Dims by value, of the main graph and of bodies."""
    found: dict[str, list] = {}
    bodies = [a.g for node in model.graph.node for a in node.attribute if a.name == "body"]
    for graph in (model.graph, *bodies):
        for info in (*graph.input, *graph.output, *graph.value_info):
            kind = info.type.tensor_type
            assert kind.elem_type > 0
            found[info.name] = [dim.dim_param or dim.dim_value for dim in kind.shape.dim]
        produced = {name for node in graph.node for name in node.output}
        assert produced <= set(found)
    return found


def test_the_target_is_found_by_its_name_and_writes_two_forms_twice() -> None:
    assert find("onnx") is EXPORTER
    emitted = EXPORTER.emit(deployment(network()))
    assert sorted(emitted.files) == [*FILES, "run_step.py"]
    without = Deployment(IntGraph(network()), None, 6, ("a",))
    assert sorted(EXPORTER.emit(without).files) == [*FILES[2:], "run_step.py"]


@pytest.mark.parametrize("recurrent", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_files_pass_the_checker_and_type_every_value(name: str, recurrent: bool) -> None:
    model = onnx.load_model_from_string(EXPORTER.emit(deployment(network(recurrent=recurrent))).files[name])
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    assert (model.ir_version, [(o.domain, o.version) for o in model.opset_import]) == (8, [("", 17)])
    dims = infos(model)
    lead = ["time", "batch"] if "sequence" in name else ["batch"]
    assert dims["x"] == [*lead, 2, 8, 8]
    assert dims["output"] == [*lead, 5]
    names = [node.name for node in model.graph.node]
    assert len(set(names)) == len(names)
    assert "" not in names


def test_the_same_network_gives_the_same_bytes_in_any_process(tmp_path: Path) -> None:
    program = (
        "import sys, hashlib; sys.path.insert(0, sys.argv[1])\n"
        "import test_onnx_files as t\n"
        "files = t.EXPORTER.emit(t.deployment(t.network())).files\n"
        "print(hashlib.sha256(b''.join(files[name] for name in sorted(files))).hexdigest())"
    )
    command = [sys.executable, "-c", program, str(Path(__file__).parent)]
    other = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}).stdout
    for _ in range(2):
        files = EXPORTER.emit(deployment(network())).files
        assert hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest() == other.strip()


@pytest.mark.parametrize("name", FILES)
def test_the_files_say_what_a_user_needs(name: str) -> None:
    model = onnx.load_model_from_string(EXPORTER.emit(deployment(network(readout=False))).files[name])
    facts = {prop.key: prop.value for prop in model.metadata_props}
    assert facts["neurodeploy.form"] == name.removesuffix(".onnx").replace("/", "-")
    assert facts["neurodeploy.timesteps"] == "6"
    assert facts["neurodeploy.spike_rule"] == "v > threshold"
    assert json.loads(facts["neurodeploy.reset"]) == {"lif1": "zero", "lif2": "zero"}
    assert facts["neurodeploy.answer"] == "sum over time"
    assert json.loads(facts["neurodeploy.classes"]) == ["a", "b", "c", "d", "e"]
    assert facts["neurodeploy.input_encoding"].startswith("uint8" if "integer" in name else "float32")
    states = json.loads(facts["neurodeploy.state"])
    wanted = ["lif1.voltage", "lif2.current", "lif2.voltage"] if "step" in name else []
    assert [state["input"] for state in states] == wanted
    assert all(state["initial"] == 0 for state in states)
    inputs = {info.name for info in model.graph.input}
    assert {state["input"] for state in states} | {"x"} == inputs


def test_eight_bit_weights_take_one_byte_each() -> None:
    files = EXPORTER.emit(deployment(network())).files
    for name in ("integer/step.onnx", "integer/sequence.onnx"):
        model = onnx.load_model_from_string(files[name])
        sizes = {t.name: len(t.raw_data) for t in model.graph.initializer if t.name.endswith("weight")}
        assert sizes == {"conv.weight": 4 * 2 * 9, "fc.weight": 5 * 36}


def script(artefact: Artefact, *arguments: str) -> list[str]:
    command = [sys.executable, str(artefact.folder / "run_step.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd="/").stdout.splitlines()


@pytest.mark.parametrize("readout", [False, True])
def test_the_streaming_script_gives_the_simulated_answer(readout: bool, rng: Rng, tmp_path: Path) -> None:
    graph = network(readout)
    artefact = export(graph, tmp_path, float_twin(graph))
    data = frames(rng, graph, 9, 1)
    np.savez(tmp_path / "frames.npz", frames=data[:, 0])
    trace = simulate(IntGraph(graph), data)
    lines = script(artefact, str(tmp_path / "frames.npz"))
    assert len(lines) == 9
    assert lines[-1].startswith(f"step 8: {predictions(graph, trace)[0]} ")
    last = trace[graph.output.name][:, 0]
    scores = last[-1] if readout else last.sum(0)
    assert lines[-1].endswith(f"({scores.max():g})")


def test_the_streaming_script_makes_its_own_frames_and_runs_the_float_form(tmp_path: Path) -> None:
    graph = network()
    artefact = export(graph, tmp_path, float_twin(graph))
    assert len(script(artefact, "--model", str(artefact.folder / "float" / "step.onnx"))) == 4


def refused(graph: Graph, folder: Path, floats: Graph | None = None) -> UnsupportedNodeError:
    with pytest.raises(UnsupportedNodeError) as caught:
        export(graph, folder, floats)
    assert not (folder / "out").exists()
    return caught.value


def test_a_dense_layer_on_unbounded_sums_is_refused_by_name(tmp_path: Path) -> None:
    first = Dense("fc1", (Ref("input"),), np.full((40, 60), 200))
    second = Dense("fc2", (Ref("fc1"),), np.full((3, 40), 60))
    graph = Graph((Input("input", (), (60,)), first, second, Cuba("lif", (Ref("fc2"),), 4096, 0, 9)))
    error = refused(graph, tmp_path)
    assert (error.node, error.target) == ("fc2", "onnx")
    assert "put a neuron before it" in str(error)


@pytest.mark.parametrize("last", ["pool", "conv2"])
def test_maps_of_sums_beyond_float32_are_refused_by_name(last: str, tmp_path: Path) -> None:
    conv = Conv2d("conv", (Ref("input"),), np.full((1, 200, 1, 1), 255))
    ends: dict[str, Node] = {
        "pool": SumPool2d("pool", (Ref("conv"),), (1, 2), (1, 1)),
        "conv2": Conv2d("conv2", (Ref("conv"),), np.full((1, 1, 1, 2), 1)),
    }
    cuba = Cuba("cuba", (Ref(last),), 4096, 0, 9)
    graph = Graph((Input("input", (), (200, 2, 3), 255), conv, ends[last], cuba))
    assert refused(graph, tmp_path).node == last


def test_batch_norm_that_was_not_folded_is_refused_by_name(tmp_path: Path) -> None:
    graph = network()
    one = np.ones(4)
    norm = BatchNorm("bn", (Ref("conv"),), one, one, one, one)
    nodes = [graph["input"], graph["conv"], norm, Cuba("lif1", (Ref("bn"),), 4096, 410, 1.0)]
    error = refused(graph, tmp_path, Graph(tuple(nodes)))
    assert error.node == "bn"
    assert "Lower the graph" in str(error)


def test_a_missing_onnxruntime_is_its_own_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    artefact = export(network(), tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ToolchainMissingError, match="pip install onnxruntime") as caught:
        run(artefact, INTEGER[0], np.zeros((4, 1, 2, 8, 8), int))
    assert caught.value.exit_code == 3


def test_frames_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    artefact = export(network(), tmp_path)
    with pytest.raises(DataError):
        run(artefact, INTEGER[0], np.full((4, 1, 2, 8, 8), 2))


def test_a_float_run_without_float_files_is_an_artefact_error(tmp_path: Path) -> None:
    artefact = export(network(), tmp_path)
    with pytest.raises(ArtefactError, match="without a float network"):
        run(artefact, RUNTIMES["float-step"], np.zeros((4, 1, 2, 8, 8), int))


def without_facts(content: bytes) -> bytes:
    model = onnx.load_model_from_string(content)
    del model.metadata_props[:]
    return model.SerializeToString()


def with_fact(key: str, text: str):
    def edit(content: bytes) -> bytes:
        model = onnx.load_model_from_string(content)
        onnx.helper.set_model_props(model, {p.key: p.value for p in model.metadata_props} | {key: text})
        return model.SerializeToString()

    return edit


def with_node(change):
    def edit(content: bytes) -> bytes:
        model = onnx.load_model_from_string(content)
        change(model.graph)
        return model.SerializeToString()

    return edit


def _unknown(graph) -> None:
    graph.node[0].op_type = "NoSuchOperator"


def _cut(graph) -> None:
    del graph.node[-1]


def _rename_input(graph) -> None:
    graph.input[0].name = "y"


def _rename_output(graph) -> None:
    graph.output[0].name = "scores"
    graph.node[-1].output[0] = "scores"


def _narrow(graph) -> None:
    weight = next(t for t in graph.initializer if t.name == "fc.weight")
    weight.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(weight)[:-1], "fc.weight"))


BROKEN = {
    "missing": lambda content: None,
    "empty": lambda content: b"",
    "truncated": lambda content: content[: len(content) // 2],
    "no ONNX at all": lambda content: b"\x00not a model" * 30,
    "from another tool": without_facts,
    "values that are no JSON": with_fact("neurodeploy.values", "{"),
    "values of a wrong type": with_fact("neurodeploy.values", "[1]"),
    "states of a wrong type": with_fact("neurodeploy.state", '["lif1"]'),
    "a neuron hidden": with_fact("neurodeploy.values", "{}"),
    "a value that does not exist": with_fact("neurodeploy.values", '{"lif1": "nothing", "answer": "output"}'),
    "a value of another node": with_fact("neurodeploy.values", '{"lif1": "output", "answer": "output"}'),
    "an unknown operator": with_node(_unknown),
    "a node cut off": with_node(_cut),
    "another input": with_node(_rename_input),
    "another output": with_node(_rename_output),
    "a weight of another shape": with_node(_narrow),
}


@pytest.mark.parametrize("form", ["step", "sequence"])
@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_run_is_an_artefact_error(kind: str, form: str, tmp_path: Path) -> None:
    artefact = export(network(), tmp_path)
    path = artefact.folder / "integer" / f"{form}.onnx"
    content = BROKEN[kind](path.read_bytes())
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArtefactError) as caught:
        run(artefact, RUNTIMES[f"integer-{form}"], np.zeros((4, 1, 2, 8, 8), int))
    assert caught.value.path == str(path)
    assert len(str(caught.value)) < 700


def test_random_networks_pass_the_checker_in_both_arithmetics(tmp_path: Path) -> None:
    for seed in range(100, 106):
        graph = random_network(np.random.default_rng(seed))
        export(graph, tmp_path / str(seed), float_twin(graph))
        for name in FILES:
            assert infos(onnx.load(tmp_path / str(seed) / "out" / name))
