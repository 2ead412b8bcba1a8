"""What a caller of the generated C may rely on: errors before changes, instances apart, each event once, honest sizes."""

import ctypes
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_nets import Net, library, net, require

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ConfigError
from neurodeploy.exporters._c_text import identifier
from neurodeploy.exporters.c import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.targets import configure, write_artefact

ERROR_INDEX, ERROR_COUNT, ERROR_VALUE = -1, -2, -3


def conv_net(high: int = 1) -> IntGraph:
    """A map that answers with its own spikes, (3, 4, 5)."""
    rng = np.random.default_rng(3)
    conv = Conv2d("conv", (Ref("input"),), 2 * rng.integers(-20, 40, (3, 2, 2, 2)))
    return IntGraph(Graph((Input("input", (), (2, 5, 6), high), conv, Cuba("lif", (Ref("conv"),), 3000, 410, 60))))


def read_net() -> IntGraph:
    rng = np.random.default_rng(4)
    nodes = (Input("input", (), (2, 5, 6)), Flatten("flat", (Ref("input", 2),)))
    dense = Dense("fc", (Ref("flat"),), rng.integers(-90, 90, (7, 60)), rng.integers(-9, 9, 7))
    return IntGraph(Graph((*nodes, dense, Readout("answer", (Ref("fc"),)))))


@pytest.fixture(scope="module")
def nets() -> dict[str, Net]:
    return {"spikes": net(conv_net(), "spikes"), "many": net(conv_net(3), "many"), "values": net(read_net(), "values")}


