"""The fast simulator against Lava's CPU simulator, against PyTorch frameworks in eval mode, and against the reference.

    python tests/benchmarks/bench_simulator.py DATA [--rounds 7] [--threads 2] [--lava-samples 20]

DATA is a folder or archive of N-MNIST recordings: its frames are the input, 10 timesteps each. One process, everybody
takes turns, so that a busy machine slows all of them; printed are samples per second and ratios (median, least and
greatest of the rounds). Lava runs as `neurodeploy verify` starts it, one stream of samples through one network, start-up
included; the fast simulator runs as `neurodeploy eval` uses it, in batches of 100. The frameworks run without gradients, in
their usual form and, where that is another one, with each synapse over all timesteps at once (folded, multi-step); the fastest
of them is the bound. Missing tools are named and left out.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import numba
import numpy as np
import torch
from torch import Tensor, nn

from neurodeploy.data.config import DataConfig
from neurodeploy.data.frame_set import open_frames
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters.loihi import EXPORTER, LAVA
from neurodeploy.fast import Simulator
from neurodeploy.graph import Graph, IntGraph, Node, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input
from neurodeploy.targets import write_artefact

KEEP = 0.75
CONVOLUTIONS = ((2, 16, 5, 2), (16, 32, 3, 2), (32, 64, 3, 1))
BATCH = 64
RATE = 0.12
"""Share of neurons that spike in a timestep, about that of trained networks; thresholds are set to give it."""
SETTLE_S = 0.1
"""Threads of BLAS and OpenMP go on spinning for a while; who comes next shall have all cores."""

Run = Callable[[], object]


def even(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return 2 * np.clip(np.rint(rng.normal(0, 20, shape)), -127, 127).astype(int)


def calibrated(nodes: list[Node], frames: np.ndarray) -> IntGraph:
    """The graph with thresholds at which about RATE of each layer's neurons spike on `frames`."""
    for place, node in enumerate(nodes):
        if isinstance(node, Cuba):
            levels = simulate(IntGraph(Graph(tuple(nodes[: place + 1]))), frames)[f"{node.name}.voltage"]
            threshold = max(1, int(np.quantile(levels, 1 - RATE)) >> 6)
            nodes[place] = Cuba(node.name, node.inputs, 4096, 1024, threshold)
    return IntGraph(Graph(tuple(nodes)))


def cuba(number: int) -> Cuba:
    return Cuba(f"lif{number}", (Ref(f"syn{number}"),), 4096, 1024, 131071)


def strided_cnn(frames: np.ndarray) -> IntGraph:
    rng, nodes, last = np.random.default_rng(1), [Input("input", (), (2, 34, 34))], "input"
    for number, (inputs, outputs, kernel, stride) in enumerate(CONVOLUTIONS, 1):
        weight = even(rng, outputs, inputs, kernel, kernel)
        nodes += [Conv2d(f"syn{number}", (Ref(last),), weight, None, (stride, stride), (1, 1)), cuba(number)]
        last = f"lif{number}"
    nodes += [Flatten("flat", (Ref(last),)), Dense("syn4", (Ref("flat"),), even(rng, 10, 4096)), cuba(4)]
    return calibrated(nodes, frames)


def mlp(frames: np.ndarray) -> IntGraph:
    rng, nodes, last = np.random.default_rng(2), [Input("input", (), (784,))], "input"
    for number, (inputs, outputs) in enumerate(((784, 128), (128, 64), (64, 10)), 1):
        nodes += [Dense(f"syn{number}", (Ref(last),), even(rng, outputs, inputs)), cuba(number)]
        last = f"lif{number}"
    return calibrated(nodes, frames)


def lava(integer: IntGraph, frames: np.ndarray) -> Run:
    name = tempfile.mkdtemp(prefix="bench-lava-")
    classes = tuple(str(n) for n in range(10))
    artefact = write_artefact(EXPORTER, Deployment(integer, None, len(frames), classes), Path(name) / "loihi")
    return lambda: EXPORTER.run(artefact, LAVA, frames)


def layers(neuron: Callable[[], nn.Module], from_: object = nn) -> list[nn.Module]:
    make = {name: getattr(from_, name) for name in ("Conv2d", "Linear", "Flatten")}
    found: list[nn.Module] = []
    for inputs, outputs, kernel, stride in CONVOLUTIONS:
        found += [make["Conv2d"](inputs, outputs, kernel, stride=stride, padding=1, bias=False), neuron()]
    return [*found, make["Flatten"](), make["Linear"](4096, 10, bias=False), neuron()]


def snntorch(frames: Tensor) -> Run:
    snn = import_module("snntorch")
    net = nn.ModuleList(layers(lambda: snn.Leaky(beta=KEEP, reset_mechanism="zero"))).eval()

    def run() -> Tensor:
        membranes = {place: m.init_leaky() for place, m in enumerate(net) if isinstance(m, snn.Leaky)}
        total = torch.zeros(())
        for value in frames:
            for place, module in enumerate(net):
                if place in membranes:
                    value, membranes[place] = module(value, membranes[place])
                else:
                    value = module(value)
            total = total + value
        return total

    return run


