"""What other counters say of a network, and how long they take. Runs in .venv-counters.

    python run_network.py NETWORK.npz [COUNTER ...]

NETWORK.npz is what networks.py writes. Then, for each line on stdin, COUNTERs are run once in that order and a line of
JSON says for each: "seconds" of processor time, "plain_seconds" (the same forward pass without counting) and "result".
Without COUNTERs: all.
"""

import contextlib
import io
import json
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))

from stubs import stub_syops


def layers_of(file: np.lib.npyio.NpzFile, neuron: Callable[[dict], nn.Module]) -> list[tuple[str, nn.Module]]:
    found = []
    for layer in json.loads(str(file["layers"])):
        name, kind = layer["name"], layer["kind"]
        if kind in ("conv", "dense"):
            module = synapse(layer, torch.from_numpy(file[f"{name}.weight"]))
            if layer["bias"]:
                module.bias.data.copy_(torch.from_numpy(file[f"{name}.bias"]))
        else:
            module = nn.Flatten() if kind == "flatten" else neuron(layer)
        found.append((name, module.eval()))
    return found


def synapse(layer: dict, weight: torch.Tensor) -> nn.Module:
    if layer["kind"] == "dense":
        module: nn.Module = nn.Linear(weight.shape[1], weight.shape[0], layer["bias"])
    else:
        outs, ins, *kernel = weight.shape
        geometry = {name: tuple(layer[name]) for name in ("stride", "padding", "dilation")}
        groups = layer["groups"]
        module = nn.Conv2d(ins * groups, outs, tuple(kernel), groups=groups, bias=layer["bias"], **geometry)
    module.weight.data.copy_(weight)
    return module


class Stepped(nn.Module):
    """snnTorch neurons in a chain; one timestep a call, as NeuroBench's SNNTorchModel wants it."""

    def __init__(self, layers: list[tuple[str, nn.Module]]) -> None:
        super().__init__()
        for name, module in layers:
            self.add_module(name, module)

    def forward(self, value: torch.Tensor) -> tuple[torch.Tensor, None]:
        for module in self.children():
            value = module(value)
        return value, None


def snntorch_net(file: np.lib.npyio.NpzFile) -> Stepped:
    import snntorch as snn

    def neuron(layer: dict) -> nn.Module:
        options = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True}
        return snn.Leaky(beta=layer["keep"], threshold=layer["threshold"], **options)

    return Stepped(layers_of(file, neuron))


def spikingjelly_net(file: np.lib.npyio.NpzFile) -> nn.Sequential:
    """Of frames (time, batch, ...)."""
    from spikingjelly.activation_based import functional, layer, neuron

    def lif(found: dict) -> nn.Module:
        # it fires at the threshold, the graph above it
        threshold = float(np.nextafter(np.float32(found["threshold"]), np.float32(np.inf)))
        if found["keep"] == 1:
            return neuron.IFNode(v_threshold=threshold)
        return neuron.LIFNode(tau=1 / (1 - found["keep"]), decay_input=False, v_threshold=threshold)

    parts, plain = layers_of(file, lif), (nn.Conv2d, nn.Linear, nn.Flatten)
    wrapped = [layer.SeqToANNContainer(part) if isinstance(part, plain) else part for _, part in parts]
    net = nn.Sequential(*wrapped).eval()
    functional.set_step_mode(net, "m")
    return net


class NeuroBench:
    """`Benchmark.run` with metrics, against the same model without them."""

    def __init__(self, file: np.lib.npyio.NpzFile, frames: torch.Tensor, names: tuple[str, ...]) -> None:
        from torch.utils.data import DataLoader, TensorDataset

        samples = frames.transpose(0, 1).contiguous()
        self.data = DataLoader(TensorDataset(samples, torch.zeros(len(samples))), batch_size=len(samples))
        self.benchmarks = {True: self.benchmark(file, names), False: self.benchmark(file, ())}

    def benchmark(self, file: np.lib.npyio.NpzFile, names: tuple[str, ...]) -> object:
        from neurobench.benchmarks import Benchmark
        from neurobench.metrics import static, workload
        from neurobench.models import SNNTorchModel

        fixed = [getattr(static, name) for name in names if hasattr(static, name)]
        dynamic = [getattr(workload, name) for name in names if hasattr(workload, name)]
        return Benchmark(SNNTorchModel(snntorch_net(file)), self.data, [], [], [fixed, dynamic])

    def run(self, is_counting: bool) -> dict:
        with contextlib.redirect_stdout(io.StringIO()):
            return self.benchmarks[is_counting].run(quiet=True)


