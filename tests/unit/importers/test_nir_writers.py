"""NIR files of snnTorch, Norse and SpikingJelly: what they write is what they compute, or known to be wrong."""

import sys
from collections.abc import Callable
from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph import simulate
from neurodeploy.importers import read_nir, run_nir

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "exporters"))
from nir_nets import quiet
from source_nets import frames, seeded

Rng = np.random.Generator


def peer(module: str) -> object:
    with quiet():
        return pytest.importorskip(module, reason=f"{module.partition('.')[0]} is not installed (make peers)")


def stepped(net: nn.Module, data: np.ndarray, has_state: bool) -> np.ndarray:
    """Outputs of a module called step by step."""
    outputs, state = [], None
    with torch.no_grad():
        for frame in torch.tensor(data, dtype=torch.float32):
            output, state = net(frame, state) if has_state else (net(frame), None)
            outputs.append((output[0] if isinstance(output, tuple) else output).numpy())
    return np.stack(outputs)


def check_spikes(outputs: np.ndarray) -> None:
    """Refuse a network that shows nothing. No AssertionError: that is what the expected failures end with."""
    if not 0.01 < outputs.mean() < 0.99:
        raise ValueError(f"{outputs.mean():.1%} of the outputs are spikes")


def imported_output(graph: nir.NIRGraph, data: np.ndarray, dt: float) -> np.ndarray:
    """What the import computes, which is what the interpreter computes of the file."""
    imported = read_nir(graph, dt=dt)
    found = simulate(imported.graph, data)
    run = run_nir(graph, imported, data, dt=dt)
    assert all(np.array_equal(found[name], run.values[name]) for name in run.values if "." not in name)
    return found[imported.graph.output.name]


def lively(make: Callable[[], nn.Module], scale: float) -> nn.Module:
    """A network whose weights are large enough for every layer to spike."""
    net = seeded(make)
    for module in net.modules():
        if isinstance(module, nn.Linear):
            module.weight.data.mul_(scale)
    return net


def snntorch_net(reset: str, kind: str = "Leaky", delay: bool = True) -> nn.Module:
    """Decays of whole 4096ths, so that nothing is rounded; full tensors, without which nir refuses the file."""
    snn = peer("snntorch")

    def neuron(size: int, beta: float) -> nn.Module:
        own = {"alpha": torch.full((size,), 0.5)} if kind == "Synaptic" else {}
        full = {"beta": torch.full((size,), beta), "threshold": torch.ones(size)}
        return getattr(snn, kind)(**own, **full, init_hidden=True, reset_mechanism=reset, reset_delay=delay)

    return lively(lambda: nn.Sequential(nn.Linear(20, 30), neuron(30, 0.875), nn.Linear(30, 8), neuron(8, 0.75)), 3)


def snntorch_file(net: nn.Module) -> nir.NIRGraph:
    exporter = peer("snntorch.export_nir")
    with quiet():
        return exporter.export_to_nir(net, torch.zeros(20))


SUBTRACT = pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="snnTorch 1.0.0 writes reset by subtraction as reset to zero"
)
LATE = pytest.mark.xfail(
    strict=True,
    raises=AssertionError,
    reason="snnTorch 1.0.0 does not write that a Synaptic's delayed reset also drops what its current adds in that step",
)


@pytest.mark.parametrize(
    ("kind", "reset", "delay"),
    [
        ("Leaky", "zero", True),
        ("Leaky", "zero", False),
        ("Synaptic", "zero", False),
        pytest.param("Synaptic", "zero", True, marks=LATE),
        pytest.param("Leaky", "subtract", True, marks=SUBTRACT),
        pytest.param("Leaky", "subtract", False, marks=SUBTRACT),
    ],
)
def test_snntorch(kind: str, reset: str, delay: bool, rng: Rng) -> None:
    net = snntorch_net(reset, kind, delay)
    data = frames(rng, 20, time=40)
    with quiet():
        graph, expected = snntorch_file(net), stepped(net.eval(), data, has_state=False)
    check_spikes(expected)
    np.testing.assert_array_equal(imported_output(graph, data, 1e-4), expected)