def snntorch_folded(frames: Tensor) -> Run:
    """Synapses over all timesteps at once, only neurons step by step."""
    snn = import_module("snntorch")
    net = nn.ModuleList(layers(lambda: snn.Leaky(beta=KEEP, reset_mechanism="zero"))).eval()

    def steps(neuron: nn.Module, values: Tensor) -> Tensor:
        membrane, spikes = neuron.init_leaky(), []
        for value in values:
            spike, membrane = neuron(value, membrane)
            spikes.append(spike)
        return torch.stack(spikes)

    def run() -> Tensor:
        values = frames
        for module in net:
            values = steps(module, values) if isinstance(module, snn.Leaky) else folded(module, values)
        return values.sum(0)

    return run


def folded(module: nn.Module, values: Tensor) -> Tensor:
    output: Tensor = module(values.flatten(0, 1)).unflatten(0, values.shape[:2])
    return output


def norse(frames: Tensor) -> Run:
    package = import_module("norse.torch")
    parameters = package.LIFBoxParameters(tau_mem_inv=torch.as_tensor((1 - KEEP) * 1000.0))
    net = package.SequentialState(*layers(lambda: package.LIFBoxCell(p=parameters))).eval()

    def run() -> Tensor:
        state, total = None, torch.zeros(())
        for value in frames:
            output, state = net(value, state)
            total = total + output
        return total

    return run


def norse_folded(frames: Tensor) -> Run:
    package = import_module("norse.torch")
    parameters = package.LIFBoxParameters(tau_mem_inv=torch.as_tensor((1 - KEEP) * 1000.0))
    net = nn.ModuleList(layers(lambda: package.Lift(package.LIFBoxCell(p=parameters)))).eval()

    def run() -> Tensor:
        values = frames
        for module in net:
            values = module(values)[0] if isinstance(module, package.Lift) else folded(module, values)
        return values.sum(0)

    return run


def spikingjelly(frames: Tensor) -> Run:
    package = "spikingjelly.activation_based"
    neuron, layer = import_module(f"{package}.neuron"), import_module(f"{package}.layer")
    functional = import_module(f"{package}.functional")
    net = nn.Sequential(*layers(lambda: neuron.LIFNode(tau=1 / (1 - KEEP), decay_input=False), layer)).eval()
    functional.set_step_mode(net, "m")

    def run() -> Tensor:
        functional.reset_net(net)
        total: Tensor = net(frames).sum(0)
        return total

    return run


def frameworks(frames: np.ndarray) -> Iterator[tuple[str, Run]]:
    floats = torch.from_numpy(frames.astype(np.float32))
    for make in (snntorch, snntorch_folded, norse, norse_folded, spikingjelly):
        name, _, form = make.__name__.partition("_")
        try:
            run = make(floats)
        except ImportError as error:
            print(f"{name} is absent ({error})")
            continue

        def without_gradients(run: Run = run) -> object:
            with torch.inference_mode():
                return run()

        yield f"{name} {version(name)} {form}".strip(), without_gradients


def in_batches(simulator: Simulator, frames: np.ndarray) -> Run:
    return lambda: [simulator.predictions(frames[:, at : at + 100]) for at in range(0, frames.shape[1], 100)]


def measure(title: str, runs: dict[str, tuple[Run, int]], rounds: int) -> None:
    """`runs`: name -> what to call and how many samples that is; the first is ours."""
    for run, _ in runs.values():
        run()
    rates: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (run, samples) in runs.items():
            time.sleep(SETTLE_S)
            started = time.perf_counter()
            run()
            rates[name].append(samples / (time.perf_counter() - started))
    print(title)
    own = np.array(next(iter(rates.values())))
    for name, values in rates.items():
        ratio = own / np.array(values)
        spread = f"ours is {np.median(ratio):7.1f} times as fast ({ratio.min():.1f} to {ratio.max():.1f})"
        print(f"  {name:26} {np.median(values):10.1f} samples/s   {spread}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulators compared; see the top of this file.")
    parser.add_argument("data")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lava-samples", type=int, default=20)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    config = DataConfig(dataset="nmnist", path=given.data, timesteps=10)
    chosen = np.random.default_rng(0).permutation(800)
    frames = np.ascontiguousarray(np.moveaxis(open_frames(config).train.batch(chosen), 0, 1))
    print(f"torch {torch.__version__}, numba {numba.__version__}, {given.threads} threads, density {frames.mean():.3f}")
    integer = strided_cnn(frames[:, :16])
    batch = np.ascontiguousarray(frames[:, :BATCH])
    fast = Simulator(integer, given.threads)
    ours = {"neurodeploy fast": (lambda: fast.predictions(batch), BATCH)}
    peers = {name: (run, BATCH) for name, run in frameworks(batch)}
    reference = {"neurodeploy reference": (lambda: simulate(integer, batch), BATCH)}
    measure(f"strided CNN, T = 10, batch {BATCH}", ours | peers | reference, given.rounds)
    few = given.lava_samples
    # random spikes at the same density: what a network for 28 x 28 digits sees
    digits = (np.random.default_rng(3).random((32, 2000, 784)) < frames.mean()).astype(np.uint8)
    for title, network, spikes in (
        ("784-128-64-10, T = 32", mlp(digits[:, :50]), digits),
        ("strided CNN, T = 10", integer, frames),
    ):
        runs = {"neurodeploy fast": (in_batches(Simulator(network, given.threads), spikes), spikes.shape[1])}
        try:
            runs[f"Lava CPU, {few} samples"] = (lava(network, spikes[:, :few]), few)
            measure(title, runs, 3)
        except ToolchainMissingError as missing:
            print(f"{title}: NOT_RUN, {missing}")


if __name__ == "__main__":
    main()
