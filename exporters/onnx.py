"""ONNX: the exact integer network and the float one it came from, each as one timestep and as a sequence."""

from __future__ import annotations

import importlib.resources
from typing import ClassVar, final

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import EarlyRun
from neurodeploy.errors import ArtefactError, UnsupportedNodeError
from neurodeploy.exporters._onnx_dialect import Dialect
from neurodeploy.exporters._onnx_early import run_early
from neurodeploy.exporters._onnx_float import FloatDialect
from neurodeploy.exporters._onnx_forms import sequence_form, step_form
from neurodeploy.exporters._onnx_integer import IntegerDialect
from neurodeploy.exporters._onnx_model import IR_VERSION, OPSET, model_bytes
from neurodeploy.exporters._onnx_run import import_onnxruntime, read_model, run_model
from neurodeploy.graph import Node, Trace
from neurodeploy.graph.nodes import Cuba, Input, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.simulate import check_frames
from neurodeploy.targets import Artefact, Emitted, Exporter, Reference, Runtime

FORMS = {"step": step_form, "sequence": sequence_form}
WALKED = (Input, Cuba, Readout)
"""Kinds that the forms themselves write."""

EARLY = "onnxruntime-integer-step"
"""The runtime that may stop: the only one that goes step by step in integers."""

ROUNDING = 2.0**-24
"""What one float32 rounding changes at most, as a share; `check_float` allows as many as there are additions."""


@final
class OnnxExporter(Exporter):
    """Writes integer/ and float/ with step.onnx and sequence.onnx each, and run_step.py."""

    target = "onnx"
    has_exit = True
    runtimes: ClassVar[tuple[Runtime, ...]] = (
        Runtime("onnxruntime-integer-sequence"),
        Runtime("onnxruntime-integer-step"),
        Runtime("onnxruntime-float-sequence", Reference.FLOAT, ROUNDING),
        Runtime("onnxruntime-float-step", Reference.FLOAT, ROUNDING),
    )

    def emit(self, deployment: Deployment) -> Emitted:
        dialects: list[Dialect] = [IntegerDialect(deployment.integer)]
        if deployment.float_graph is not None:
            dialects.append(FloatDialect(deployment.float_graph))
        files = {"run_step.py": _run_step()}
        for dialect in dialects:
            _refuse_unknown(dialect)
            for form, build in FORMS.items():
                rule = deployment.exit_rule if dialect.name == "integer" else None
                files[f"{dialect.name}/{form}.onnx"] = model_bytes(build(dialect, rule), dialect, deployment)
        notes = {"opset": OPSET, "ir_version": IR_VERSION, "answer": dialects[0].answer()}
        return Emitted(files, notes)

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        import_onnxruntime()
        _, kind, form = runtime.name.split("-")
        graph = artefact.float_graph() if runtime.reference is Reference.FLOAT else artefact.integer_graph().graph
        if graph is None:
            raise ArtefactError(path=artefact.folder, reason="it was exported without a float network")
        check_frames(graph, frames)
        return run_model(read_model(artefact.folder / kind / f"{form}.onnx"), graph, frames)

    def run_early(self, artefact: Artefact, runtime: Runtime, frames: Array, probes: Array) -> EarlyRun | None:
        if runtime.name != EARLY:
            return None
        import_onnxruntime()
        check_frames(artefact.integer_graph().graph, frames)
        return run_early(read_model(artefact.folder / "integer" / "step.onnx"), frames, probes)


def _run_step() -> bytes:
    return importlib.resources.files("neurodeploy.exporters").joinpath("onnx_run_step.py.in").read_bytes()


def _refuse_unknown(dialect: Dialect) -> None:
    """Refuse node kinds without an emitter before the first byte exists."""
    known: tuple[type[Node], ...] = (*WALKED, *dialect.table)
    for node in dialect.graph.nodes:
        if type(node) not in known:
            supported = [kind.__name__ for kind in known]
            hint = "Lower the graph first: batch norm is folded into the synapse before it."
            raise UnsupportedNodeError(
                target="onnx", node=node.name, kind=type(node).__name__, supported=supported, hint=hint
            )


EXPORTER = OnnxExporter()
