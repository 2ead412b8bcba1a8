"""Runs integer/step.onnx until each sample's answer is final, and asks the file's own rule about leads and timesteps.

Nothing here is shared with the writer: where the values are is read from the file.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper

from neurodeploy.early_exit import EarlyRun, Exits
from neurodeploy.exporters._onnx_run import FRAMES, PREFIX, Model, open_session, running
from neurodeploy.graph.numeric import Array

KEYS = ("final", "answer", "scores", "steps")


def run_early(model: Model, frames: Array, probes: Array) -> EarlyRun:
    """Where every sample leaves, and what the rule in the file decides.

    Args:
        frames: (time, batch, *input shape); a sample that has left is fed no more of them.
        probes: (probes, 2), leads and timesteps.
    Raises:
        ArtefactError: onnxruntime does not load or run the file, or it names no exit.
        ToolchainMissingError: onnxruntime is not installed.
    """
    names = _names(model)
    with running(model):
        return EarlyRun(_left(model, names, frames), _decided(model, names, probes))


def _names(model: Model) -> Mapping[str, Any]:
    try:
        facts = {prop.key.removeprefix(PREFIX): prop.value for prop in model.proto.metadata_props}
        found: Mapping[str, Any] = json.loads(facts["early_exit"])
        if not set(KEYS) <= set(found):
            raise ValueError("its metadata 'early_exit' is not as the exporter writes it")
    except (KeyError, ValueError, TypeError) as error:
        raise model.error(f"it does not say when to stop ({error})") from error
    return found


def _left(model: Model, names: Mapping[str, Any], frames: Array) -> Exits:
    """A loop that really stops: who has left is taken out of the batch, states and all."""
    session, batch = open_session(model.proto), frames.shape[1]
    states = {state["input"]: np.zeros((batch, *state["shape"]), state["dtype"]) for state in model.states}
    after = [state["output"] for state in model.states]
    steps, answers, inside = np.zeros(batch, np.int64), np.zeros(batch, np.int64), np.arange(batch)
    for time, frame in enumerate(frames, 1):
        results = session.run(
            [names["final"], names["answer"], *after], {FRAMES: frame[inside].astype(np.uint8), **states}
        )
        is_over = results[0].astype(bool) | (time == len(frames))
        steps[inside[is_over]], answers[inside[is_over]] = time, results[1][is_over]
        inside = inside[~is_over]
        states = {name: array[~is_over] for name, array in zip(states, results[2:], strict=True)}
        if not len(inside):
            break
    return Exits(steps, answers)


def _decided(model: Model, names: Mapping[str, Any], probes: Array) -> Array:
    """What the rule's own nodes say of scores whose two highest are a lead and 0."""
    sizes = {
        info.name: info.type.tensor_type.shape for info in (*model.proto.graph.output, *model.proto.graph.value_info)
    }
    if names["scores"] not in sizes:
        raise model.error(f"it has no value {names['scores']}")
    scores = np.full((len(probes), sizes[names["scores"]].dim[1].dim_value), -1, np.int32)
    scores[:, 0], scores[:, -1] = 0, probes[:, 0]
    given = {names["scores"]: scores}
    if names["steps"] is not None:
        given[names["steps"]] = probes[:, 1].astype(np.int32)
    session = open_session(_part(model, given, names["final"]))
    found: Array = session.run([names["final"]], given)[0]
    return found


def _part(model: Model, given: Mapping[str, Array], wanted: str) -> ModelProto:
    """The nodes of the file between the values `given` and `wanted`, as a model."""
    graph, needed = model.proto.graph, {wanted}
    kept: list[NodeProto] = []
    for node in reversed(graph.node):
        if needed & set(node.output) and not set(node.output) <= set(given):
            kept.insert(0, node)
            needed |= set(node.input)
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, array.shape) for name, array in given.items()]
    output = [info for info in graph.output if info.name == wanted]
    constants = [tensor for tensor in graph.initializer if tensor.name in needed]
    part = helper.make_graph(kept, "rule", inputs, output, constants)
    return onnx.helper.make_model(part, opset_imports=model.proto.opset_import, ir_version=model.proto.ir_version)
