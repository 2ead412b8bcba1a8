"""Early exit in exported files: what is added, what stays as it was, and where recordings stop."""

import ctypes
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import STRICT, gcc, require

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import ExitRule, exits, margins, prefix_scores, probes
from neurodeploy.exporters._c_boards import BY_RUNTIME, HOST
from neurodeploy.exporters._c_early import run_early_on
from neurodeploy.exporters._c_run import run_golden
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout
from neurodeploy.targets import Artefact, Exporter, Runtime, find, write_artefact

STEPS, CLASSES = 7, 5
CASES = {"readout": (True, 1), "spikes": (False, 1), "counts as input": (True, 3)}


def network(readout: bool = True, high: int = 1) -> IntGraph:
    rng = np.random.default_rng(12)
    nodes = (
        Input("input", (), (9,), high),
        Dense("fc1", (Ref("input"),), 2 * rng.integers(-20, 40, (11, 9))),
        Cuba("lif", (Ref("fc1"),), 4096, 500, 90),
        Dense("fc2", (Ref("lif"),), 2 * rng.integers(-30, 45, (CLASSES, 11))),
    )
    last = Readout("answer", (Ref("fc2"),)) if readout else Cuba("answer", (Ref("fc2"),), 4096, 410, 60)
    return IntGraph(Graph((*nodes, last)))


def frames(high: int = 1, samples: int = 10) -> np.ndarray:
    return np.random.default_rng(13).integers(0, high + 1, (STEPS, samples, 9)).astype(np.uint8)


def deployment(readout: bool = True, high: int = 1, min_steps: int = 2, has_rule: bool = True) -> Deployment:
    integer = network(readout, high)
    lead = margins(prefix_scores(integer.graph, simulate(integer, frames(high))))
    rule = ExitRule(int(np.median(lead[:, 3])), min_steps) if has_rule else None
    return Deployment(integer, None, STEPS, tuple("abcde"), "quick", rule)


def runtime(exporter: Exporter, name: str) -> Runtime:
    return next(each for each in exporter.runtimes if each.name == name)


def exported(target: str, folder: Path, **settings: object) -> Artefact:
    return write_artefact(find(target), deployment(**settings), folder / target)  # type: ignore[arg-type]


@pytest.mark.parametrize("min_steps", [1, 3])
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("target", "name"), [("c", "gcc"), ("onnx", "onnxruntime-integer-step")])
def test_recordings_stop_where_the_simulator_says(
    tmp_path: Path, target: str, name: str, case: str, min_steps: int
) -> None:
    readout, high = CASES[case]
    artefact, data = exported(target, tmp_path, readout=readout, high=high, min_steps=min_steps), frames(high)
    exporter, integer, rule = find(target), artefact.integer_graph(), artefact.exit_rule()
    assert rule is not None
    found = exporter.run_early(artefact, runtime(exporter, name), data, probes(rule))
    assert found is not None
    wanted = exits(rule, prefix_scores(integer.graph, simulate(integer, data)))
    assert len(set(wanted.steps.tolist())) > 1
    np.testing.assert_array_equal(found.exits.steps, wanted.steps)
    np.testing.assert_array_equal(found.exits.answers, wanted.answers)
    decided = [rule.is_final(int(lead), int(steps)) for lead, steps in probes(rule)]
    assert found.decisions.tolist() == decided


def test_other_runtimes_compute_all_timesteps(tmp_path: Path) -> None:
    exporter, artefact = find("onnx"), exported("onnx", tmp_path)
    for each in exporter.runtimes:
        found = exporter.run_early(artefact, each, frames(), np.zeros((0, 2), np.int64))
        assert (found is None) == (each.name != "onnxruntime-integer-step")


