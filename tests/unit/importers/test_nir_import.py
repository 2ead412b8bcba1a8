"""NIR files made by hand: every kind that has a meaning in the graph, the rest refused by path."""

import io
import sys
from pathlib import Path

import nir
import numpy as np
import pytest

from neurodeploy.errors import ArtefactError, ConfigError, UnsupportedNodeError
from neurodeploy.graph import Graph, IntGraph, simulate
from neurodeploy.graph.nodes import AvgPool2d, Conv2d, Cuba, Dense, Readout, SumPool2d
from neurodeploy.graph.passes import lower
from neurodeploy.graph.unrounded import unrounded
from neurodeploy.importers import Drift, Imported, drift, read_nir, run_nir
from neurodeploy.quantize import quantize

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "exporters"))
import nir_nets
from source_nets import frames

Rng = np.random.Generator
DT = 1e-3


def full(shape: int | tuple[int, ...], value: float | np.ndarray) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, np.float64), shape).copy()


def lif(
    shape: int | tuple[int, ...], decay: float = 410 / 4096, threshold: float | np.ndarray = 1.0, **more
) -> nir.LIF:
    values = {"r": 1 / decay, "v_leak": 0.0, "v_reset": 0.0, **more}
    fields = {key: full(shape, value) for key, value in values.items()}
    return nir.LIF(tau=full(shape, DT / decay), v_threshold=full(shape, threshold), **fields)


def affine(rng: Rng, out: int, ins: int, scale: float = 0.5) -> nir.Affine:
    return nir.Affine(rng.normal(0.05, scale, (out, ins)), rng.normal(0, 0.02, out))


def chain(*nodes: nir.NIRNode, shape: tuple[int, ...] = (8,)) -> nir.NIRGraph:
    return nir.NIRGraph.from_list(nir.Input(np.array(shape)), *nodes)


def graph_of(nodes: dict[str, nir.NIRNode], *edges: tuple[str, str], ins: int = 8, outs: int = 5) -> nir.NIRGraph:
    ends = {"input": nir.Input(np.array([ins])), "output": nir.Output(np.array([outs]))}
    return nir.NIRGraph({**ends, **nodes}, list(edges))


def compared(rng: Rng, source: nir.NIRGraph, imported: Imported, density: float = 0.4) -> tuple[Drift, ...]:
    data = frames(rng, *imported.graph.input.shape, density=density)
    trace = simulate(imported.graph, data)
    return drift(run_nir(source, imported, data, dt=DT).values, trace.values)


def proved(rng: Rng, source: nir.NIRGraph, has_integers: bool = True) -> Graph:
    """The import, which computes what the interpreter computes of the file, and has an integer form."""
    imported = read_nir(source, dt=DT)
    for layer in compared(rng, source, imported):
        assert layer.differing == 0, str(layer)
        assert 0 < layer.source_spikes < layer.values, str(layer)
        assert layer.largest_difference is None or layer.largest_difference < 1e-4, str(layer)
    if has_integers:
        quantize(lower(imported.graph))
    return imported.graph


def test_lif(rng: Rng) -> None:
    graph = proved(rng, chain(affine(rng, 6, 8), lif(6)))
    assert [type(node) for node in graph.nodes][1:] == [Dense, Cuba]
    assert graph.output.voltage_decay == 410


def test_r_is_folded_into_the_synapses(rng: Rng) -> None:
    graph = proved(rng, chain(affine(rng, 6, 8, 3.0), lif(6, r=1.0, threshold=0.5)))
    assert graph.output.threshold == pytest.approx(0.5 / (410 / 4096))


@pytest.mark.parametrize("what", ["r", "threshold"])
def test_neurons_that_differ_are_folded_into_the_synapses(what: str, rng: Rng) -> None:
    values = rng.uniform(0.5, 2.0, 6)
    more = {"r": values * 4096 / 410} if what == "r" else {"threshold": values}
    proved(rng, chain(affine(rng, 6, 8), lif(6, **more)))


def test_channels_that_differ_are_folded_into_the_convolution(rng: Rng) -> None:
    conv = nir.Conv2d((6, 6), rng.normal(0.1, 0.4, (3, 2, 3, 3)), 1, 1, 1, 1, rng.normal(0, 0.1, 3))
    neuron = lif((3, 6, 6), threshold=np.array([0.5, 1.0, 2.0]).reshape(3, 1, 1))
    proved(rng, chain(conv, neuron, shape=(2, 6, 6)))


def test_if_integrates_dt_times_r(rng: Rng) -> None:
    neuron = nir.IF(r=full(6, 1 / DT), v_threshold=full(6, 1.0))
    assert proved(rng, chain(affine(rng, 6, 8), neuron)).output.voltage_decay == 0


