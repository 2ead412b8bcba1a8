"""The Loihi files: what is written, what is refused, and that our reader runs them exactly."""

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from loihi_nets import (
    READER,
    biased_behind_delays,
    compared,
    delayed_net,
    edit_manifest,
    edit_network,
    even,
    every_kind,
    export,
    random_network,
    recurrent_net,
    spikes,
)

from neurodeploy.errors import ArtefactError, DataError, MismatchError, RangeError
from neurodeploy.errors import UnsupportedNodeError as Unsupported
from neurodeploy.exporters import loihi
from neurodeploy.exporters.loihi import EXPORTER, script_bytes
from neurodeploy.graph import Graph, Node, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.targets import find

Rng = np.random.Generator


def chain(*weights: np.ndarray, **cuba: object) -> Graph:
    """Dense layers with neurons."""
    settings = {"current_decay": 4096, "voltage_decay": 410, "threshold": 100, **cuba}
    nodes: list[Node] = [Input("input", (), (weights[0].shape[1],))]
    for number, weight in enumerate(weights, 1):
        nodes.append(Dense(f"fc{number}", (Ref(nodes[-1].name),), weight))
        nodes.append(Cuba(f"cuba{number}", (Ref(f"fc{number}"),), **settings))
    return Graph(tuple(nodes))


# ------------------------------------------------------------------------------------ exactness


