"""Latency of the exported ONNX files in onnxruntime against PyTorch eager of the same network; prints ratios of one run.

    python tests/benchmarks/bench_onnx.py [--repeats 7] [--turns 6] [--block 20] [--timesteps 10]

PyTorch eager is the plain loop over time that a user writes: torch.nn layers, one timestep after the other, under
inference_mode. All contenders run in one process with one thread each and take turns, so that a busy machine slows all
of them. A turn is a block of calls: a device runs one network over and over, and its weights stay in the cache. With
--block 1 every call finds the caches filled by the others, which costs the faster contenders most (float 2312-512-10: its
4.7 MB of weights). A repeat gives one median per contender and so one ratio; printed are the median, least and greatest
of the ratios. Sessions have onnxruntime's default options apart from the thread count.
"""

import argparse
import time
from collections.abc import Callable, Mapping

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from neurodeploy.deployment import Deployment
from neurodeploy.exporters.onnx import EXPORTER
from neurodeploy.graph import Graph, Node, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.quantize import quantize

DENSITY = 0.05
"""Share of input pixels that spike in a timestep."""
DECAY = 1024
BASE = "PyTorch eager"
AIMS = {"float/sequence": 0.25, "integer/sequence": 0.15}


def synapse(rng: np.random.Generator, *shape: int, active: float) -> np.ndarray:
    """Weights which give a neuron a drive of variance near 1 when a share `active` of its inputs spikes."""
    return rng.normal(size=shape) / np.sqrt(active * np.prod(shape[1:]))


def mlp(rng: np.random.Generator, spiking_end: bool) -> Graph:
    nodes: list[Node] = [
        Input("input", (), (2, 34, 34)),
        Flatten("flat", (Ref("input"),)),
        Dense("fc1", (Ref("flat"),), synapse(rng, 512, 2312, active=DENSITY)),
        Cuba("lif1", (Ref("fc1"),), 4096, DECAY, 1.0, rng.normal(size=512) * 0.1),
        Dense("fc2", (Ref("lif1"),), synapse(rng, 10, 512, active=0.2)),
    ]
    last = Cuba("lif2", (Ref("fc2"),), 4096, DECAY, 1.0) if spiking_end else Readout("answer", (Ref("fc2"),))
    return Graph((*nodes, last))


def strided_cnn(rng: np.random.Generator) -> Graph:
    def conv(name: str, source: str, out: int, ins: int, kernel: int, stride: int) -> list[Node]:
        weight = synapse(rng, out, ins, kernel, kernel, active=0.1)
        neuron = Cuba(f"lif_{name}", (Ref(name),), 4096, DECAY, 1.0, rng.normal(size=out) * 0.1)
        return [Conv2d(name, (Ref(source),), weight, None, (stride, stride), (1, 1)), neuron]

    nodes = [
        Input("input", (), (2, 34, 34)),
        *conv("conv1", "input", 16, 2, 5, 2),
        *conv("conv2", "lif_conv1", 32, 16, 3, 2),
        *conv("conv3", "lif_conv2", 64, 32, 3, 1),
        Flatten("flat", (Ref("lif_conv3"),)),
        Dense("fc", (Ref("flat"),), synapse(rng, 10, 4096, active=0.2)),
        Readout("answer", (Ref("fc"),)),
    ]
    return Graph(tuple(nodes))


