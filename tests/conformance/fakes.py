"""Targets of another package, right and wrong in every way that the suite must tell apart."""

from collections.abc import Callable

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ToolchainMissingError, UnsupportedNodeError
from neurodeploy.graph import Graph, Trace
from neurodeploy.graph.file import graph_files, read_graph
from neurodeploy.graph.numeric import FIXED, Arithmetic, Array, saturate
from neurodeploy.targets import Artefact, Emitted, Exporter, Runtime


class Bent(Arithmetic):
    """The integers of the simulator, but for one rule."""

    dtype = FIXED.dtype

    def __init__(self, rule: str) -> None:
        self.rule = rule

    def decay(self, state: Array, amount: int) -> Array:
        if self.rule == "floor":
            return state * (4096 - amount) >> 12
        return FIXED.decay(state, amount + 1 if self.rule == "decay" and amount < 4096 else amount)

    def inject(self, value: Array) -> Array:
        """A threshold is the only value without axes; v > t - 1 is v >= t."""
        is_threshold = np.ndim(value) == 0
        return FIXED.inject(value) - (1 if self.rule == "at least" and is_threshold else 0)

    def wrap(self, state: Array) -> Array:
        return saturate(state) if self.rule == "no wrap" else FIXED.wrap(state)

    def saturate(self, state: Array) -> Array:
        return FIXED.wrap(state) if self.rule == "no clip" else FIXED.saturate(state)


WRONG_RULES = ("at least", "floor", "decay", "no wrap", "no clip")


def bent_run(graph: Graph, frames: Array, arithmetic: Arithmetic) -> dict[str, Array]:
    """What the simulator would record with other arithmetic."""
    steps, batch = frames.shape[:2]
    values = {
        f"{node.name}{part}": np.zeros((steps, batch, *graph.shapes[node.name]), np.int64)
        for node in graph.nodes
        for part in ("", *(f".{state}" for state in node.states))
    }
    for time in range(steps):
        for node in graph.nodes:
            total = np.zeros((batch, *graph.input_shape(node)), np.int64) + (0 if node.inputs else frames[time])
            for ref in node.inputs:
                past = time - graph.delay(node, ref)
                total = total + (values[ref.node][past] if past >= 0 else 0)
            before = {s: values[f"{node.name}.{s}"][time - 1] * (time > 0) for s in node.states}
            values[node.name][time], after = node.step(total, before, arithmetic)
            for state, array in after.items():
                values[f"{node.name}.{state}"][time] = array
    return values


class Fake(Exporter):
    """Keeps the graph in its own file and computes it as the simulator does, except for its `fault`."""

    target = "fake"
    runtimes = (Runtime("fake-run"),)

    def __init__(self, fault: str = "") -> None:
        self.fault = fault
        self.calls = 0

    def emit(self, deployment: Deployment) -> Emitted:
        self.calls += 1
        if self.fault == "refuses":
            raise UnsupportedNodeError(target="fake", node="any", kind="Node")
        if self.fault == "refuses maps" and len(deployment.integer.graph.input.shape) == 3:
            raise UnsupportedNodeError(target="fake", node="input", kind="Input", reason="no maps")
        if self.fault == "crashes on export":
            raise KeyError("weight")
        dated = {"date.txt": str(self.calls).encode()} if self.fault == "dates" else {}
        return Emitted(graph_files(deployment.integer.graph, "net") | dated)

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        if self.fault == "crashes":
            raise ZeroDivisionError("division by zero")
        if self.fault == "missing":
            raise ToolchainMissingError(tool="fake", install="pip install fake")
        values = bent_run(read_graph(artefact.folder, "net"), frames, Bent(self.fault))
        return Trace({name: array for name, array in values.items() if KEPT.get(self.fault, _all)(name)})


def _all(name: str) -> bool:
    return True


KEPT: dict[str, Callable[[str], bool]] = {
    "hides neurons": lambda name: not name.startswith("cuba2"),
    "hides states": lambda name: "." not in name,
    "hides everything": lambda name: False,
}