def norse_net() -> nn.Module:
    norse = peer("norse.torch")

    def neuron(size: int) -> nn.Module:
        full = {"tau_mem_inv": 125.0, "v_th": 0.1, "v_leak": 0.0}
        return norse.LIFBoxCell(norse.LIFBoxParameters(**{k: torch.full((size,), v) for k, v in full.items()}))

    return lively(lambda: norse.SequentialState(nn.Linear(20, 30), neuron(30), nn.Linear(30, 8), neuron(8)), 3)


def norse_file(net: nn.Module) -> nir.NIRGraph:
    with quiet():
        return peer("norse.torch").to_nir(net, torch.zeros(20))


def test_norse_time_constants_are_refused_with_the_reason(rng: Rng) -> None:
    """Norse 1.1.0 writes dt * tau; taken at its word, a step would be longer than the time constant."""
    with pytest.raises(UnsupportedNodeError, match=r"Norse 1\.1\.0 writes time constants"):
        read_nir(norse_file(norse_net()), dt=1e-3)


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="Norse 1.1.0 writes time constants that are too small by dt"
)
def test_norse_to_nir_to_norse(rng: Rng) -> None:
    net = norse_net()
    data = frames(rng, 20, time=40)
    with quiet():
        again = peer("norse.torch").from_nir(norse_file(net), dt=1e-3)
        found, expected = stepped(again, data, has_state=True), stepped(net, data, has_state=True)
    check_spikes(expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.xfail(strict=True, raises=AssertionError, reason="Norse 1.1.0 ignores r of a LIF")
def test_norse_reads_r(rng: Rng) -> None:
    net = snntorch_net("zero")
    data = frames(rng, 20, time=40)
    with quiet():
        again = peer("norse.torch").from_nir(snntorch_file(net), dt=1e-4, ignore_warnings=True)
        found, expected = stepped(again, data, has_state=True), stepped(net.eval(), data, has_state=False)
    check_spikes(expected)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.xfail(
    strict=True, raises=AssertionError, reason="snnTorch 1.0.0 reads an IF as a Leaky that loses a tenth per step"
)
def test_snntorch_reads_if_without_leak(rng: Rng) -> None:
    ones = np.ones(8)
    graph = nir.NIRGraph.from_list(
        nir.Input(np.array([20])), nir.Affine(rng.normal(0, 0.3, (8, 20)), np.zeros(8)), nir.IF(ones, ones)
    )
    data = frames(rng, 20, time=40)
    reader = peer("snntorch.import_nir")
    with quiet():
        found = stepped(reader.import_from_nir(graph), data, has_state=True)
    check_spikes(found)
    np.testing.assert_array_equal(found, imported_output(graph, data, 1.0))


def spikingjelly_net(make: str) -> nn.Module:
    based = peer("spikingjelly.activation_based.neuron")
    layer = peer("spikingjelly.activation_based.layer")
    neurons = {
        "LIF": lambda: based.LIFNode(tau=8.0, v_threshold=0.2),
        "LIF without input decay": lambda: based.LIFNode(tau=8.0, decay_input=False),
        "IF": lambda: based.IFNode(),
        "CUBA": lambda: based.CUBALIFNode(c_decay=0.5, v_decay=0.875, v_threshold=1.0, v_reset=0.0),
    }
    return lively(lambda: nn.Sequential(layer.Linear(20, 30), neurons[make](), layer.Linear(30, 8), neurons[make]()), 3)


@pytest.mark.parametrize("make", ["LIF", "LIF without input decay", "IF", "CUBA"])
def test_spikingjelly(make: str, rng: Rng) -> None:
    with quiet():
        net = spikingjelly_net(make)
        data = frames(rng, 20, time=40)
        graph = peer("spikingjelly.activation_based.nir_exchange").export_to_nir(net, torch.zeros(1, 20), dt=1e-4)
        peer("spikingjelly.activation_based.functional").reset_net(net)
        expected = stepped(net, data, has_state=False)
    check_spikes(expected)
    np.testing.assert_array_equal(imported_output(graph, data, 1e-4), expected)
