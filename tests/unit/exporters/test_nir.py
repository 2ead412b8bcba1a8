"""The NIR target: its files, its verdicts, what it refuses, and what its option changes."""

import json
import sys
from pathlib import Path

import h5py
import nir
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import nir_nets
from nir_nets import Rng

from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.evaluation import change
from neurodeploy.exporters.nir import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Node, Ref, Schedule, simulate
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Input, Readout, Reset
from neurodeploy.nirfile import FileNetwork, order_of, read_network
from neurodeploy.subject import Samples
from neurodeploy.targets import configure, find
from neurodeploy.verify import Status, verify


def emitted(graph: Graph) -> FileNetwork:
    return read_network(EXPORTER.emit(nir_nets.deployment(graph)).files["network.nir"])


def test_the_target_is_found_by_name() -> None:
    assert find("nir") is EXPORTER


def test_the_same_network_gives_the_same_bytes(rng: Rng) -> None:
    graph = nir_nets.maps(rng)
    first, second = (EXPORTER.emit(nir_nets.deployment(graph)).files for _ in range(2))
    assert first == second


def test_the_nir_library_reads_the_file_and_checks_its_types(rng: Rng, tmp_path: Path) -> None:
    artefact = nir_nets.export(nir_nets.maps(rng), tmp_path)
    graph = nir.read(artefact.folder / "network.nir")
    kinds = {name: type(node).__name__ for name, node in graph.nodes.items()}
    assert kinds["conv2"] == "Conv2d"
    assert kinds["pool"] == "SumPool2d"
    assert kinds["cuba1"] == "LIF"
    assert kinds["cuba2"] == "CubaLIF"
    assert graph.metadata["dt"] == 1e-4


def test_weights_are_the_integers_and_every_array_is_full(rng: Rng) -> None:
    graph = nir_nets.dense(rng, (4096, 410))
    network = emitted(graph)
    np.testing.assert_array_equal(network.nodes["fc1"].array("weight"), graph["fc1"].weight)
    assert all(network.nodes["cuba1"].array(field).shape == (40,) for field in ("tau", "r", "v_leak", "v_threshold"))
    np.testing.assert_array_equal(network.nodes["cuba1"].array("r"), 1)


def test_a_threshold_lies_between_two_voltages(rng: Rng) -> None:
    whole, fraction = (emitted(nir_nets.dense(rng, decays)).nodes["cuba1"] for decays in ((4096, 0), (4096, 2048)))
    np.testing.assert_array_equal(whole.array("v_threshold"), np.float32(150.5 / 2**48))
    half = fraction.array("v_threshold") * 2  # decay 2048: the file's voltages are half of ours
    assert (half > 150).all()
    assert (half < 150 + 1 / 64).all()


@pytest.mark.parametrize("decays", [(4096, 0), (4096, 4096)], ids=["no leak", "no memory"])
def test_a_network_without_rounding_is_exact(decays: tuple[int, int], rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, decays)
    (verdict,) = verify(nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph))
    assert verdict.status is Status.EXACT
    assert verdict.spikes > 0


def test_a_leaky_network_says_how_many_spikes_differ_from_the_integers(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, (1024, 128))
    data = nir_nets.frames(rng, graph, samples=20)
    artefact = nir_nets.export(graph, tmp_path)
    (verdict,) = verify(artefact, data)
    drift = EXPORTER.measure(artefact, data)["drift"]
    differing = sum(layer["differing"] for layer in drift["layers"].values())
    assert verdict.status is Status.WITHIN_TOLERANCE
    assert f"{differing} of {verdict.spikes} spikes" in verdict.reason
    assert differing > 0


def test_a_changed_byte_is_a_mismatch(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, (4096, 410))
    artefact = nir_nets.export(graph, tmp_path)
    path = artefact.folder / "network.nir"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    assert verify(artefact, nir_nets.frames(rng, graph))[0].status is Status.MISMATCH


def test_a_wrong_threshold_is_a_mismatch_of_the_run(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, (4096, 0))
    artefact = nir_nets.export(graph, tmp_path)
    with h5py.File(artefact.folder / "network.nir", "r+") as file:
        file["node/nodes/cuba1/v_threshold"][...] *= 0.9
    _, verdict = verify(artefact, nir_nets.frames(rng, graph))
    assert verdict.runtime == "nir-interpreter"
    assert verdict.status is Status.MISMATCH
    assert "cuba1" in verdict.reason