class Sinabs:
    """Its hooks on the same chain of snnTorch neurons; it gives means over the batch, added up here over timesteps."""

    def __init__(self, file: np.lib.npyio.NpzFile, frames: torch.Tensor) -> None:
        from sinabs.hooks import register_synops_hooks

        self.nets = {is_counting: nn.Sequential(*snntorch_net(file).children()).eval() for is_counting in (False, True)}
        self.frames = frames
        register_synops_hooks(self.nets[True])

    def run(self, is_counting: bool) -> dict:
        from snntorch import utils

        net, total = self.nets[is_counting], 0.0
        utils.reset(net)
        for frame in self.frames:
            net(frame)
            total += float(net.hook_data["total_synops_per_timestep"]) if is_counting else 0.0
        return {"synops": total}


class SpikingJelly:
    """Its counters of operations, in multi-step mode."""

    def __init__(self, file: np.lib.npyio.NpzFile, frames: torch.Tensor, names: tuple[str, ...]) -> None:
        from spikingjelly.activation_based import functional

        self.net, self.frames, self.reset = spikingjelly_net(file), frames, functional.reset_net
        self.names = names

    def run(self, is_counting: bool) -> dict:
        from spikingjelly.activation_based import op_counter

        self.reset(self.net)
        if not is_counting:
            self.net(self.frames)
            return {}
        counters = {name: getattr(op_counter, name)() for name in self.names}
        with op_counter.DispatchCounterMode(list(counters.values())):
            self.net(self.frames)
        return {name: counter.get_total() / self.frames.shape[1] for name, counter in counters.items()}


class Syops:
    """Its mean over what it takes for the batch, which is time here, turned into a mean over samples."""

    def __init__(self, file: np.lib.npyio.NpzFile, frames: torch.Tensor) -> None:
        stub_syops()
        self.net, self.frames = spikingjelly_net(file), frames

    def run(self, is_counting: bool) -> dict:
        from spikingjelly.activation_based import functional
        from syops.engine import get_syops_pytorch

        functional.reset_net(self.net)
        if not is_counting:
            self.net(self.frames)
            return {}
        data = [(self.frames, torch.zeros(1))]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            (total, ac, mac, _), _ = get_syops_pytorch(self.net, (), data, print_per_layer_stat=False)
        steps, samples = self.frames.shape[:2]
        return {name: float(value) * steps / samples for name, value in (("ac", ac), ("mac", mac), ("all", total))}


STATIC = ("Footprint", "ParameterCount", "ConnectionSparsity")
ACTIVITY = ("ActivationSparsity", "ActivationSparsityByLayer", "SynapticOperations", "MembraneUpdates")
COUNTERS = {
    "neurobench": partial(NeuroBench, names=STATIC + ACTIVITY),
    "neurobench_synops": partial(NeuroBench, names=("SynapticOperations",)),
    "spikingjelly": partial(SpikingJelly, names=("ACCounter", "MACCounter", "SynOpCounter")),
    "spikingjelly_synops": partial(SpikingJelly, names=("SynOpCounter",)),
    "sinabs": Sinabs,
    "syops": Syops,
}
"""NeuroBench and SpikingJelly with all that they find, and with synaptic operations alone, their cheapest form."""


def timed(counter: object, is_counting: bool) -> tuple[float, dict]:
    with torch.no_grad():  # in inference mode SpikingJelly's counters see nothing and say 0
        started = time.process_time()
        result = counter.run(is_counting)
        return time.process_time() - started, result


def asked(counter: object) -> dict:
    plain, _ = timed(counter, False)
    seconds, result = timed(counter, True)
    return {"seconds": seconds, "plain_seconds": plain, "result": result}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    with np.load(sys.argv[1], allow_pickle=False) as file:
        frames = torch.from_numpy(file["frames"].astype(np.float32))
        counters = {name: COUNTERS[name](file, frames) for name in sys.argv[2:] or COUNTERS}
        for _ in sys.stdin:
            json.dump({name: asked(counter) for name, counter in counters.items()}, sys.stdout)
            print(flush=True)


if __name__ == "__main__":
    main()
