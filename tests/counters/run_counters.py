"""What the counters of other tools say about small layers. Runs in .venv-counters; JSON from stdin, JSON to stdout.

In: {"rows": [Row.plain(), ...]}. Out: "versions", and in "rows" for each row name: counter -> {"ac": .., "mac": ..}, or
"total" where a counter does not tell them apart, or "error". Counts are of one call with one sample.
"""

import contextlib
import io
import json
import sys
import types
import warnings
from importlib.metadata import version
from pathlib import Path

import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent))

from stubs import stub_syops


def module_of(row: dict) -> nn.Module:
    kind, found = row["kind"], nn
    if kind.startswith("spikingjelly."):
        from spikingjelly.activation_based import layer

        kind, found = kind.rsplit(".", 1)[1], layer
    module = getattr(found, kind)(**row["options"])
    for name, parameter in module.named_parameters():
        if not isinstance(module, nn.BatchNorm2d | nn.LSTM | nn.MultiheadAttention):
            nn.init.constant_(parameter, row["weight"])
            if name == "weight" and row["zero_inputs"]:
                parameter.data[:, row["zero_inputs"]] = 0
    return module.eval()


class Attention(nn.Module):
    """Self-attention as a layer with one input."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, value: torch.Tensor) -> torch.Tensor:
        return self.inner(value, value, value)[0]


def net_of(row: dict) -> nn.Module:
    module = module_of(row)
    return nn.Sequential(Attention(module) if isinstance(module, nn.MultiheadAttention) else module)


def split(ac: float, mac: float) -> dict:
    return {"ac": ac, "mac": mac}


def neurobench(row: dict, frame: torch.Tensor) -> dict:
    """`Benchmark.run`, which turns what a metric raises into 0.0 and a printed line."""
    from neurobench.benchmarks import Benchmark
    from neurobench.metrics.workload import SynapticOperations
    from neurobench.models import TorchModel
    from torch.utils.data import DataLoader, TensorDataset

    data = DataLoader(TensorDataset(frame, torch.zeros(1)), batch_size=1)
    benchmark = Benchmark(TorchModel(net_of(row)), data, [], [], [[], [SynapticOperations]])
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        result = benchmark.run()["SynapticOperations"]
    if not isinstance(result, dict):
        reason = said.getvalue().split("Error running workload metric 'SynapticOperations': ")[-1].splitlines()[0]
        return {"error": f"{result} after an error: {reason}"}
    return {**split(result["Effective_ACs"], result["Effective_MACs"]), "dense": result["Dense"]}


def spikingjelly(row: dict, frame: torch.Tensor) -> dict:
    from spikingjelly.activation_based.op_counter import ACCounter, DispatchCounterMode, MACCounter

    counters, net = [ACCounter(), MACCounter()], net_of(row)
    with torch.no_grad(), DispatchCounterMode(counters):
        net(frame)
    return split(*(counter.get_total() for counter in counters))


def spikingjelly_energy(row: dict, frame: torch.Tensor) -> dict:
    """The counts inside `estimate_simple_energy`."""
    from spikingjelly.activation_based.op_counter import estimate_simple_energy

    with torch.no_grad():
        counts = estimate_simple_energy(net_of(row), frame).counts
    return split(counts["ac"], counts["mac"])


def sinabs(row: dict, frame: torch.Tensor) -> dict:
    from sinabs.hooks import register_synops_hooks

    net = net_of(row)
    register_synops_hooks(net)
    with torch.no_grad():
        net(frame)
    return {"total": float(net.hook_data["total_synops_per_timestep"]) * len(frame)}


def syops(row: dict, frame: torch.Tensor) -> dict:
    from syops.engine import get_syops_pytorch

    net = net_of(row)
    net.register_parameter("unused", nn.Parameter(torch.zeros(1)))  # it asks for a parameter to find the device
    data = [(frame, torch.zeros(1))]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        (total, ac, mac, _), _ = get_syops_pytorch(net, tuple(frame.shape[1:]), data, print_per_layer_stat=False)
    return {**split(float(ac), float(mac)), "all": float(total)}


COUNTERS = (syops, neurobench, spikingjelly, spikingjelly_energy, sinabs)


def asked(counter: types.FunctionType, row: dict) -> dict:
    torch.manual_seed(0)
    frame = torch.tensor([row["frame"]])
    try:
        return counter(row, frame)
    except Exception as error:  # noqa: BLE001  whatever a counter raises is its answer
        return {"error": f"{type(error).__name__}: {error}"}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    stub_syops()
    rows = json.load(sys.stdin)["rows"]
    found = {row["name"]: {counter.__name__: asked(counter, row) for counter in COUNTERS} for row in rows}
    versions = {name: version(name) for name in ("neurobench", "spikingjelly", "sinabs", "syops")}
    json.dump({"versions": versions, "rows": found}, sys.stdout)


if __name__ == "__main__":
    main()
