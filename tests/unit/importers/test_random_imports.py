"""Random networks of every framework, decays being multiples of 1/4096: no spike differs, in no layer, ever."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import frames

from neurodeploy.importers.frameworks import find_framework
from neurodeploy.importers.proof import prove
from neurodeploy.importers.torch_module import import_module, read_source

Rng = np.random.Generator
NETWORKS = 15
SEED = 20261121


def decay(rng: Rng) -> float:
    return int(rng.integers(1, 4096)) / 4096


def snntorch_neurons(rng: Rng) -> nn.Module:
    snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")
    # 'subtract' without delay is another rule beyond twice the threshold: test_snntorch.py
    reset, delay = (("zero", True), ("zero", False), ("subtract", True), ("none", True))[rng.integers(4)]
    own: dict[str, Any] = {"threshold": float(rng.uniform(0.1, 0.8)), "init_hidden": True, "reset_mechanism": reset}
    if rng.integers(2):
        return snn.Leaky(beta=decay(rng), reset_delay=delay, **own)
    return snn.Synaptic(alpha=decay(rng), beta=decay(rng), reset_delay=delay and reset != "zero", **own)


def norse_neurons(rng: Rng) -> nn.Module:
    nt = pytest.importorskip("norse.torch", reason="Norse is not installed")
    leak = float(rng.choice([0.0, -0.05, 0.05]))
    rest = {"v_leak": leak, "v_reset": float(rng.choice([leak, 0.0, 0.05])), "v_th": float(rng.uniform(0.1, 0.5))}
    own = {name: torch.tensor(value) for name, value in rest.items()}
    dt, rates = 2.0**-10, [torch.tensor(1024 * decay(rng)) for _ in range(2)]
    if rng.integers(2):
        return nt.LIFCell(nt.LIFParameters(tau_mem_inv=rates[0], tau_syn_inv=rates[1], **own), dt=dt)
    reset = nt.functional.reset.reset_value if rng.integers(2) else nt.functional.reset.reset_subtract
    return nt.LIFBoxCell(nt.LIFBoxParameters(tau_mem_inv=rates[0], reset_method=reset, **own), dt=dt)


def spikingjelly_neurons(rng: Rng) -> nn.Module:
    pytest.importorskip("spikingjelly", reason="SpikingJelly is not installed")
    from spikingjelly.activation_based import neuron

    own: dict[str, Any] = {"v_reset": (0.0, None, -0.1)[rng.integers(3)], "v_threshold": float(rng.uniform(0.1, 0.5))}
    tau = 4096 / int(rng.integers(100, 3000))
    match rng.integers(3):
        case 0:
            return neuron.IFNode(**own)
        case 1:
            return neuron.LIFNode(tau=tau, decay_input=bool(rng.integers(2)), **own)
        case _:
            return neuron.ParametricLIFNode(init_tau=tau, decay_input=bool(rng.integers(2)), **own)


def synapses(rng: Rng, shape: tuple[int, ...]) -> tuple[list[nn.Module], tuple[int, ...]]:
    """A convolution with or without batch norm, or a dense layer, and the shape that it gives."""
    has_bias = bool(rng.integers(2))
    if len(shape) == 3 and min(shape[1:]) >= 4 and rng.integers(2):
        channels, kernel, stride = (int(rng.integers(low, high)) for low, high in ((2, 5), (1, 4), (1, 3)))
        norm = nn.BatchNorm2d(channels)
        norm.running_mean.uniform_(-0.2, 0.2)
        norm.running_var.uniform_(0.5, 1.5)
        conv = nn.Conv2d(shape[0], channels, kernel, stride=stride, bias=has_bias)
        height, width = ((size - kernel) // stride + 1 for size in shape[1:])
        return [conv, norm][: int(rng.integers(1, 3))], (channels, height, width)
    size = int(rng.integers(4, 24))
    flatten = [nn.Flatten()] if len(shape) == 3 else []
    return [*flatten, nn.Linear(int(np.prod(shape)), size, bias=has_bias)], (size,)


def network(framework: str, rng: Rng, shape: tuple[int, ...]) -> nn.Module:
    neurons: Callable[[Rng], nn.Module] = globals()[f"{framework}_neurons"]
    modules: list[nn.Module] = []
    for _ in range(int(rng.integers(1, 4))):
        layers, shape = synapses(rng, shape)
        modules += [*layers, neurons(rng)]
    if framework == "norse":
        import norse.torch as nt

        return nt.SequentialState(*modules)
    return nn.Sequential(*modules)


@pytest.mark.parametrize("framework", ["snntorch", "norse", "spikingjelly"])
def test_no_spike_of_a_random_network_differs(framework: str) -> None:
    spikes = 0
    for number in range(NETWORKS):
        rng = np.random.default_rng([SEED, number])
        shape = (2, int(rng.integers(5, 10)), int(rng.integers(5, 10)))
        with torch.random.fork_rng():
            torch.manual_seed(number)
            net = network(framework, rng, shape)
        imported = import_module(read_source(net, shape, find_framework(framework)))
        for drift in prove(imported, net, frames(rng, *shape, time=12, samples=6)):
            assert drift.differing == 0, f"network {number}: {drift}"
            spikes += drift.source_spikes
    assert spikes > 1000