class Eager(nn.Module):
    """The network as a PyTorch user writes it: layers of torch.nn and a loop over time."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self.layers, self.spikes_at_end = nn.ModuleList(), isinstance(graph.output, Cuba)
        biases = {n.inputs[0].node: n.bias for n in graph.nodes if isinstance(n, Cuba)}
        for node in graph.nodes:
            if isinstance(node, Dense | Conv2d):
                self.layers.append(layer(node, biases.get(node.name)))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        voltages = [torch.zeros(1)] * len(self.layers)
        total, outputs = torch.zeros(1), []
        for frame in frames:
            value = frame if isinstance(self.layers[0], nn.Conv2d) else frame.flatten(1)
            for number, one in enumerate(self.layers):
                if isinstance(one, nn.Linear) and value.ndim > 2:
                    value = value.flatten(1)
                drive = one(value)
                if number == len(self.layers) - 1 and not self.spikes_at_end:
                    total = total + drive
                    value = total
                else:
                    voltage = voltages[number] * (1 - DECAY / 4096) + drive
                    value = (voltage > 1.0).float()
                    voltages[number] = voltage * (1 - value)
            outputs.append(value)
        return torch.stack(outputs)


def layer(node: Dense | Conv2d, bias: np.ndarray | None) -> nn.Module:
    if isinstance(node, Dense):
        made: nn.Module = nn.Linear(node.weight.shape[1], node.weight.shape[0], bias is not None)
    else:
        out, ins, *kernel = node.weight.shape
        made = nn.Conv2d(ins, out, tuple(kernel), node.stride, node.padding, bias=bias is not None)
    made.weight.data = torch.from_numpy(node.weight.astype(np.float32))
    if bias is not None:
        made.bias.data = torch.from_numpy(bias.astype(np.float32))
    return made


def session(content: bytes) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def sequence_call(content: bytes, frames: np.ndarray) -> Callable[[], np.ndarray]:
    run = session(content).run
    return lambda: run(None, {"x": frames})[0]


def step_call(content: bytes, frames: np.ndarray) -> Callable[[], np.ndarray]:
    """The streaming loop: one call for each timestep, states handed on."""
    one = session(content)
    kinds = {"tensor(float)": np.float32, "tensor(int32)": np.int32}
    lines = [(i.name, i.shape[1:], kinds[i.type]) for i in one.get_inputs()[1:]]

    def call() -> np.ndarray:
        states = {name: np.zeros((frames.shape[1], *shape), kind) for name, shape, kind in lines}
        outputs = []
        for frame in frames:
            output, *after = one.run(None, {"x": frame, **states})
            states = dict(zip(states, after, strict=True))
            outputs.append(output)
        return np.stack(outputs)

    return call


def contenders(graph: Graph, frames: np.ndarray) -> dict[str, Callable[[], object]]:
    classes = tuple("0123456789")
    files = EXPORTER.emit(Deployment(quantize(graph).graph, graph, len(frames), classes)).files
    model, tensor = Eager(graph).eval(), torch.from_numpy(frames.astype(np.float32))

    def eager() -> torch.Tensor:
        with torch.inference_mode():
            return model(tensor)

    calls: dict[str, Callable[[], object]] = {BASE: eager}
    for kind, dtype in (("float", np.float32), ("integer", np.uint8)):
        calls[f"{kind}/sequence"] = sequence_call(files[f"{kind}/sequence.onnx"], frames.astype(dtype))
        calls[f"{kind}/step"] = step_call(files[f"{kind}/step.onnx"], frames.astype(dtype))
    same = np.isclose(np.asarray(calls["float/sequence"]()), eager().numpy(), atol=1e-3)
    if same.mean() < 0.9:  # a spike within rounding of its threshold may differ, and what depends on it
        raise SystemExit("the contenders do not compute the same network")
    print("  " + ", ".join(f"{name}: {describe(files[name])}" for name in sorted(files) if name.endswith("onnx")))
    return calls


def describe(content: bytes) -> str:
    graph = onnx.load_model_from_string(content).graph
    bodies = [len(a.g.node) for node in graph.node for a in node.attribute if a.name == "body"]
    return f"{len(graph.node)} nodes" + (f" + {'+'.join(map(str, bodies))} in Scans" if bodies else "")


def measure(
    calls: Mapping[str, Callable[[], object]], repeats: int, turns: int, block: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Median seconds of each repeat, and the ratio to the first contender in the same repeat."""
    for call in calls.values():
        for _ in range(10):
            call()
    medians: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for name, call in [*calls.items()] * turns:
            for _ in range(block):
                start = time.perf_counter()
                call()
                taken[name].append(time.perf_counter() - start)
        for name in calls:
            medians[name].append(float(np.median(taken[name])))
    seconds = {name: np.array(values) for name, values in medians.items()}
    base = seconds[next(iter(calls))]
    return seconds, {name: values / base for name, values in seconds.items()}


