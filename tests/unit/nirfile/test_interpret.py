"""Every kind of NIR node, stepped by hand."""

import sys
from pathlib import Path

import nir
import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from nir_bytes import content, full, lif, network, weight

from neurodeploy.errors import ArtefactError
from neurodeploy.nirfile import interpret, read_network, shapes_of

Rng = np.random.Generator


def run(node: nir.NIRNode, values: list[float], dt: float = 1.0, state: str = "") -> list[float]:
    found = network({"node": node}, ("input", "node"), ("node", "output"))
    frames = np.array(values, np.float32).reshape(-1, 1, 1)
    recorded = interpret(found, frames, dt)
    wanted = recorded.values[f"node.{state}"] if state else recorded.output
    return [round(float(value), 6) for value in wanted.reshape(-1)]


def test_a_lif_leaks_towards_rest_and_fires_above_its_threshold() -> None:
    node = nir.LIF(tau=full(2.0), r=full(2.0), v_leak=full(0.0), v_threshold=full(1.0))
    assert run(node, [1, 0, 0.75, 0.9, 0], state="voltage") == [1.0, 0.5, 1.0, 0.0, 0.0]
    assert run(node, [1, 0, 0.75, 0.9, 0]) == [0, 0, 0, 1, 0]


def test_a_spike_leaves_v_reset_and_v_leak_pulls() -> None:
    node = nir.LIF(full(2.0), full(2.0), full(0.5), full(1.0), full(-1.0))
    assert run(node, [2, 0, 0], state="voltage") == [-1.0, -0.25, 0.125]


def test_an_if_adds_dt_times_r() -> None:
    node = nir.IF(r=full(3.0), v_threshold=full(1.0))
    assert run(node, [1, 1, 1], dt=0.2, state="voltage") == [0.6, 0.0, 0.6]


def test_a_cuba_lif_sees_the_current_of_the_same_step() -> None:
    node = nir.CubaLIF(full(2.0), full(2.0), full(2.0), full(0.0), full(10.0), w_in=2.0)
    assert run(node, [1, 0, 0], state="current") == [1.0, 0.5, 0.25]
    assert run(node, [1, 0, 0], state="voltage") == [1.0, 1.0, 0.75]


def test_integrators_put_out_their_voltage() -> None:
    assert run(nir.I(full(2.0)), [1, 0, 1], dt=0.5) == [1.0, 1.0, 2.0]
    assert run(nir.LI(full(2.0), full(2.0), full(0.0)), [1, 0, 1]) == [1.0, 0.5, 1.25]
    assert run(nir.CubaLI(full(2.0), full(2.0), full(2.0), full(0.0), 2.0), [1, 0]) == [1.0, 1.0]


def test_a_threshold_and_a_scale() -> None:
    assert run(nir.Threshold(full(0.5)), [0.5, 0.6]) == [0, 1]
    assert run(nir.Scale(full(3.0)), [1, 2]) == [3, 6]


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_delay(steps: int) -> None:
    assert run(nir.Delay(full(steps * 1e-4)), [1, 2, 3, 4], dt=1e-4) == [0] * steps + [1, 2, 3, 4][: 4 - steps]


def test_a_delay_of_half_a_step_is_refused() -> None:
    with pytest.raises(ArtefactError, match="wanted a whole number"):
        run(nir.Delay(full(1.5)), [1.0])


def by_torch(graph: nir.NIRGraph, module: torch.nn.Module, rng: Rng, *shape: int) -> None:
    frames = rng.normal(size=(2, 3, *shape)).astype(np.float32)
    found = interpret(read_network(content(graph)), frames, 1.0).output
    with torch.no_grad():
        expected = module(torch.tensor(frames).flatten(0, 1)).numpy()
    np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("geometry", [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 1, 1)], ids=str)
def test_convolutions_are_those_of_torch(geometry: tuple[int, int, int], rng: Rng) -> None:
    flat, plane = torch.nn.Conv1d(2, 4, 3, *geometry), torch.nn.Conv2d(2, 4, 3, *geometry)
    for module, kind, shape in ((flat, nir.Conv1d, (2, 9)), (plane, nir.Conv2d, (2, 9, 7))):
        weight, bias = (value.detach().numpy() for value in (module.weight, module.bias))
        size = shape[1] if kind is nir.Conv1d else shape[1:]
        node = kind(size, weight, geometry[0], geometry[1], geometry[2], 1, bias)
        with torch.no_grad():
            after = module(torch.zeros(1, *shape)).shape[1:]
        ends = nir.Input(np.array(shape)), nir.Output(np.array(after))
        nodes = {"input": ends[0], "conv": node, "output": ends[1]}
        graph = nir.NIRGraph(nodes, [("input", "conv"), ("conv", "output")], type_check=False)
        by_torch(graph, module, rng, *shape)