@pytest.mark.parametrize("board", ["qemu-cortex-m0", "qemu-cortex-m4", "qemu-rv32"])
def test_an_emulated_board_stops_there_too(board: str, tmp_path: Path) -> None:
    where = BY_RUNTIME[board]
    require(where.compiler[0], where.emulator[0])
    artefact, data = exported("c", tmp_path), frames()
    rule = artefact.exit_rule()
    assert rule is not None
    found, host = (run_early_on(each, artefact, data, probes(rule)) for each in (where, HOST))
    np.testing.assert_array_equal(found.exits.steps, host.exits.steps)
    np.testing.assert_array_equal(found.exits.answers, host.exits.answers)
    np.testing.assert_array_equal(found.decisions, host.decisions)
    assert run_golden(where, artefact).passed


@pytest.mark.parametrize("target", ["c", "onnx", "loihi", "nir"])
def test_without_a_rule_nothing_speaks_of_exits(target: str) -> None:
    files = find(target).emit(deployment(has_rule=False)).files
    for name, content in files.items():
        if name != "run_step.py":
            assert b"early_exit" not in content
            assert b"EXIT_MARGIN" not in content
            assert b"predict_early" not in content


@pytest.mark.parametrize("target", ["loihi", "nir"])
def test_targets_without_an_exit_write_the_same_bytes(target: str) -> None:
    with_rule, without = (find(target).emit(deployment(has_rule=has)).files for has in (True, False))
    assert with_rule == without


@pytest.mark.parametrize("readout", [True, False])
def test_an_exit_takes_no_memory_and_leaves_the_network_as_it_is(readout: bool) -> None:
    with_rule, without = (find("c").emit(deployment(readout, has_rule=has)) for has in (True, False))
    assert with_rule.notes == without.notes
    old, new = (each.files["quick.c"].decode() for each in (without, with_rule))
    start = new.index("int32_t quick_lead(")
    end = new.index("#ifdef quick_DEBUG\nuint32_t quick_layer_size")
    assert new[:start] + new[end:] == old


def test_golden_vectors_cover_the_exit(tmp_path: Path) -> None:
    require("gcc", "make")
    folder = exported("c", tmp_path).folder
    done = subprocess.run(["make", "test"], cwd=folder, capture_output=True, text=True, check=True)
    assert "quick: all 175 comparisons equal" in done.stdout
    for pattern, new in (
        (" > quick_EXIT_MARGIN", " >= quick_EXIT_MARGIN"),
        ("return first - second", "return first"),
    ):
        source = folder / "quick.c"
        text = source.read_text()
        assert pattern in text
        source.write_text(text.replace(pattern, new))
        damaged = subprocess.run(["make", "test"], cwd=folder, capture_output=True, text=True, check=False)
        assert damaged.returncode != 0
        assert "comparisons failed" in damaged.stdout
        source.write_text(text)


CALLER = """
#include "quick.h"
static uint32_t calls;
static quick_index_t list[2];
static uint32_t next(void *from, const quick_index_t **events) {
    list[0] = *(quick_index_t *)from;
    calls++;
    *events = list;
    return 1u;
}
uint32_t called(void);
uint32_t called(void) { return calls; }
int tried(uint32_t index, uint32_t *steps);
int tried(uint32_t index, uint32_t *steps) {
    static quick_t net;
    quick_index_t event = (quick_index_t)index;
    calls = 0u;
    return quick_predict_early(&net, next, &event, steps);
}
"""


def test_a_caller_gets_errors_and_is_asked_for_no_timestep_too_many(tmp_path: Path) -> None:
    require("gcc")
    folder = exported("c", tmp_path).folder
    (folder / "caller.c").write_text(CALLER)
    gcc(folder, "-O1", "-shared", "-fPIC", *STRICT, "quick.c", "caller.c", "-o", "caller.so")
    lib, steps = ctypes.CDLL(str(folder / "caller.so")), ctypes.c_uint32(9)
    assert lib.tried(9, ctypes.byref(steps)) == -1
    assert (steps.value, lib.called()) == (0, 1)
    assert 0 <= lib.tried(3, ctypes.byref(steps)) < CLASSES
    assert 2 <= steps.value <= STEPS
    assert lib.called() == steps.value