def test_the_sidecar_holds_the_integers(rng: Rng) -> None:
    facts = json.loads(EXPORTER.emit(nir_nets.deployment(nir_nets.dense(rng, (1024, 410)))).files["network.json"])
    assert facts["dt"] == 1e-4
    assert facts["timesteps"] == 60
    assert facts["reset"] == "zero"
    wanted = {"kind": "CubaLIF", "threshold": 150, "current_decay": 1024, "voltage_decay": 410, "voltage_unit": 1.0}
    assert facts["neurons"]["cuba1"] == wanted


def test_the_file_is_right_without_its_metadata(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.maps(rng)
    artefact, data = nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph)
    before = EXPORTER.run(artefact, EXPORTER.runtimes[0], data)
    with h5py.File(artefact.folder / "network.nir", "r+") as file:
        del file["node/metadata"]
        for name in ("cuba1", "cuba2", "output"):
            del file[f"node/nodes/{name}/metadata"]
    (artefact.folder / "network.json").unlink()
    after = EXPORTER.run(artefact, EXPORTER.runtimes[0], data)
    assert before.values.keys() == after.values.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before.values)


def test_recurrence_is_a_loop_that_every_reader_breaks_there(rng: Rng) -> None:
    network = emitted(nir_nets.recurrent(rng, (4096, 410)))
    assert order_of(network).later == {("output", "back")}
    assert all(node.kind != "Delay" for node in network.nodes.values())


@pytest.mark.parametrize("delay", [1, 2, 3])
@pytest.mark.parametrize("bias", [None, np.array([9, 20, -7, 3, 30, 1])], ids=["", "biased"])
def test_loops_over_two_layers(delay: int, bias: np.ndarray | None, rng: Rng, tmp_path: Path) -> None:
    nodes = (
        Input("input", (), (8,)),
        Dense("fc1", (Ref("input"),), nir_nets.even(rng, 6, 8)),
        Dense("back", (Ref("cuba2", delay),), nir_nets.even(rng, 6, 6), bias),
        Cuba("cuba1", (Ref("fc1"), Ref("back")), 4096, 410, 100),
        Dense("fc2", (Ref("cuba1"),), nir_nets.even(rng, 6, 6)),
        Cuba("cuba2", (Ref("fc2"),), 4096, 410, 60),
    )
    graph = Graph(nodes)
    (verdict,) = verify(nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph))
    assert verdict.status is Status.WITHIN_TOLERANCE, verdict.reason
    kinds = [node.kind for node in emitted(graph).nodes.values()]
    assert ("Delay" in kinds) == (delay > 1)


def test_a_loop_with_two_entries_gets_a_delay_node(rng: Rng, tmp_path: Path) -> None:
    """The input meets both neurons of the loop, so readers could break it at either."""
    nodes = (
        Input("input", (), (8,)),
        Dense("fc1", (Ref("input"),), nir_nets.even(rng, 6, 8)),
        Dense("back", (Ref("cuba2", 1),), nir_nets.even(rng, 6, 6)),
        Cuba("cuba1", (Ref("fc1"), Ref("back")), 4096, 410, 100),
        Dense("fc2", (Ref("cuba1"),), nir_nets.even(rng, 6, 6)),
        Dense("past", (Ref("input"),), nir_nets.even(rng, 6, 8)),
        Cuba("cuba2", (Ref("fc2"), Ref("past")), 4096, 410, 60),
    )
    graph = Graph(nodes)
    assert emitted(graph).nodes["cuba2_delay1"].kind == "Delay"
    (verdict,) = verify(nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph))
    assert verdict.status is Status.WITHIN_TOLERANCE, verdict.reason


def test_the_pipelined_schedule_becomes_delays(rng: Rng, tmp_path: Path) -> None:
    plain = nir_nets.dense(rng, (4096, 410))
    graph = Graph(plain.nodes, schedule=Schedule.PIPELINED)
    (verdict,) = verify(nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph))
    assert verdict.status is Status.WITHIN_TOLERANCE, verdict.reason


