"""A form as a complete model: operator set, facts about the network, and ONNX's own checks."""

from __future__ import annotations

import json
from importlib.metadata import version

import onnx
from onnx import ModelProto, helper

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._onnx_dialect import Dialect
from neurodeploy.exporters._onnx_forms import Form, Line
from neurodeploy.graph.nodes import Cuba

OPSET = 17
IR_VERSION = 8
SCHEMA = 1
PREFIX = "neurodeploy."


def model_bytes(form: Form, dialect: Dialect, deployment: Deployment) -> bytes:
    """The file; the same network gives the same bytes.

    Raises:
        onnx.checker.ValidationError, onnx.shape_inference.InferenceError: the exporter has a fault.
    """
    opset = helper.make_opsetid("", OPSET)
    producer, number = "neurodeploy", version("neurodeploy")
    model = helper.make_model(
        form.graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name=producer, producer_version=number
    )
    helper.set_model_props(model, {PREFIX + key: value for key, value in _facts(form, dialect, deployment).items()})
    _check(model)
    return bytes(model.SerializeToString(deterministic=True))


def _check(model: ModelProto) -> None:
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def _facts(form: Form, dialect: Dialect, deployment: Deployment) -> dict[str, str]:
    """What a user of the file needs; JSON where it is more than one word."""
    graph = dialect.graph
    neurons = [node for node in graph.nodes if isinstance(node, Cuba)]
    return {
        "version": version("neurodeploy"),
        "schema": str(SCHEMA),
        "network": deployment.name,
        "form": f"{dialect.name}-{form.graph.name}",
        "timesteps": str(deployment.timesteps),
        "timestep_us": str(graph.timestep_us),
        "schedule": graph.schedule.value,
        "spike_rule": "v > threshold",
        "reset": json.dumps({node.name: node.reset.value for node in neurons}),
        "input_encoding": f"{dialect.spike_kind.value}, whole numbers 0..{graph.input.high}, per pixel and timestep",
        "answer": dialect.answer(),
        "classes": json.dumps(list(deployment.classes)),
        "state": json.dumps([_state(line) for line in form.states]),
        "values": json.dumps(dict(sorted(form.values.items()))),
        **({} if form.early_exit is None else {"early_exit": json.dumps(form.early_exit)}),
    }


def _state(line: Line) -> dict[str, object]:
    """All states are zero at the start of each sample."""
    before = line.before
    return {
        "input": before.name,
        "output": line.after.name,
        "dtype": before.kind.value,
        "shape": list(before.shape),
        "initial": 0,
    }
