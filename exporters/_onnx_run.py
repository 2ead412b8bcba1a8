"""Runs exported .onnx files in onnxruntime and reads every neuron's values, by what the files say about themselves.

Values inside the file are made outputs for that. It is done in memory and only adds to the end: no node of the file is
changed. onnxruntime fuses nodes between which nobody looks, which changes no integer but the rounding of floats. So
integer files run a second time as they are, for their outputs; float values are all taken from one run, or a spike near
its threshold could differ between two halves of one trace. Nothing here is shared with the writer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, final

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # it ships no types
from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto, helper

from neurodeploy.errors import ArtefactError, ToolchainMissingError
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.numeric import Array

FRAMES, OUTPUT, PREFIX = "x", "output", "neurodeploy."


def import_onnxruntime() -> ModuleType:
    """The module onnxruntime.

    Raises:
        ToolchainMissingError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ToolchainMissingError(tool="onnxruntime", install="pip install onnxruntime") from error
    return onnxruntime  # type: ignore[no-any-return]  # the package has no types


@final
@dataclass(frozen=True, eq=False)
class Model:
    """A file and what it says about itself.

    Args:
        values: name in a trace to name of the value that holds it.
        states: step form: input, output, dtype and shape of each state.
    """

    path: Path
    proto: ModelProto
    values: Mapping[str, str]
    states: Sequence[Mapping[str, Any]]

    def error(self, reason: object) -> ArtefactError:
        """The file cannot be used, and why."""
        text = " ".join(str(reason).split()).rstrip(".")
        return ArtefactError(path=self.path, reason=text[:400], hint="Export again.")


def read_model(path: Path) -> Model:
    """The file at `path`.

    Raises:
        ArtefactError: it is no ONNX model, or not one written by the exporter.
    """
    empty = Model(path, ModelProto(), {}, [])
    try:
        proto = onnx.load_model_from_string(path.read_bytes())
        facts = {prop.key.removeprefix(PREFIX): prop.value for prop in proto.metadata_props}
        values, states = json.loads(facts["values"]), json.loads(facts["state"])
        good = all(isinstance(name, str) for pair in values.items() for name in pair)
        good = good and all({"input", "output", "dtype", "shape"} <= set(state) for state in states)
    except (OSError, DecodeError, ValueError) as error:
        raise empty.error(f"it cannot be read ({error})") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise empty.error("it does not say where its values are (metadata 'values' and 'state')") from error
    if not good:
        raise empty.error("its metadata 'values' or 'state' is not as the exporter writes it")
    return Model(path, proto, values, states)


def run_model(model: Model, graph: Graph, frames: Array) -> Trace:
    """What the file computes, under the names of `graph`.

    Args:
        frames: (time, batch, *input shape); every sample starts from zero states.
    Returns:
        the output of the network and of all neurons, and their states, where the file names a value for them.
    Raises:
        ArtefactError: onnxruntime does not load or run the file, or it holds no value for a neuron.
        ToolchainMissingError: onnxruntime is not installed.
    """
    names = {name: value for name, value in model.values.items() if name.partition(".")[0] in graph.shapes}
    missing = [node.name for node in graph.nodes if node.states and node.name not in names]
    if missing:
        raise model.error(f"it names no value for the neurons {', '.join(missing)}")
    outside = [info.name for info in model.proto.graph.output]
    if OUTPUT not in outside:
        raise model.error(f"it has no output '{OUTPUT}'")
    inside = sorted({value for value in names.values() if value not in outside})
    probed, probes = with_outputs(model, inside)
    found = dict(zip([*outside, *inside], _execute(model, probed, frames, [*outside, *probes]), strict=True))
    if found[OUTPUT].dtype.kind != "f":
        found |= dict(zip(outside, _execute(model, model.proto, frames, outside), strict=True))
    names = {**names, graph.output.name: OUTPUT}
    return Trace({name: _shaped(model, name, found[value], graph, frames) for name, value in sorted(names.items())})