@pytest.mark.parametrize("padding", [0, 1])
def test_pools_are_those_of_torch(padding: int, rng: Rng) -> None:
    two, gap = np.array([2, 2]), np.array([padding, padding])
    average = torch.nn.AvgPool2d(2, 2, padding)
    source = nir.Input(np.array([2, 6, 6]))
    by_torch(nir.NIRGraph.from_list(source, nir.AvgPool2d(two, two, gap)), average, rng, 2, 6, 6)
    total = torch.nn.Sequential(average, torch.nn.Flatten(1), torch.nn.Identity())
    graph = nir.NIRGraph.from_list(source, nir.SumPool2d(two, two, gap))
    frames = rng.normal(size=(1, 1, 2, 6, 6)).astype(np.float32)
    found = interpret(read_network(content(graph)), frames, 1.0).output
    np.testing.assert_allclose(found.reshape(-1), 4 * total(torch.tensor(frames[0])).numpy().reshape(-1), rtol=1e-5)


@pytest.mark.parametrize("dims", [(0, -1), (-3, -1), (1, 2), (0, 1)])
def test_flatten_counts_dimensions_without_the_batch(dims: tuple[int, int]) -> None:
    graph = nir.NIRGraph.from_list(nir.Input(np.array([2, 3, 4])), nir.Flatten(np.array([2, 3, 4]), *dims))
    wanted = {(0, -1): (24,), (-3, -1): (24,), (1, 2): (2, 12), (0, 1): (6, 4)}[dims]
    assert shapes_of(read_network(content(graph)))["output"] == wanted


def test_edges_to_one_node_are_added() -> None:
    nodes = {"one": weight(2), "two": weight(3, 1)}
    found = network(nodes, ("input", "one"), ("input", "two"), ("one", "output"), ("two", "output"))
    assert interpret(found, np.ones((1, 1, 1)), 1.0).output.item() == 6


def test_a_loop_holds_one_step_and_a_bias_acts_from_the_first() -> None:
    nodes = {"lif": lif(keep=0.0, threshold=0.5), "back": weight(1.0, 0.25)}
    found = network(nodes, ("input", "lif"), ("lif", "back"), ("back", "lif"), ("lif", "output"))
    frames = np.array([0.3, 0, 0, 0]).reshape(-1, 1, 1)
    assert interpret(found, frames, 1.0).output.reshape(-1).tolist() == [1, 1, 1, 1]
    assert interpret(found, 0 * frames, 1.0).output.reshape(-1).tolist() == [0, 0, 0, 0]


def test_a_loop_through_a_delay_holds_no_more_than_that() -> None:
    nodes = {"lif": lif(keep=0.0, threshold=0.5), "wait": nir.Delay(full(2.0))}
    found = network(nodes, ("input", "lif"), ("lif", "wait"), ("wait", "lif"), ("lif", "output"))
    frames = np.array([1, 0, 0, 0, 0]).reshape(-1, 1, 1)
    assert interpret(found, frames, 1.0).output.reshape(-1).tolist() == [1, 0, 1, 0, 1]


BAD = {
    "tau is 0": nir.LIF(full(0.0), full(1.0), full(0.0), full(1.0)),
    "v_threshold has shape": nir.LIF(full(1.0, 2), full(1.0, 2), full(0.0, 2), full(1.0, 2)),
    "holds NaN": nir.LIF(full(1.0), full(np.nan), full(0.0), full(1.0)),
    "weight has shape": nir.Affine(np.ones((1, 2)), np.ones(1)),
    "wanted a map": nir.SumPool2d(np.array([2, 2]), np.array([2, 2]), np.array([0, 0])),
}


@pytest.mark.parametrize("reason", BAD)
def test_numbers_that_do_not_fit_are_refused_by_node(reason: str) -> None:
    wanted = "has shape" if reason.startswith("v_threshold") else reason
    with pytest.raises(ArtefactError, match=f"'node'.*{wanted}"):
        run(BAD[reason], [1.0])


def test_frames_of_another_shape_are_refused() -> None:
    found = network({"lif": lif()}, ("input", "lif"), ("lif", "output"))
    with pytest.raises(ArtefactError, match="the frames have"):
        interpret(found, np.zeros((1, 1, 2)), 1.0)