def cuba(shape: int, syn: float = 0.25, mem: float = 0.125, **more: float) -> nir.CubaLIF:
    values = {"r": 1 / mem, "v_leak": 0.0, "v_threshold": 1.0, "v_reset": 0.0, "w_in": 1 / syn, **more}
    fields = {key: full(shape, value) for key, value in values.items()}
    return nir.CubaLIF(tau_syn=full(shape, DT / syn), tau_mem=full(shape, DT / mem), **fields)


@pytest.mark.parametrize("more", [{}, {"w_in": 1.0}, {"r": 1.0, "v_threshold": 0.1}], ids=str)
def test_cuba_lif(more: dict[str, float], rng: Rng) -> None:
    graph = proved(rng, chain(affine(rng, 6, 8), cuba(6, **more)))
    assert (graph.output.current_decay, graph.output.voltage_decay) == (1024, 512)


@pytest.mark.parametrize("make", [lif, cuba])
def test_a_reset_to_another_voltage(make, rng: Rng) -> None:
    proved(rng, chain(affine(rng, 6, 8), make(6, v_reset=-0.7)))


@pytest.mark.parametrize("make", [lif, cuba])
def test_a_leak_voltage(make, rng: Rng) -> None:
    assert proved(rng, chain(affine(rng, 6, 8), make(6, v_leak=0.6))).output.bias is not None


def test_a_threshold_has_no_memory(rng: Rng) -> None:
    graph = proved(rng, chain(affine(rng, 6, 8), nir.Threshold(full(6, 0.4))))
    assert (graph.output.current_decay, graph.output.voltage_decay) == (4096, 4096)


def test_linear_has_no_bias(rng: Rng) -> None:
    assert proved(rng, chain(nir.Linear(rng.normal(0.1, 0.5, (6, 8))), lif(6))).nodes[1].bias is None


def test_a_line_of_values_is_a_map_of_one_row(rng: Rng) -> None:
    conv = nir.Conv1d(10, rng.normal(0.1, 0.5, (4, 2, 3)), 2, 1, 1, 1, np.zeros(4))
    source = chain(conv, lif((4, 5)), nir.Flatten(np.array([4, 5]), 0), affine(rng, 3, 20), lif(3), shape=(2, 10))
    assert proved(rng, source).input.shape == (2, 1, 10)


@pytest.mark.parametrize("padding", ["same", "valid", 1])
def test_paddings(padding: str | int, rng: Rng) -> None:
    conv = nir.Conv2d((6, 6), rng.normal(0.1, 0.4, (3, 2, 3, 3)), 1, padding, 1, 1, np.zeros(3))
    size = 4 if padding == "valid" else 6
    assert proved(rng, chain(conv, lif((3, size, size)), shape=(2, 6, 6))).nodes[1].padding == (
        (0, 0) if padding == "valid" else (1, 1)
    )


@pytest.mark.parametrize(("kind", "node"), [(nir.SumPool2d, SumPool2d), (nir.AvgPool2d, AvgPool2d)])
@pytest.mark.parametrize("padding", [0, 1])
def test_pools(kind, node, padding: int, rng: Rng) -> None:
    pool = kind(np.array([2, 2]), np.array([2, 2]), np.array([padding, padding]))
    size = 3 + padding
    conv = nir.Conv2d((size, size), rng.normal(0.2, 0.4, (3, 2, 3, 3)), 1, 1, 1, 1, np.zeros(3))
    graph = proved(rng, chain(pool, conv, lif((3, size, size)), shape=(2, 6, 6)), has_integers=not padding)
    assert isinstance(graph.nodes[1], Conv2d if padding else node)


def test_a_scale_is_taken_into_its_neighbour(rng: Rng) -> None:
    scale = nir.Scale(rng.uniform(0.5, 1.5, 6))
    after = proved(rng, chain(affine(rng, 6, 8), scale, lif(6)))
    before = proved(rng, chain(nir.Scale(rng.uniform(0.5, 1.5, 8)), affine(rng, 6, 8), lif(6)))
    assert [type(n) for n in after.nodes] == [type(n) for n in before.nodes] == [type(after.input), Dense, Cuba]


def test_neurons_that_read_frames_get_a_synapse(rng: Rng) -> None:
    proved(rng, chain(lif(8, r=4096 / 410 * 0.6)))


def test_a_network_without_neurons_at_its_end_is_added_up(rng: Rng) -> None:
    source = chain(affine(rng, 6, 8), lif(6), affine(rng, 4, 6))
    imported = read_nir(source, dt=DT)
    data = frames(rng, 8)
    assert isinstance(imported.graph.output, Readout)
    scores = run_nir(source, imported, data, dt=DT).scores
    np.testing.assert_allclose(simulate(imported.graph, data)["readout"][-1], scores, rtol=1e-5)