def report(calls: Mapping[str, Callable[[], object]], aims: Mapping[str, float], *rounds: int) -> None:
    seconds, ratios = measure(calls, *rounds)
    for name in calls:
        ratio = ratios[name]
        aim = f"   aim <= {aims[name]}" if name in aims else ""
        spread = f"{np.median(ratio):.3f} ({ratio.min():.3f}..{ratio.max():.3f})"
        print(f"  {name:18} {np.median(seconds[name]) * 1e6:9.0f} us   {spread}{aim}")


def convolution_calls(channels: int, out: int, size: int, samples: int) -> dict[str, Callable[[], object]]:
    """One 3x3 convolution of spikes with 8-bit weights: float32 Conv with casts, as exported, and ConvInteger."""
    rng = np.random.default_rng(0)
    frames = (rng.random((samples, channels, size, size)) < 0.1).astype(np.uint8)
    weight = numpy_helper.from_array(rng.integers(-127, 128, (out, channels, 3, 3)).astype(np.int8), "w")
    cast, pads = helper.make_node, {"pads": [1, 1, 1, 1]}
    forms = {
        "float32 Conv": [
            cast("Cast", ["x"], ["xf"], to=TensorProto.FLOAT),
            cast("Cast", ["w"], ["wf"], to=TensorProto.FLOAT),
            helper.make_node("Conv", ["xf", "wf"], ["yf"], **pads),
            cast("Cast", ["yf"], ["y"], to=TensorProto.INT32),
        ],
        "ConvInteger": [helper.make_node("ConvInteger", ["x", "w"], ["y"], **pads)],
    }
    calls: dict[str, Callable[[], object]] = {}
    for name, nodes in forms.items():
        x = helper.make_tensor_value_info("x", TensorProto.UINT8, ["n", channels, size, size])
        y = helper.make_tensor_value_info("y", TensorProto.INT32, None)
        graph = helper.make_graph(nodes, "conv", [x], [y], [weight])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        calls[name] = sequence_call(model.SerializeToString(), frames)
    np.testing.assert_array_equal(calls["float32 Conv"](), calls["ConvInteger"]())
    return calls


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--turns", type=int, default=6)
    parser.add_argument("--block", type=int, default=20)
    parser.add_argument("--timesteps", type=int, default=10)
    arguments = parser.parse_args()
    rounds = (arguments.repeats, arguments.turns, arguments.block)
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    shape = (arguments.timesteps, 1, 2, 34, 34)
    frames = (rng.random(shape) < DENSITY).astype(np.uint8)
    nets = {
        "mlp 2312-512-10, accumulating readout (the default)": (mlp(rng, False), AIMS),
        "mlp 2312-512-10, spiking output": (mlp(rng, True), AIMS),
        "strided-cnn 16c5s2-32c3s2-64c3-10": (strided_cnn(rng), {}),
    }
    for name, (graph, aims) in nets.items():
        print(f"{name}; batch 1, T = {arguments.timesteps}; median time, ratio to PyTorch eager (least..greatest)")
        calls = contenders(graph, frames)
        for form in ("sequence", "step"):
            chosen = {key: call for key, call in calls.items() if key == BASE or key.endswith(form)}
            report(chosen, aims, *rounds)
    for samples in (1, arguments.timesteps):
        print(f"one 3x3 convolution, 32 to 64 channels, 8x8, {samples} frames; ratio to float32 Conv")
        report(convolution_calls(32, 64, 8, samples), {}, *rounds)


if __name__ == "__main__":
    main()