@pytest.mark.parametrize("seed", range(40))
def test_random_networks_run_exactly_in_the_file_reader(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    graph, steps = random_network(rng), int(rng.choice([1, 2, 3, 8]))
    artefact = export(graph, tmp_path, steps)
    assert compared(artefact, READER, spikes(rng, graph, steps, samples=4)).values > 0


def test_a_network_of_every_kind_runs_exactly_and_every_layer_spikes(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    frames = spikes(rng, graph, 8, samples=5)
    assert compared(export(graph, tmp_path), READER, frames).values > 50_000
    trace = EXPORTER.run(export(graph, tmp_path), READER, frames)
    assert all(trace[name].any() for name in ("lif1", "cuba2", "if3", "answer"))


def test_a_sample_does_not_depend_on_the_one_before_it(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    frames = spikes(rng, graph, 8, samples=3)
    trace = EXPORTER.run(export(graph, tmp_path), READER, frames)
    for name, values in trace.values.items():
        np.testing.assert_array_equal(values[:, 0], values[:, -1], err_msg=name)


def test_a_voltage_exactly_at_threshold_stays_silent(tmp_path: Path) -> None:
    graph = chain(np.array([[100], [102]]), voltage_decay=0)
    frames = np.ones((1, 2, 1), np.uint8)
    trace = EXPORTER.run(export(graph, tmp_path, 1), READER, frames)
    assert trace["cuba1"][0].tolist() == [[0, 1], [0, 1]]
    assert compared(export(graph, tmp_path, 1), READER, frames).values > 0


@pytest.mark.parametrize("sign", [1, -1])
def test_currents_wrap_and_voltages_saturate_at_24_bits(sign: int, tmp_path: Path) -> None:
    weight = sign * np.full((2, 600), 254)
    weight[1, :300], weight[:, 0] = 0, -2 * sign
    graph = chain(weight, current_decay=0, voltage_decay=0, threshold=131071)
    frames = np.ones((8, 2, 600), np.uint8)
    artefact = export(graph, tmp_path)
    trace = EXPORTER.run(artefact, READER, frames)
    assert np.abs(np.diff(trace["cuba1.current"], axis=0)).max() > 1 << 22
    assert np.abs(trace["cuba1.voltage"]).max() == (1 << 23) - 1 or trace["cuba1"].any()
    assert compared(artefact, READER, frames).values > 0


def test_a_readout_never_fires_even_when_its_voltage_saturates(tmp_path: Path) -> None:
    weight = np.array([[254] * 300 + [-2]])
    graph = Graph((Input("input", (), (301,)), Dense("fc", (Ref("input"),), weight), Readout("out", (Ref("fc"),))))
    frames = np.ones((16, 1, 301), np.uint8)
    trace = EXPORTER.run(export(graph, tmp_path, 16), READER, frames)
    assert trace["out"].max() > 131071 * 64 * 0.9
    assert compared(export(graph, tmp_path, 16), READER, frames).values > 0


def test_more_layers_than_timesteps_still_line_up(rng: Rng, tmp_path: Path) -> None:
    graph = chain(*(even(rng, 8, 8) for _ in range(6)), bias=rng.integers(-10, 120, 8))
    artefact = export(graph, tmp_path, 2)
    assert compared(artefact, READER, spikes(rng, graph, 2, samples=6)).values > 0


# ---------------------------------------------------------------------------------------- files


def test_the_same_network_gives_the_same_bytes(tmp_path: Path) -> None:
    once, again = (export(every_kind(np.random.default_rng(5)), tmp_path / name) for name in ("a", "b"))
    assert once.manifest["files"] == again.manifest["files"]
    assert (once.folder / "network.net").read_bytes() == (again.folder / "network.net").read_bytes()


def test_the_manifest_says_reset_latency_layer_and_answer(rng: Rng, tmp_path: Path) -> None:
    notes = export(every_kind(rng), tmp_path).manifest["notes"]
    assert (notes["reset_interval"], notes["reset_offset"]) == (8, 1)
    assert notes["latency"] == {"lif1": 1, "cuba2": 2, "if3": 3, "answer": 4}
    assert notes["layers"] == {"lif1": 1, "cuba2": 2, "if3": 4, "answer": 5}
    assert notes["answer"] == {"node": "answer", "read": "voltage"}
    assert notes["warnings"] == []


def test_a_length_that_is_no_power_of_two_is_warned_about(rng: Rng, tmp_path: Path) -> None:
    (warning,) = export(every_kind(rng), tmp_path, 10).manifest["notes"]["warnings"]
    assert "power of two" in warning
    assert "10" in warning


def test_layers_have_netx_types_shapes_and_keys(rng: Rng, tmp_path: Path) -> None:
    artefact = export(every_kind(rng), tmp_path)
    with h5py.File(artefact.folder / "network.net") as file:
        layers = [file[f"layer/{n}"] for n in range(len(file["layer"]))]
        kinds = [layer["type"][0].decode() for layer in layers]
        assert kinds == ["input", "conv", "conv", "flatten", "dense", "dense"]
        assert layers[1]["shape"][()].tolist() == [4, 5, 11]
        assert layers[1]["weight"].shape == (4, 2, 3, 5)
        assert layers[2]["groups"][()] == 2
        assert layers[4]["neuron/iDecay"][()] == 4096
        assert layers[4]["neuron/iDecay"].dtype.kind == "i"
        assert "neuron" not in layers[5]
        assert all("messageBits" not in layer.get("neuron", {}) for layer in layers)


def test_a_flatten_of_a_vector_is_left_out(rng: Rng, tmp_path: Path) -> None:
    inner = chain(even(rng, 5, 6)).nodes
    graph = Graph((*inner, Flatten("flat", (Ref("cuba1"),)), Dense("fc2", (Ref("flat"),), even(rng, 3, 5))))
    graph = Graph((*graph.nodes, Readout("out", (Ref("fc2"),))))
    artefact = export(graph, tmp_path)
    assert artefact.manifest["notes"]["layers"] == {"cuba1": 1, "out": 2}
    assert compared(artefact, READER, spikes(rng, graph, 8, samples=2)).values > 0


def test_the_shipped_script_is_the_one_that_verification_starts(rng: Rng, tmp_path: Path) -> None:
    artefact = export(every_kind(rng), tmp_path)
    assert (artefact.folder / "run_lava.py").read_bytes() == script_bytes()
    compile(script_bytes(), "run_lava.py", "exec")


def test_only_layers_whose_spikes_reach_a_delay_must_be_silent_before_their_first_input(
    rng: Rng, tmp_path: Path
) -> None:
    """What the others send arrives at once and is reset away; tests/unit/exporters/test_lava.py runs it in Lava."""
    export(biased_behind_delays(rng, last=400), tmp_path)
    with pytest.raises(Unsupported, match="may reach threshold 90 in the 1 steps") as refused:
        export(biased_behind_delays(rng, first=400), tmp_path / "first")
    assert refused.value.node == "cuba1"


def test_the_target_is_found_by_name() -> None:
    assert find("loihi") is EXPORTER
    assert [runtime.name for runtime in EXPORTER.runtimes] == ["netx-file-reader", "lava-cpu"]


# ------------------------------------------------------------------------------------- refusals


def recurrent(
    weight: np.ndarray, back: np.ndarray, delay: int = 1, *, forward: int = 0, bias: np.ndarray | None = None
) -> Graph:
    """A layer whose spikes come back to it `delay` steps later."""
    nodes = [Input("input", (), (weight.shape[1],)), Dense("fc1", (Ref("input", forward),), weight)]
    nodes.append(Dense("rec", (Ref("c", delay),), back))
    return Graph((*nodes, Cuba("c", (Ref("fc1"), Ref("rec")), 4096, 410, 100, bias=bias)))


def _maps() -> tuple[Node, ...]:
    rng = np.random.default_rng(3)
    conv = Conv2d("conv1", (Ref("input"),), even(rng, 3, 2, 3, 3))
    return Input("input", (), (2, 6, 6)), conv, Cuba("lif1", (Ref("conv1"),), 4096, 410, 90)


def _after(*nodes: Node) -> Graph:
    return Graph((*_maps(), *nodes))


def _dense_of(weight: list[list[int]]) -> Graph:
    return chain(np.array(weight))


def _conv_of(weight: np.ndarray, **geometry: object) -> Graph:
    nodes = (
        Input("input", (), (weight.shape[1] * int(geometry.get("groups", 1)), 300, 6)),
        Conv2d("conv1", (Ref("input"),), weight, None, **geometry),
    )
    return Graph((*nodes, Cuba("lif1", (Ref("conv1"),), 4096, 410, 90)))


W = np.array([[2, -2], [4, 6]])
FLAT = Flatten("flatten", (Ref("lif1"),))
REFUSED: dict[str, tuple[Graph, str, str]] = {
    "counts": (
        Graph((Input("input", (), (2,), 7), *chain(W).nodes[1:])),
        "input",
        "data.binary=true",
    ),
    "pooling": (
        _after(SumPool2d("pool", (Ref("lif1"),), (2, 2), (2, 2)), Conv2d("conv2", (Ref("pool"),), np.ones((1, 3, 2, 2), int))),
        "pool",
        "lower fuses pooling into the next synapse (after 'pool': conv2)",
    ),
    "add": (_after(Add("sum", (Ref("lif1"), Ref("lif1")))), "sum", "skip connections"),
    "subtract": (chain(W, reset=Reset.SUBTRACT), "cuba1", "neuron.reset=zero"),
    "pipelined": (replace(chain(W), schedule=Schedule.PIPELINED), "input", "sweep"),
    "bias on the sum": (
        Graph((*chain(W).nodes[:1], Dense("fc1", (Ref("input"),), W, np.array([1, 2])), *chain(W).nodes[2:])),
        "fc1",
        "lower moves it",
    ),
    "two readers": (
        Graph((*chain(W).nodes, Dense("a", (Ref("cuba1"),), W), Dense("b", (Ref("cuba1"),), W), Cuba("c", (Ref("b"),), 0, 0, 1))),
        "cuba1",
        "sequential",
    ),
    "two inputs": (
        Graph((*chain(W).nodes[:2], Cuba("c", (Ref("fc1"), Ref("fc1")), 0, 0, 1))),
        "fc1",
        "one delay for each weight",
    ),
    "recurrence over two steps": (recurrent(W, W, 2), "rec", "delay 1"),
    "recurrence and delays": (recurrent(W, W, 1, forward=2), "fc1", "one of the two"),
    "recurrence with odd weights": (recurrent(W, np.array([[-3, 4], [2, 2]])), "rec", "8 bits hold steps of 2"),
    "recurrent weights that share no exponent": (
        recurrent(np.array([[1, 1], [1, 1]]), np.array([[-256, 254], [2, 2]])),
        "c",
        "both signs in both",
    ),
    "recurrence with a bias": (recurrent(W, W, bias=np.array([101, 0])), "c", "without bias"),
    "a delay of 63": (Graph((*chain(W).nodes[:1], Dense("fc1", (Ref("input", 63),), W), *chain(W).nodes[2:])), "fc1", "shorter"),
    "a weight with two delays": (
        Graph((*chain(W).nodes[:2], Dense("late", (Ref("input", 1),), W), Cuba("c", (Ref("fc1"), Ref("late")), 0, 0, 1))),
        "late",
        "one delay for each weight",
    ),
    "a delayed conv": (
        Graph((_maps()[0], replace(_maps()[1], inputs=(Ref("input", 1),)), *_maps()[2:])),
        "conv1",
        "dense layers only",
    ),
    "a delayed flatten": (_after(replace(FLAT, inputs=(Ref("lif1", 1),)), Dense("d", (Ref("flatten"),), np.ones((2, 48), int)), Cuba("c", (Ref("d"),), 0, 0, 1)), "flatten", "synapse that follows"),
    "dead end": (Graph((*chain(W).nodes[:1], Dense("x", (Ref("input"),), W), *chain(W).nodes[1:])), "input", "sequential"),
    "neuron on the input": (Graph((Input("input", (), (2,)), Cuba("c", (Ref("input"),), 0, 0, 1))), "c", "a synapse and its neuron"),
    "two synapses": (
        Graph((*chain(W).nodes[:2], Dense("fc2", (Ref("fc1"),), W), Cuba("c", (Ref("fc2"),), 0, 0, 1))),
        "fc2",
        "a synapse and its neuron",
    ),
    "flatten after a synapse": (
        Graph((*_maps()[:2], Flatten("flatten", (Ref("conv1"),)), Cuba("c", (Ref("flatten"),), 0, 0, 1))),
        "flatten",
        "a synapse and its neuron",
    ),
    "ends with a synapse": (Graph(chain(W).nodes[:2]), "fc1", "a Readout"),
    "ends with a flatten": (_after(FLAT), "flatten", "a Readout"),
    "layer after a readout": (
        Graph((*chain(W).nodes[:2], Readout("r", (Ref("fc1"),)), Flatten("f", (Ref("r"),)))),
        "f",
        "a synapse and its neuron",
    ),
    "odd mixed weights": (_dense_of([[3, -2]]), "fc1", "quantize"),
    "odd mixed conv": (_conv_of(np.array([[[[1, -2]]]])), "conv1", "quantize"),
    "all zero": (_dense_of([[0, 0]]), "fc1", "Remove the layer"),
    "minus a power of two": (_dense_of([[-64, -3]]), "fc1", "Make one weight positive"),
    "minus a power of two and zero": (_dense_of([[-64, 0]]), "fc1", "Make one weight positive"),
    "groups beyond 8 bits": (_conv_of(np.ones((128, 1, 1, 1), int), groups=128), "conv1", "Split the layer"),
    "kernel beyond 8 bits": (_conv_of(np.ones((1, 1, 128, 1), int)), "conv1", "Split the layer"),
    "stride beyond 8 bits": (_conv_of(np.ones((1, 1, 1, 1), int), stride=(128, 1)), "conv1", "Split the layer"),
}  # fmt: skip
OUT_OF_RANGE: dict[str, tuple[Graph, str]] = {
    "mixed high": (_dense_of([[256, -2]]), "fc1.weight"),
    "mixed low": (_dense_of([[2, -258]]), "fc1.weight"),
    "positive": (_dense_of([[256, 2]]), "fc1.weight"),
    "negative": (_dense_of([[-129, -2]]), "fc1.weight"),
    "conv mixed": (_conv_of(np.array([[[[256, -2]]]])), "conv1.weight"),
    "conv negative": (_conv_of(np.array([[[[-256, -2]]]])), "conv1.weight"),
    "bias": (chain(W, bias=np.array([0, 4096])), "cuba1.bias"),
    "conv sums": (_conv_of(np.full((1, 300, 120, 1), 254)), "conv1.sum"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_netx_cannot_say_is_refused_by_name_with_the_way_out(what: str, tmp_path: Path) -> None:
    graph, node, way_out = REFUSED[what]
    with pytest.raises(Unsupported) as error:
        export(graph, tmp_path)
    assert error.value.node == node
    assert way_out in str(error.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", OUT_OF_RANGE)
def test_a_value_that_does_not_fit_is_refused_by_tensor(what: str, tmp_path: Path) -> None:
    graph, tensor = OUT_OF_RANGE[what]
    with pytest.raises(RangeError) as error:
        export(graph, tmp_path)
    assert error.value.tensor == tensor
    assert list(tmp_path.iterdir()) == []


FITTING = {
    "mixed": [[254, -256]],
    "one positive": [[2, -256]],
    "positive": [[255, 1]],
    "negative": [[-127, -1]],
    "negative and zero": [[-3, 0]],
}


@pytest.mark.parametrize("what", FITTING)
def test_the_largest_weights_that_fit_are_accepted_and_exact(what: str, rng: Rng, tmp_path: Path) -> None:
    graph = _dense_of(FITTING[what])
    assert compared(export(graph, tmp_path), READER, spikes(rng, graph, 8, samples=3)).values > 0


def test_an_earlier_export_survives_a_refusal(rng: Rng, tmp_path: Path) -> None:
    artefact = export(every_kind(rng), tmp_path)
    before = (artefact.folder / "network.net").read_bytes()
    with pytest.raises(Unsupported):
        export(REFUSED["subtract"][0], tmp_path)
    assert (artefact.folder / "network.net").read_bytes() == before


# --------------------------------------------------------------------------------------- damage


def _add(key: str, amount: int, rank: int = 0) -> Callable[[h5py.File], None]:
    """Add to the first (or `rank`-th) non-zero value, or to a scalar."""

    def change(file: h5py.File) -> None:
        values = file[key][()]
        if np.ndim(values):
            values[tuple(np.argwhere(values)[rank])] += amount
        else:
            values += amount
        file[key][...] = values

    return change


DAMAGED = {
    "conv weight": _add("layer/1/weight", 2),
    "grouped conv weight": _add("layer/2/weight", 2),
    "dense weight": _add("layer/4/weight", 2, rank=20),
    "readout weight": _add("layer/5/weight", 2),
    "conv bias": _add("layer/1/bias", 1),
    "dense bias": _add("layer/4/bias", -1),
    "current decay": _add("layer/2/neuron/iDecay", 1),
    "current decay of a LIF": _add("layer/1/neuron/iDecay", -1),
    "voltage decay": _add("layer/2/neuron/vDecay", -1),
    "voltage decay of an IF": _add("layer/4/neuron/vDecay", 1),
    "first threshold": _add("layer/1/neuron/vThMant", 1),
    "second threshold": _add("layer/2/neuron/vThMant", -1),
    "third threshold": _add("layer/4/neuron/vThMant", 9),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_one_changed_number_in_the_network_changes_what_it_computes(
    what: str, rng: Rng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loihi, "check_numbers", lambda *_: None)
    graph = every_kind(rng)
    frames = spikes(rng, graph, 8, samples=20)
    artefact = edit_network(export(graph, tmp_path), DAMAGED[what])
    assert artefact.changed_files() == []
    with pytest.raises(MismatchError, match="at timestep"):
        compared(artefact, READER, frames)


SILENTLY_DAMAGED = DAMAGED | {
    "dense weight": _add("layer/4/weight", 2),
    "third threshold": _add("layer/4/neuron/vThMant", 1),
}


@pytest.mark.parametrize("what", SILENTLY_DAMAGED)
def test_one_changed_number_is_found_on_data_that_never_meets_it(what: str, rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    artefact = edit_network(export(graph, tmp_path), SILENTLY_DAMAGED[what])
    with pytest.raises(MismatchError, match="in the file"):
        compared(artefact, READER, np.zeros((8, 1, *graph.input.shape), np.uint8))


def _no_neurons(file: h5py.File) -> None:
    del file["layer/4/neuron"], file["layer/5"]


def _other_stride(file: h5py.File) -> None:
    file["layer/1/stride"][...] = (2, 2)
    file["layer/1/shape"][...] = (4, 5, 6)
    file["layer/2/shape"][...] = (6, 3, 8)
    del file["layer/4/weight"]
    file["layer/4/weight"] = np.ones((12, 6 * 3 * 8), np.int16)


@pytest.mark.parametrize(("change", "reason"), [(_no_neurons, "the manifest places"), (_other_stride, "geometry")])
def test_a_network_of_another_structure_is_named(
    change: Callable[[h5py.File], None], reason: str, rng: Rng, tmp_path: Path
) -> None:
    graph = every_kind(rng)
    artefact = edit_network(export(graph, tmp_path), change)
    with pytest.raises(ArtefactError, match=reason):
        compared(artefact, READER, spikes(rng, graph, 8, samples=2))


def test_a_manifest_with_other_node_names_is_named(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)

    def rename(manifest: dict) -> None:
        for key in ("layers", "latency"):
            manifest["notes"][key]["other"] = manifest["notes"][key].pop("lif1")

    artefact = edit_manifest(export(graph, tmp_path), rename)
    with pytest.raises(ArtefactError, match="the network's neurons are lif1"):
        EXPORTER.run(artefact, READER, spikes(rng, graph, 8, samples=2))


TIMING = {
    "reset twice as often": lambda notes: notes.update(reset_interval=4),
    "reset half as often": lambda notes: notes.update(reset_interval=16),
    "reset one step early": lambda notes: notes.update(reset_offset=0),
    "reset one step late": lambda notes: notes.update(reset_offset=2),
    "first layer's latency": lambda notes: notes["latency"].update(lif1=2),
    "last layer's latency": lambda notes: notes["latency"].update(answer=3),
    "answer read as spikes": lambda notes: notes["answer"].update(read="spikes"),
}


@pytest.mark.parametrize("what", TIMING)
def test_one_changed_number_in_the_manifest_is_a_mismatch(what: str, rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    artefact = edit_manifest(export(graph, tmp_path), lambda manifest: TIMING[what](manifest["notes"]))
    with pytest.raises(MismatchError):
        compared(artefact, READER, spikes(rng, graph, 8, samples=3))


NONSENSE = {
    "no reset_interval": lambda notes: notes.pop("reset_interval"),
    "reset_interval zero": lambda notes: notes.update(reset_interval=0),
    "reset_interval text": lambda notes: notes.update(reset_interval="8"),
    "no reset_offset": lambda notes: notes.pop("reset_offset"),
    "no layers": lambda notes: notes.update(layers={}),
    "a layer that is no number": lambda notes: notes["layers"].update(lif1=None),
    "latency of billions": lambda notes: notes["latency"].update(lif1=10**9),
    "latency of another node": lambda notes: notes["latency"].update(other=1),
    "no answer": lambda notes: notes.pop("answer"),
    "answer of another node": lambda notes: notes["answer"].update(node="other"),
    "answer read as current": lambda notes: notes["answer"].update(read="current"),
}


@pytest.mark.parametrize("what", NONSENSE)
def test_a_manifest_that_makes_no_sense_is_named(what: str, rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    artefact = edit_manifest(export(graph, tmp_path), lambda manifest: NONSENSE[what](manifest["notes"]))
    with pytest.raises(ArtefactError, match=r"notes\.(reset|layers|latency|answer)"):
        EXPORTER.run(artefact, READER, spikes(rng, graph, 8, samples=2))


def test_a_manifest_that_places_nodes_elsewhere_is_named(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    artefact = edit_manifest(export(graph, tmp_path), lambda m: m["notes"]["layers"].update(lif1=3))
    with pytest.raises(ArtefactError, match="manifest places nodes in layers"):
        EXPORTER.run(artefact, READER, spikes(rng, graph, 8, samples=2))


def test_frames_of_another_length_are_refused(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    with pytest.raises(DataError, match="7 timesteps, the artefact takes 8"):
        EXPORTER.run(export(graph, tmp_path), READER, spikes(rng, graph, 7, samples=2))


# --------------------------------------------------------------------------- recurrence and delays


@pytest.mark.parametrize("make", [recurrent_net, delayed_net])
def test_recurrence_and_delays_are_exact_in_the_reader(
    make: Callable[[np.random.Generator], Graph], tmp_path: Path
) -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        graph = make(rng)
        artefact = export(graph, tmp_path / str(seed))
        frames = spikes(rng, graph, 8, samples=4)
        assert compared(artefact, READER, frames).values > 0
        assert simulate(artefact.integer_graph(), frames)["cuba1"].any()
        assert artefact.manifest["notes"]["restart"] is True


def test_a_chain_without_delays_runs_back_to_back(tmp_path: Path) -> None:
    assert export(chain(W), tmp_path).manifest["notes"]["restart"] is False


def _delays(layer: h5py.Group) -> None:
    place = tuple(np.argwhere(layer["weight"][()] != 0)[0])
    changed = layer["delay"][()]
    changed[place] = 3 - changed[place]
    layer["delay"][...] = changed


def _recurrent_weight(layer: h5py.Group) -> None:
    changed = layer["weight_rec"][()]
    changed[0, 0] += 2
    layer["weight_rec"][...] = changed


@pytest.mark.parametrize(
    ("make", "damage", "named"),
    [(delayed_net, _delays, "fc1_0.delay"), (recurrent_net, _recurrent_weight, "rec1.weight")],
)
def test_a_changed_delay_or_recurrent_weight_is_noticed(
    make: Callable[[np.random.Generator], Graph],
    damage: Callable[[h5py.Group], None],
    named: str,
    rng: np.random.Generator,
    tmp_path: Path,
) -> None:
    graph = make(rng)
    artefact = export(graph, tmp_path)
    edit_network(artefact, lambda file: damage(file["layer/1"]))
    with pytest.raises(MismatchError, match=named):
        compared(artefact, READER, spikes(rng, graph, 8, samples=2))