def test_an_integrator_at_the_end_is_a_readout(rng: Rng) -> None:
    source = chain(affine(rng, 6, 8), lif(6), affine(rng, 4, 6), nir.I(full(4, 2 / DT)))
    imported = read_nir(source, dt=DT)
    data = frames(rng, 8)
    scores = run_nir(source, imported, data, dt=DT).scores
    np.testing.assert_allclose(simulate(imported.graph, data)["readout"][-1], scores, rtol=1e-5)


@pytest.mark.parametrize("nested", [False, True])
def test_recurrence(nested: bool, rng: Rng) -> None:
    nodes = {"lif": lif(5), "back": affine(rng, 5, 5)}
    loop = [("lif", "back"), ("back", "lif")]
    first = {"fc": affine(rng, 5, 8)}
    if nested:  # as snnTorch writes its RLeaky
        inner = {"input": nir.Input(np.array([5])), "output": nir.Output(np.array([5])), **nodes}
        rnn = nir.NIRGraph(inner, [("input", "lif"), *loop, ("lif", "output")])
        source = graph_of({**first, "rnn": rnn}, ("input", "fc"), ("fc", "rnn"), ("rnn", "output"))
    else:
        source = graph_of({**first, **nodes}, ("input", "fc"), ("fc", "lif"), *loop, ("lif", "output"))
    assert any("one step later" in note for note in read_nir(source, dt=DT).notes)
    proved(rng, source)


def test_delays(rng: Rng) -> None:
    nodes = {"wait": nir.Delay(full(8, 3 * DT)), "fc": affine(rng, 5, 8), "late": affine(rng, 5, 8), "lif": lif(5)}
    edges = [("input", "fc"), ("input", "wait"), ("wait", "late"), ("fc", "lif"), ("late", "lif"), ("lif", "output")]
    graph = proved(rng, graph_of(nodes, *edges))
    assert graph["late"].inputs[0].delay == 3


def test_delays_that_differ_become_parallel_synapses(rng: Rng) -> None:
    wait = nir.Delay(DT * np.array([0, 1, 2, 0, 4, 1, 2, 0.0]))
    graph = proved(rng, chain(wait, affine(rng, 5, 8), lif(5)))
    assert sorted(node.inputs[0].delay for node in graph.nodes if isinstance(node, Dense)) == [0, 1, 2, 4]


def test_a_synapse_that_two_neurons_scale_otherwise_is_doubled(rng: Rng) -> None:
    nodes = {
        "fc": affine(rng, 5, 8),
        "one": lif(5, threshold=rng.uniform(0.5, 2, 5)),
        "two": lif(5, threshold=rng.uniform(0.5, 2, 5)),
        "last": lif(5),
    }
    nodes |= {"a": affine(rng, 5, 5), "b": affine(rng, 5, 5)}
    edges = [("input", "fc"), ("fc", "one"), ("fc", "two"), ("one", "a"), ("two", "b"), ("a", "last"), ("b", "last")]
    proved(rng, graph_of(nodes, *edges, ("last", "output")))


def test_what_the_output_does_not_depend_on_is_left_out(rng: Rng) -> None:
    nodes = {"fc": affine(rng, 5, 8), "lif": lif(5), "dead": lif(5), "end": nir.Output(np.array([5]))}
    source = graph_of(nodes, ("input", "fc"), ("fc", "lif"), ("lif", "output"), ("fc", "dead"), ("dead", "end"))
    with pytest.raises(ArtefactError, match="2 Output"):
        read_nir(source, dt=DT)
    del nodes["end"]
    source = graph_of(nodes, ("input", "fc"), ("fc", "lif"), ("lif", "output"), ("fc", "dead"))
    source.nodes = {name: node for name, node in source.nodes.items() if name != "output_dead"}
    source.edges = [edge for edge in source.edges if "output_dead" not in edge]
    imported = read_nir(source, dt=DT)
    assert "dead" not in imported.graph.shapes
    assert any("left out" in note and "dead" in note for note in imported.notes)


def test_a_decay_that_is_no_whole_number_of_4096ths_is_noted(rng: Rng) -> None:
    source = chain(affine(rng, 6, 8), lif(6, decay=0.1))
    imported = read_nir(source, dt=DT)
    assert any("keeps 0.9 of itself per step in the source, 0.899902344 here (410/4096)" in n for n in imported.notes)
    (layer,) = compared(rng, source, imported)
    assert layer.largest_difference is not None
    assert layer.largest_difference > 0