def _shaped(model: Model, name: str, array: Array, graph: Graph, frames: Array) -> Array:
    shape = (*frames.shape[:2], *graph.shapes[name.partition(".")[0]])
    if array.size != np.prod(shape):
        raise model.error(f"its value for {name} has shape {array.shape}, wanted {shape}")
    return array.reshape(shape).astype(np.float64 if array.dtype.kind == "f" else np.int64)


def with_outputs(model: Model, values: Sequence[str]) -> tuple[ModelProto, list[str]]:
    """A copy of the file in which `values` are outputs, and the outputs' names; inside a Scan, at every step.

    Raises:
        ArtefactError: a value does not exist.
    """
    proto = ModelProto()
    proto.CopyFrom(model.proto)
    outputs = [_probe(model, proto.graph, value) for value in values]
    return proto, outputs


def _probe(model: Model, graph: GraphProto, value: str) -> str:
    name = f"probe.{value}"
    if _holds(graph, value):
        graph.node.append(helper.make_node("Identity", [value], [name], name=name))
        graph.output.append(ValueInfoProto(name=name))
        return name
    for scan, body in _bodies(graph):
        if _holds(body, value):
            body.node.append(helper.make_node("Identity", [value], [name], name=name))
            body.output.append(ValueInfoProto(name=name))
            scan.output.append(f"{name}.steps")
            graph.output.append(ValueInfoProto(name=f"{name}.steps"))
            return f"{name}.steps"
    raise model.error(f"it has no value {value}")


def _holds(graph: GraphProto, value: str) -> bool:
    return any(value in node.output for node in graph.node) or any(value == info.name for info in graph.input)


def _bodies(graph: GraphProto) -> Iterator[tuple[NodeProto, GraphProto]]:
    for node in graph.node:
        for attribute in node.attribute:
            if node.op_type == "Scan" and attribute.name == "body":
                yield node, attribute.g


def _execute(model: Model, proto: ModelProto, frames: Array, outputs: Sequence[str]) -> list[Array]:
    """Arrays with a first axis time (and batch, or both in one), one for each output."""
    with running(model):
        session = open_session(proto)
        frames = frames.astype(_dtype(proto.graph))
        run = _run_steps if model.states or not _is_sequence(proto.graph) else _run_sequence
        return run(model, session, frames, outputs)


def open_session(proto: ModelProto) -> Any:  # onnxruntime has no types
    """The model, loaded by onnxruntime for one thread."""
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return runtime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])


@contextmanager
def running(model: Model) -> Iterator[None]:
    """Errors of onnxruntime become errors of the file.

    Raises:
        ArtefactError: onnxruntime does not load or run it.
    """
    try:
        yield
    except _runtime_errors() as error:
        raise model.error(f"onnxruntime refuses it ({error})") from error


def _run_sequence(model: Model, session: Any, frames: Array, outputs: Sequence[str]) -> list[Array]:
    return list(session.run(list(outputs), {FRAMES: frames}))


def _run_steps(model: Model, session: Any, frames: Array, outputs: Sequence[str]) -> list[Array]:
    batch = frames.shape[1]
    states = {state["input"]: np.zeros((batch, *state["shape"]), state["dtype"]) for state in model.states}
    after = [state["output"] for state in model.states]
    steps = []
    for frame in frames:
        results = session.run([*outputs, *after], {FRAMES: frame, **states})
        steps.append(results[: len(outputs)])
        states = dict(zip(states, results[len(outputs) :], strict=True))
    return [np.stack(arrays) for arrays in zip(*steps, strict=True)]


def _input(graph: GraphProto) -> ValueInfoProto:
    found = [info for info in graph.input if info.name == FRAMES]
    if not found:
        raise ValueError(f"it has no input {FRAMES}")
    return found[0]


def _dtype(graph: GraphProto) -> Any:
    return helper.tensor_dtype_to_np_dtype(_input(graph).type.tensor_type.elem_type)


def _is_sequence(graph: GraphProto) -> bool:
    return str(_input(graph).type.tensor_type.shape.dim[0].dim_param) == "time"


def _runtime_errors() -> tuple[type[Exception], ...]:
    """What onnxruntime raises: exception classes without a base of their own, and two of Python's."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    own = [kind for kind in vars(state).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    return (*own, ValueError, TypeError)