def test_the_code_is_cpp_too(tmp_path: Path) -> None:
    require("g++")
    folder = exported("c", tmp_path, readout=False).folder
    (folder / "caller.cpp").write_text(CALLER)
    gcc(folder, "-std=c++11", "-Wall", "-Wextra", "-Werror", "-c", "caller.cpp", "-o", "caller.o", compiler="g++")


@pytest.mark.parametrize("readout", [True, False])
def test_the_step_model_alone_has_two_outputs_more(tmp_path: Path, readout: bool) -> None:
    with_rule, without = (find("onnx").emit(deployment(readout, has_rule=has)).files for has in (True, False))
    assert {name for name in with_rule if with_rule[name] != without[name]} == {"integer/step.onnx"}
    model = onnx.load_model_from_string(with_rule["integer/step.onnx"])
    onnx.checker.check_model(model, full_check=True)
    names = [info.name for info in model.graph.output]
    assert names[0] == "output"
    assert names[-2:] == ["early_exit.final", "early_exit.answer"]
    states = ["early_exit.counts"] * (not readout) + ["early_exit.steps"]
    assert [info.name for info in model.graph.input][-len(states) :] == states
    kinds = {info.name: info.type.tensor_type.elem_type for info in (*model.graph.value_info, *model.graph.output)}
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)
    assert not [name for name, kind in kinds.items() if name.startswith("early_exit.") and kind in floats]


def test_the_step_model_says_what_it_compares(tmp_path: Path) -> None:
    artefact = exported("onnx", tmp_path)
    model = onnx.load(artefact.folder / "integer" / "step.onnx")
    facts = {prop.key: prop.value for prop in model.metadata_props}
    rule = artefact.exit_rule()
    assert rule is not None
    found = json.loads(facts["neurodeploy.early_exit"])
    assert (found["margin"], found["min_steps"]) == (rule.margin, rule.min_steps)


@pytest.mark.parametrize("readout", [True, False])
def test_the_shipped_loop_stops(tmp_path: Path, readout: bool) -> None:
    artefact, data = exported("onnx", tmp_path, readout=readout), frames()
    rule, integer = artefact.exit_rule(), artefact.integer_graph()
    assert rule is not None
    wanted = exits(rule, prefix_scores(integer.graph, simulate(integer, data)))
    sample = int(np.argmin(wanted.steps))
    np.savez(tmp_path / "frames.npz", frames=data)
    command = [sys.executable, str(artefact.folder / "run_step.py"), str(tmp_path / "frames.npz")]
    command += ["--sample", str(sample)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[-1] == f"final after {wanted.steps[sample]} of {STEPS} steps"
    assert lines[-2].startswith(f"step {wanted.steps[sample] - 1}: {'abcde'[wanted.answers[sample]]} ")
    every = subprocess.run([*command, "--all"], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(every) == STEPS


def test_two_classes_are_enough(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    nodes = Input("input", (), (9,)), Dense("fc", (Ref("input"),), 2 * rng.integers(-9, 9, (2, 9)))
    integer = IntGraph(Graph((*nodes, Readout("answer", (Ref("fc"),)))))
    whole = replace(deployment(), integer=integer, classes=("a", "b"), exit_rule=ExitRule(600))
    data = frames()
    wanted = exits(ExitRule(600), prefix_scores(integer.graph, simulate(integer, data)))
    for target, name in (("c", "gcc"), ("onnx", "onnxruntime-integer-step")):
        exporter = find(target)
        artefact = write_artefact(exporter, whole, tmp_path / target)
        found = exporter.run_early(artefact, runtime(exporter, name), data, probes(ExitRule(600)))
        assert found is not None
        np.testing.assert_array_equal(found.exits.steps, wanted.steps)
        np.testing.assert_array_equal(found.exits.answers, wanted.answers)