def test_names_become_c_identifiers(rng: Rng) -> None:
    nodes = {"0": affine(rng, 5, 8), "1.lif": lif(5), "for": affine(rng, 5, 5), "2": lif(5)}
    source = graph_of(nodes, ("input", "0"), ("0", "1.lif"), ("1.lif", "for"), ("for", "2"), ("2", "output"))
    imported = read_nir(source, dt=DT)
    assert imported.paths == {
        "input": "input",
        "affine_0": "0",
        "lif_1_lif": "1.lif",
        "affine_for": "for",
        "lif_2": "2",
    }


def test_dt_is_asked_for_and_taken_from_metadata(rng: Rng) -> None:
    source = chain(affine(rng, 6, 8), lif(6))
    with pytest.raises(ConfigError, match="--dt"):
        read_nir(source)
    source.metadata = {"dt": DT}
    assert read_nir(source).timestep_us == pytest.approx(1000.0)
    assert "from the file's metadata" in read_nir(source).notes[0]


@pytest.mark.parametrize("dt", [0.0, -1.0, float("nan"), float("inf")])
def test_a_dt_that_is_no_time_is_refused(dt: float, rng: Rng) -> None:
    with pytest.raises(ConfigError, match="dt"):
        read_nir(chain(affine(rng, 6, 8), lif(6)), dt=dt)


REFUSED = {
    "time constants": (lambda rng: lif(6, decay=0.1), {"tau": np.linspace(1, 2, 6)}, "tau differs between neurons"),
    "a short time constant": (lambda rng: lif(6), {"tau": full(6, DT / 2)}, "at least one"),
    "a negative threshold": (lambda rng: lif(6), {"v_threshold": full(6, -1.0)}, "threshold"),
    "a negative gain": (lambda rng: lif(6), {"r": full(6, -1.0)}, "multiplied by"),
    "LI": (lambda rng: nir.LI(full(6, 1.0), full(6, 1.0), full(6, 0.0)), {}, "does not spike"),
    "CubaLI": (lambda rng: nir.CubaLI(*(full(6, 1.0) for _ in range(4))), {}, "does not spike"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_meaning_is_refused_by_path(name: str, rng: Rng) -> None:
    make, changes, reason = REFUSED[name]
    node = make(rng)
    for field, value in changes.items():
        setattr(node, field, value)
    nodes = {"fc": affine(rng, 6, 8), "odd": node}
    source = graph_of(nodes, ("input", "fc"), ("fc", "odd"), ("odd", "output"), outs=6)
    with pytest.raises(UnsupportedNodeError, match=reason) as error:
        read_nir(source, dt=DT)
    assert error.value.node == "odd"
    assert error.value.hint


def test_an_integrator_inside_is_refused_by_path(rng: Rng) -> None:
    source = chain(affine(rng, 6, 8), nir.I(full(6, 1.0)), affine(rng, 4, 6), lif(4))
    with pytest.raises(UnsupportedNodeError, match="'i'"):
        read_nir(source, dt=DT)


def test_a_channel_whose_neurons_differ_is_refused_by_path(rng: Rng) -> None:
    conv = nir.Conv2d((4, 4), rng.normal(0, 1, (2, 1, 3, 3)), 1, 1, 1, 1, np.zeros(2))
    neuron = lif((2, 4, 4), threshold=rng.uniform(1, 2, (2, 4, 4)))
    with pytest.raises(UnsupportedNodeError, match="within a channel"):
        read_nir(chain(conv, neuron, shape=(1, 4, 4)), dt=DT)


@pytest.mark.parametrize("seed", range(8))
def test_random_exports_come_back(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    decays = (int(rng.choice([4096, 1024, 0])), int(rng.choice([4096, 0, 410, 77])))
    makes = [nir_nets.maps, nir_nets.skipping, nir_nets.delayed, lambda r: nir_nets.recurrent(r, decays)]
    graph = [*makes, lambda r: nir_nets.dense(r, decays)][seed % 5](rng)
    path = nir_nets.export(graph, tmp_path).folder / "network.nir"
    imported, data = read_nir(path), nir_nets.frames(rng, graph, time=20)
    expected = simulate(unrounded(IntGraph(graph)), data)
    found = simulate(imported.graph, data)
    neurons = [node.name for node in graph.nodes if isinstance(node, Cuba)]
    for name in neurons:
        np.testing.assert_array_equal(found[name], expected[name])
    assert imported.timestep_us == graph.timestep_us
    assert drift(run_nir(path, imported, data).values, found.values)[0].differing == 0


def test_bytes_of_a_graph_are_not_kept(rng: Rng) -> None:
    """The model that was given stays as it was: nir shares memory with it."""
    source = chain(affine(rng, 6, 8), lif(6))
    before = io.BytesIO()
    nir.write(before, source)
    imported = read_nir(source, dt=DT)
    after = io.BytesIO()
    nir.write(after, source)
    assert before.getvalue() == after.getvalue()
    assert not imported.graph.nodes[1].weight.flags.writeable