def test_a_bias_that_no_synapse_can_take_becomes_the_leak(rng: Rng, tmp_path: Path) -> None:
    plain = nir_nets.dense(rng, (1024, 410))
    biased = Cuba("cuba1", (Ref("fc1"),), 1024, 410, 150, bias=rng.integers(-9, 30, 40))
    graph = Graph(tuple(biased if node.name == "cuba1" else node for node in plain.nodes))
    assert emitted(graph).nodes["cuba1"].array("v_leak").any()
    (verdict,) = verify(nir_nets.export(graph, tmp_path), nir_nets.frames(rng, graph))
    assert verdict.status is Status.WITHIN_TOLERANCE, verdict.reason


def test_the_manifest_warns_of_readers_that_go_wrong(rng: Rng) -> None:
    warned = {make: EXPORTER.emit(nir_nets.deployment(make(rng))).notes["warnings"] for make in (nir_nets.delayed,)}
    assert any("Norse 1.1.0" in text for text in warned[nir_nets.delayed])
    assert EXPORTER.emit(nir_nets.deployment(nir_nets.dense(rng, (4096, 410)))).notes["warnings"] == []


def ending(rng: Rng, *nodes: Node) -> Graph:
    return Graph((*nir_nets.dense(rng, (4096, 410)).nodes[:3], *nodes))


REFUSED = {
    "it adds 'cuba1' twice": lambda rng: ending(rng, Cuba("last", (Ref("cuba1"), Ref("cuba1")), 4096, 0, 9)),
    "reset by subtraction": lambda rng: nir_nets.dense(rng, (4096, 410), reset=Reset.SUBTRACT),
    "no node reads it": lambda rng: ending(
        rng, Dense("dead", (Ref("cuba1"),), np.ones((2, 40), int)), Cuba("last", (Ref("cuba1"),), 4096, 0, 9)
    ),
    "a Readout inside": lambda rng: ending(
        rng,
        Dense("fc2", (Ref("cuba1"),), np.ones((2, 40), int)),
        Readout("middle", (Ref("fc2"),)),
        Add("sum", (Ref("middle"), Ref("fc2"))),
        Cuba("last", (Ref("sum"),), 4096, 0, 9),
    ),
    "the network ends with it": lambda rng: ending(rng, Dense("fc2", (Ref("cuba1"),), np.ones((2, 40), int))),
    "square kernels": lambda rng: Graph(
        (
            Input("input", (), (1, 4, 4)),
            Conv2d("conv1", (Ref("input"),), np.ones((1, 1, 2, 3), int)),
            Cuba("last", (Ref("conv1"),), 4096, 0, 9),
        )
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_nir_cannot_say_is_refused_by_name(reason: str, rng: Rng, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedNodeError, match=reason) as error:
        nir_nets.export(REFUSED[reason](rng), tmp_path)
    assert error.value.hint
    assert not (tmp_path / "out").exists()


def test_the_reset_is_changed_when_asked_for_and_the_cost_is_stated(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, (4096, 410), reset=Reset.SUBTRACT)
    exporter = configure(EXPORTER, {"reset": "zero"})
    artefact, data = nir_nets.export(graph, tmp_path, exporter), nir_nets.frames(rng, graph)
    labels = simulate(IntGraph(graph), data)["output"].sum(0).argmax(1)
    found = change(artefact, Samples(data, labels, ("a", "b", "c", "d"), "random"))["change"]
    assert "cuba1, output" in artefact.manifest["notes"]["changed"]
    assert found["before"]["accuracy"] == 1.0
    assert found["after"]["spikes"]["cuba1"] < found["before"]["spikes"]["cuba1"]
    assert artefact.integer_graph().graph["cuba1"].reset is Reset.ZERO
    assert artefact.trained_graph().graph["cuba1"].reset is Reset.SUBTRACT
    assert verify(artefact, data)[0].status is Status.WITHIN_TOLERANCE


def test_the_option_leaves_other_networks_alone(rng: Rng, tmp_path: Path) -> None:
    graph = nir_nets.dense(rng, (4096, 410))
    artefact = nir_nets.export(graph, tmp_path, configure(EXPORTER, {"reset": "zero"}))
    assert "changed" not in artefact.manifest["notes"]
    assert artefact.trained_graph() is None


@pytest.mark.parametrize("options", [{"rest": "zero"}, {"reset": "one"}])
def test_an_unknown_option_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="--option"):
        configure(EXPORTER, options)
