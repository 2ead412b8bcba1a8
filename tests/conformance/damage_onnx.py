"""Damage to the four ONNX files: to constants, to operators, to the states of a step, and to bytes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
from damage import Damage, truncated
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, numpy_helper


def name_of(runtime: str) -> str:
    """The file that a runtime reads: integer/step.onnx for onnxruntime-integer-step."""
    return runtime.removeprefix("onnxruntime-").replace("-", "/") + ".onnx"


def model(edit: Callable[[ModelProto], bool]) -> Callable[[Path, str], bool]:
    def change(folder: Path, runtime: str) -> bool:
        path = folder / name_of(runtime)
        found = onnx.load(path)
        met = edit(found)
        path.write_bytes(found.SerializeToString())
        return met

    return change


def graphs(found: ModelProto) -> Iterator[GraphProto]:
    yield found.graph
    for node in found.graph.node:
        yield from (attribute.g for attribute in node.attribute if attribute.name == "body")


def constants(found: ModelProto, name: str) -> list[TensorProto]:
    return [tensor for graph in graphs(found) for tensor in graph.initializer if tensor.name == name]


def nodes(found: ModelProto, name: str) -> list[NodeProto]:
    return [node for graph in graphs(found) for node in graph.node if node.name == name]


def constant(name: str, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, str], bool]:
    """A stored array changed; it must be another one afterwards."""

    def change(found: ModelProto) -> bool:
        tensors = constants(found, name)
        for tensor in tensors:
            old = numpy_helper.to_array(tensor)
            new = np.asarray(edit(old.copy())).astype(old.dtype).reshape(old.shape)
            assert (new != old).any()
            tensor.CopyFrom(numpy_helper.from_array(new, name))
        return bool(tensors)

    return model(change)


def at(place: int, step: float) -> Callable[[np.ndarray], np.ndarray]:
    """One value by a step where it is an integer, by a thousandth where it is a float."""

    def edit(array: np.ndarray) -> np.ndarray:
        index = np.flatnonzero(array)[place]
        array.flat[index] += step if array.dtype.kind in "iu" else 0.001 * array.flat[index]
        return array

    return edit


def exchanged(array: np.ndarray) -> np.ndarray:
    array[[0, -1]] = array[[-1, 0]]
    return array


def below(array: np.ndarray) -> np.ndarray:
    return array - 1 if array.dtype.kind == "i" else np.nextafter(array, np.float32(0))


def operator(name: str, op: str) -> Callable[[Path, str], bool]:
    def change(found: ModelProto) -> bool:
        for node in nodes(found, name):
            node.op_type = op
        return bool(nodes(found, name))

    return model(change)


def other_reset(neuron: str) -> Callable[[Path, str], bool]:
    """What a spike takes off: the threshold becomes the voltage, or the other way round."""

    def change(found: ModelProto) -> bool:
        taken = nodes(found, f"{neuron}.taken")
        for node in taken:
            (spike,) = nodes(found, f"{neuron}.spike")
            voltage, threshold = spike.input
            node.input[1] = voltage if node.input[1] == threshold else threshold
        return bool(taken)

    return model(change)


def forgotten(state: str) -> Callable[[Path, str], bool]:
    """A step hands on the state that it was given, not the one it computed."""

    def change(found: ModelProto) -> bool:
        given = [info for info in found.graph.input if info.name == state]
        if not given:
            return False
        for prop in found.metadata_props:
            if prop.key == "neurodeploy.state":
                lines = json.loads(prop.value)
                next(line for line in lines if line["input"] == state)["output"] = "kept"
                prop.value = json.dumps(lines)
        found.graph.node.append(onnx.helper.make_node("Identity", [state], ["kept"]))
        found.graph.output.add().CopyFrom(given[0])
        found.graph.output[-1].name = "kept"
        return True

    return model(change)


def flipped(folder: Path, runtime: str) -> bool:
    """One bit of the last byte of a stored weight: of an integer, or of a float's exponent."""
    path = folder / name_of(runtime)
    (weight,) = constants(onnx.load(path), "fc2.weight") or constants(onnx.load(path), "fc3.weight")
    content = path.read_bytes()
    place = content.index(weight.raw_data) + len(weight.raw_data) - 1
    path.write_bytes(content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :])
    return True


WEIGHTS = ("conv1", "conv2", "fc1", "fc1_0", "fc1_1", "fc1_3", "back", "fc2", "fc3", "fc4")
NEURONS = ("lif1", "cuba2", "cuba3")

DAMAGES = [
    *(Damage("weight", f"first of {name}", constant(f"{name}.weight", at(0, 1))) for name in WEIGHTS),
    *(Damage("weight", f"last of {name}", constant(f"{name}.weight", at(-1, 1))) for name in WEIGHTS),
    *(Damage("edge", f"inputs of {name}", constant(f"{name}.weight", exchanged)) for name in ("fc1", "back", "fc2")),
    *(Damage("edge", f"inputs of {name}", constant(f"{name}.weight", exchanged)) for name in ("fc3", "fc4")),
    *(
        Damage("decay", f"{state} of {name}", constant(f"{name}.{state}.keep", lambda keep: keep - 1 / 4096))
        for name in NEURONS
        for state in ("current", "voltage")
    ),
    Damage("threshold", "by the least step", constant("lif1.threshold", below)),
    *(Damage("threshold", f"of {n}", constant(f"{n}.threshold", lambda level: level * 15 // 16)) for n in NEURONS),
    *(Damage("comparison", f"at least in {name}", operator(f"{name}.spike", "GreaterOrEqual")) for name in NEURONS[:1]),
    *(Damage("comparison", f"less in {name}", operator(f"{name}.spike", "Less")) for name in NEURONS),
    *(Damage("reset", f"of {name}", other_reset(name)) for name in NEURONS),
    *(Damage("sign", f"of what {name} keeps", operator(f"{name}.membrane", "Sub")) for name in NEURONS),
    *(Damage("bias", f"of {name}", constant(f"{name}.bias", at(0, 64))) for name in (*NEURONS, "fc1", "fc2", "fc3")),
    *(
        Damage("state", f"{name}.{state} is not carried on", forgotten(f"{name}.{state}"))
        for name in (*NEURONS, "answer")
        for state in ("current", "voltage", "past1")
    ),
    Damage("delay", "a delay line stands still", forgotten("input.past2")),
    Damage("byte", "in a weight", flipped),
    *truncated(name_of),
]