@pytest.fixture(scope="module")
def lib(nets: dict[str, Net], tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    require("gcc")
    found = library(list(nets.values()), tmp_path_factory.mktemp("lib"))
    found.spikes_counts.restype = ctypes.POINTER(ctypes.c_uint16)
    found.spikes_output.restype = ctypes.POINTER(ctypes.c_uint16)
    found.spikes_event_set_list.restype = ctypes.POINTER(ctypes.c_uint16)
    found.values_scores.restype = ctypes.POINTER(ctypes.c_int32)
    return found


def state(size: int = 1 << 14) -> ctypes.Array:
    """Memory full of rubbish, as a caller may hand it over."""
    return (ctypes.c_uint8 * size)(*([0xA5] * size))


def events(*indices: int) -> ctypes.Array:
    return (ctypes.c_uint16 * len(indices))(*indices)


def random_steps(seed: int, steps: int = 6) -> np.ndarray:
    return (np.random.default_rng(seed).random((steps, 60)) < 0.3).astype(np.uint8)


def step(lib: ctypes.CDLL, name: str, at: ctypes.Array, frame: np.ndarray) -> int:
    indices = events(*np.flatnonzero(frame).tolist())
    return int(getattr(lib, f"{name}_step")(at, indices, len(indices)))


@pytest.mark.parametrize(
    ("indices", "count", "error"),
    [((60,), 1, ERROR_INDEX), ((0, 1, 65535), 3, ERROR_INDEX), ((*range(60), 0), 61, ERROR_COUNT)],
)
def test_a_refused_list_changes_nothing(lib: ctypes.CDLL, indices: tuple[int, ...], count: int, error: int) -> None:
    own = state()
    lib.spikes_reset(own)
    for frame in random_steps(1):
        assert step(lib, "spikes", own, frame) >= 0
    before = bytes(own)
    assert lib.spikes_step(own, events(*indices), count) == error
    assert bytes(own) == before


def test_a_refused_frame_changes_nothing(lib: ctypes.CDLL) -> None:
    own = state()
    lib.many_reset(own)
    frame = np.zeros(60, np.uint8)
    frame[59] = 3
    assert lib.many_step_dense(own, frame.tobytes()) >= 0
    before = bytes(own)
    frame[58] = 4
    assert lib.many_step_dense(own, frame.tobytes()) == ERROR_VALUE
    assert bytes(own) == before


def test_a_repeated_index_counts_as_often_as_the_input_allows(lib: ctypes.CDLL, nets: dict[str, Net]) -> None:
    one, other = state(), state()
    lib.many_reset(one)
    lib.many_reset(other)
    frame = np.zeros(60, np.uint8)
    frame[[7, 30]] = 3, 2
    assert lib.many_step(one, events(30, 7, 7, 30, 7), 5) == lib.many_step_dense(other, frame.tobytes())
    assert bytes(one) == bytes(other)
    expected = simulate(nets["many"].network, frame.reshape(1, 1, 2, 5, 6))["lif.current"].reshape(-1)
    assert [lib.many_current(one, 0, k) for k in range(60)] == expected.tolist()


def test_the_order_of_events_is_free(lib: ctypes.CDLL) -> None:
    one, other = state(), state()
    for own, indices in ((one, (3, 59, 20, 4)), (other, (20, 4, 3, 59))):
        lib.spikes_reset(own)
        lib.spikes_step(own, events(*indices), 4)
    assert bytes(one) == bytes(other)


def test_two_instances_do_not_know_each_other(lib: ctypes.CDLL) -> None:
    steps = random_steps(1), random_steps(2)

    def alone(frames: np.ndarray) -> bytes:
        own = state()
        lib.spikes_reset(own)
        for frame in frames:
            step(lib, "spikes", own, frame)
        return bytes(own)

    together = state(), state()
    for own in together:
        lib.spikes_reset(own)
    for pair in zip(*steps, strict=True):
        for own, frame in zip(together, pair, strict=True):
            step(lib, "spikes", own, frame)
    assert [bytes(own) for own in together] == [alone(frames) for frames in steps]
    assert bytes(together[0]) != bytes(together[1])


@pytest.mark.parametrize("name", ["spikes", "values"])
def test_a_reset_forgets_everything(lib: ctypes.CDLL, name: str) -> None:
    own = state()
    getattr(lib, f"{name}_reset")(own)
    fresh = bytes(own)
    answers = []
    for _ in range(2):
        for frame in random_steps(5):
            step(lib, name, own, frame)
        answers.append(bytes(own))
        getattr(lib, f"{name}_reset")(own)
    assert answers[0] == answers[1]
    assert fresh != answers[0]


def test_counts_and_output_are_in_the_order_of_the_graph(lib: ctypes.CDLL, nets: dict[str, Net]) -> None:
    frames = random_steps(9)
    expected = simulate(nets["spikes"].network, frames.reshape(-1, 1, 2, 5, 6))["lif"].reshape(len(frames), -1)
    own, count = state(), ctypes.c_uint32()
    lib.spikes_reset(own)
    for time, frame in enumerate(frames):
        assert step(lib, "spikes", own, frame) == expected[time].sum()
        listed = lib.spikes_output(own, ctypes.byref(count))[: expected[time].sum()]
        assert count.value == expected[time].sum()
        assert sorted(listed) == np.flatnonzero(expected[time]).tolist()
        assert lib.spikes_counts(own)[:60] == expected[: time + 1].sum(0).tolist()
    assert expected.any()


def test_scores_are_the_values_of_the_readout(lib: ctypes.CDLL, nets: dict[str, Net]) -> None:
    frames = random_steps(9)
    expected = simulate(nets["values"].network, frames.reshape(-1, 1, 2, 5, 6))["answer"]
    own = state()
    lib.values_reset(own)
    for time, frame in enumerate(frames):
        assert step(lib, "values", own, frame) == 0
        assert lib.values_scores(own)[:7] == expected[time, 0].tolist()
        assert lib.values_predict(own) == expected[time, 0].argmax()


def test_a_set_lets_each_index_through_once(lib: ctypes.CDLL) -> None:
    collected = state()
    lib.spikes_event_set_clear(collected)
    assert [lib.spikes_event_set_add(collected, k) for k in (5, 59, 5, 0, 59, 60)] == [1, 1, 0, 1, 0, ERROR_INDEX]
    assert lib.spikes_event_set_count(collected) == 3
    assert lib.spikes_event_set_list(collected)[:3] == [5, 59, 0]
    lib.spikes_event_set_clear(collected)
    assert lib.spikes_event_set_count(collected) == 0
    assert lib.spikes_event_set_add(collected, 5) == 1


def macro(one: Net, name: str) -> int:
    line = next(x for x in one.files[f"{one.name}.h"].decode().splitlines() if f"{one.name}_{name} " in x)
    return int(line.split()[2].rstrip("u"), 0)


def test_the_header_says_how_large_everything_is(nets: dict[str, Net], tmp_path: Path) -> None:
    require("gcc")
    for one in nets.values():
        name = one.name
        for file in (f"{name}.h", f"{name}.c"):
            (tmp_path / file).write_bytes(one.files[file])
        (tmp_path / "main.c").write_text(
            f'#include "{name}.h"\nint main(void) {{ return (int)sizeof({name}_t) % 251; }}\n'
        )
        subprocess.run(["gcc", f"{name}.c", "main.c", "-o", "size"], cwd=tmp_path, check=True)
        size = subprocess.run([tmp_path / "size"], check=False).returncode
        assert macro(one, "STATE_BYTES") % 251 == size
        assert macro(one, "INPUT_SIZE") == 60
        assert [macro(one, f"INPUT_{key}") for key in ("CHANNELS", "HEIGHT", "WIDTH")] == [2, 5, 6]
    assert macro(nets["many"], "INPUT_HIGH") == 3
    assert macro(nets["values"], "OUTPUT_SIZE") == 7
    assert macro(nets["spikes"], "CONST_BYTES") == 24


def test_a_neuron_without_memory_of_its_current_takes_one_word() -> None:
    dense = Dense("fc", (Ref("input"),), np.eye(9, dtype=int))
    nodes = Input("input", (), (9,)), dense, Cuba("a", (Ref("fc"),), 4096, 1, 5)
    small = net(IntGraph(Graph(nodes)), "small")
    assert (
        macro(small, "STATE_BYTES") == 9 * 4 + 4 + 9 * 2 + 9 * 2
    )  # voltages; number, list and counts of output spikes


def test_two_exports_are_the_same_bytes(nets: dict[str, Net]) -> None:
    again = net(conv_net(), "spikes")
    assert again.files == nets["spikes"].files


def test_the_layout_of_weights_is_a_choice() -> None:
    deployment = Deployment(read_net(), None, 4, tuple("abcdefg"), "digits")
    tiles, rows = (configure(EXPORTER, {"layout": layout}).emit(deployment) for layout in ("tiles", "rows"))
    assert (tiles.notes["layout"], rows.notes["layout"]) == ("tiles", "rows")
    assert tiles.files["digits.c"] != rows.files["digits.c"]
    assert EXPORTER.emit(deployment).files == tiles.files
    with pytest.raises(ConfigError, match="tiles, rows"):
        configure(EXPORTER, {"layout": "columns"})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("nmnist", "nmnist"),
        ("2026-11-21 cnn", "net_2026_11_21_cnn"),
        ("_", "net"),
        ("", "net"),
        ("double", "double_net"),
        ("String", "String_net"),
        ("model", "model_net"),
        ("uint32", "uint32_net"),
        ("test", "test_net"),
        ("größe", "gr_e"),
        ("x" * 80, "x" * 48),
    ],
)
def test_a_name_becomes_an_identifier(given: str, wanted: str) -> None:
    assert identifier(given) == wanted
    assert identifier(wanted) == wanted


def test_the_folder_explains_itself(tmp_path: Path) -> None:
    artefact = write_artefact(EXPORTER, Deployment(conv_net(), None, 4, ("a",), "camera"), tmp_path / "out")
    readme = (artefact.folder / "README.md").read_text()
    assert "(p * 5 + y) * 6 + x" in readme
    assert "@" not in readme
    assert artefact.manifest["notes"]["prefix"] == "camera"
    wanted = {"camera.h", "camera.c", "test_camera.c", "main_test.c", "example_main.c", "Makefile", "CMakeLists.txt"}
    assert wanted | {"README.md", "camera.json"} <= set(artefact.manifest["files"])
