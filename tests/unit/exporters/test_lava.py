"""The exported files in real lava-dl NetX; and what happens when Lava is missing, broken, crashes or stands still."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from loihi_nets import (
    LAVA,
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

from neurodeploy.errors import ArtefactError, MismatchError, RangeError, ToolchainMissingError, UnsupportedNodeError
from neurodeploy.exporters import _lava
from neurodeploy.exporters._lava import lava_python, run_in_lava
from neurodeploy.exporters._netx_kept import kept_together
from neurodeploy.exporters._netx_notes import read_notes
from neurodeploy.exporters._netx_read import read_network
from neurodeploy.exporters._netx_weights import refuse_weights
from neurodeploy.exporters.loihi import EXPORTER, READER
from neurodeploy.graph import Graph, Node, Ref, Trace, scores, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Input, Readout
from neurodeploy.targets import Artefact
from neurodeploy.verify.compare import compare

Rng = np.random.Generator


@pytest.fixture
def lava() -> Path:
    try:
        return lava_python()
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))


# ------------------------------------------------------------------------------------ exactness


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
def test_a_network_of_every_kind_is_exact_in_lava(rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    frames = spikes(rng, graph, 8, samples=5)
    artefact = export(graph, tmp_path)
    assert compared(artefact, LAVA, frames).values > 50_000
    trace = simulate(artefact.integer_graph(), frames)
    assert all(trace[name].any() for name in ("lif1", "cuba2", "if3", "answer"))


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("make", [recurrent_net, delayed_net, biased_behind_delays])
def test_recurrence_and_delays_are_exact_in_lava(make: Callable[[Rng], Graph], rng: Rng, tmp_path: Path) -> None:
    graph = make(rng)
    frames = spikes(rng, graph, 8, samples=3)
    artefact = export(graph, tmp_path)
    assert compared(artefact, LAVA, frames).values > 0
    assert simulate(artefact.integer_graph(), frames)["cuba1"].any()


KEPT_BY_LAVA = """
import importlib.util, sys
from pathlib import Path
import lava, numpy as np
from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights
path = next(p for folder in lava.__path__ if (p := Path(folder) / "lib/dl/netx/utils.py").is_file())
spec = importlib.util.spec_from_file_location("netx_utils", path)
netx = importlib.util.module_from_spec(spec)
spec.loader.exec_module(netx)

def arrives(matrix, given, bits, exponent):
    mode = determine_sign_mode(given)
    stored = truncate_weights(clip_weights(given, mode, num_bits=8), mode, bits)
    shifted = np.left_shift(stored, exponent) if exponent > 0 else np.right_shift(stored, -exponent)
    return bool((shifted == matrix).all())

pairs, kept = np.load(sys.argv[1]), []
for weight, recurrent in zip(pairs["weight"], pairs["recurrent"]):
    try:
        joined, bits, exponent, _ = netx.optimize_weight_bits(np.hstack((weight, recurrent)))
        halves = np.split(joined, [weight.shape[1]], axis=1)
        kept.append(all(arrives(m, g, bits, exponent) for m, g in zip((weight, recurrent), halves)))
    except (OverflowError, ValueError):
        kept.append(False)
np.save(sys.argv[2], kept)
"""


@pytest.mark.lava
def test_weights_called_kept_are_kept_by_lava(lava: Path, rng: Rng, tmp_path: Path) -> None:
    def matrix() -> np.ndarray:
        top, sign = int(rng.choice([1, 2, 7, 64, 127, 128, 200, 255, 256, 300])), int(rng.integers(0, 3))
        low, high = ((-top, top), (0, top), (-top, 0))[sign]
        return rng.integers(low, high + 1, (3, 4)) * int(rng.integers(1, 3))

    pairs = [(matrix(), matrix()[:, :3]) for _ in range(1000)]
    np.savez(tmp_path / "pairs.npz", weight=[w for w, _ in pairs], recurrent=[r for _, r in pairs])
    script = tmp_path / "kept.py"
    script.write_text(KEPT_BY_LAVA)
    arguments = [str(lava), "-W", "ignore", str(script), str(tmp_path / "pairs.npz"), str(tmp_path / "kept.npy")]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    kept, ours = np.load(tmp_path / "kept.npy"), np.array([kept_together(*pair) for pair in pairs])
    assert ours.sum() > 300
    assert not (~kept).all()
    assert kept[ours].all()


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("seed", range(100, 104))
def test_random_networks_are_exact_in_lava(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    graph, steps = random_network(rng), int(rng.choice([1, 2, 3, 8]))
    assert compared(export(graph, tmp_path, steps), LAVA, spikes(rng, graph, steps, samples=4)).values > 0


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
def test_every_range_of_dense_weights_is_exact_in_lava(rng: Rng, tmp_path: Path) -> None:
    weights = {
        "mixed": even(rng, 12, 12, top=254),
        "one_positive": np.where(
            np.eye(12, dtype=int) * (np.arange(12) < 1) > 0, 2, -2 * rng.integers(0, 129, (12, 12))
        ),
        "positive": rng.integers(0, 256, (12, 12)),
        "negative": -rng.integers(1, 128, (12, 12)),
        "zeros_and_negative": -rng.integers(0, 2, (12, 12)) * 63,
    }
    weights["negative"][0, 0], weights["zeros_and_negative"][0, :2] = -127, (0, -63)
    nodes: list[Node] = [Input("input", (), (12,))]
    for name, weight in weights.items():
        nodes.append(Dense(f"fc_{name}", (Ref(nodes[-1].name),), weight))
        bias = np.linspace(0, 100 if name in ("mixed", "positive") else 1500, 12).astype(
            int
        )  # inhibition alone is silent
        nodes.append(Cuba(name, (Ref(nodes[-1].name),), 2048, 512, 300, bias=bias))
    graph = Graph(tuple(nodes))
    frames = spikes(rng, graph, 16, samples=4)
    assert compared(export(graph, tmp_path, 16), LAVA, frames).values > 0
    trace = simulate(graph, frames)
    assert all(trace[name].any() for name in weights)


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
def test_threshold_wrap_saturation_and_a_full_readout_are_exact_in_lava(tmp_path: Path) -> None:
    """600 inputs that always spike: one neuron exactly at threshold, one above, others beyond 24 bits either way."""
    weight = np.zeros((6, 600), int)
    weight[0, 0], weight[1, 0], weight[2], weight[3], weight[4, :300], weight[5, ::2] = 100, 102, 254, -256, 254, -200
    hidden = Cuba("hidden", (Ref("fc1"),), 0, 0, 100)
    readout = np.array([[254] * 6, [-256] * 6]).repeat(1, axis=0)
    wide = Dense("fc2", (Ref("hidden"),), readout)
    graph = Graph(
        (Input("input", (), (600,)), Dense("fc1", (Ref("input"),), weight), hidden, wide, Readout("out", (Ref("fc2"),)))
    )
    frames = np.ones((16, 2, 600), np.uint8)
    artefact = export(graph, tmp_path, 16)
    assert compared(artefact, LAVA, frames).values > 0
    trace = simulate(artefact.integer_graph(), frames)
    assert trace["hidden"][0, 0, :2].tolist() == [0, 1]
    assert np.abs(np.diff(trace["hidden.current"], axis=0)).max() > 1 << 23
    assert np.abs(trace["hidden.voltage"]).max() == (1 << 23) - 1


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
def test_a_readout_whose_voltage_saturates_never_fires_in_lava(tmp_path: Path) -> None:
    weight = np.array([[254] * 600, [2] + [-256] * 599])
    graph = Graph((Input("input", (), (600,)), Dense("fc", (Ref("input"),), weight), Readout("out", (Ref("fc"),))))
    frames = np.concatenate([np.ones((4, 1, 600), np.uint8), np.zeros((4, 1, 600), np.uint8)], axis=1)
    frames[0, 0, 430:] = 0  # 2**17 is just not reached in the first step
    artefact = export(graph, tmp_path, 4)
    assert compared(artefact, LAVA, frames).values > 0


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
def test_the_reader_agrees_with_lava_beyond_what_is_exported(rng: Rng, tmp_path: Path) -> None:
    """Odd weights of mixed signs, conv sums beyond 24 bits, biases beyond 13 bits: read alike, though never written."""
    graph = every_kind(rng)
    frames = spikes(rng, graph, 8, samples=3)

    def change(file: h5py.File) -> None:
        for key in ("layer/1/weight", "layer/2/weight"):
            weight = file[key][()].astype(np.int32)
            del file[key]
            file[key] = weight * (1 << 18) + 1
        file["layer/1/bias"][...] = [-5000, 6000, 32767, -32767]
        file["layer/4/weight"][...] += 1

    artefact = edit_network(export(graph, tmp_path), change)
    in_lava = EXPORTER.run(artefact, LAVA, frames)
    in_reader = _without_number_check(artefact, frames)
    assert compare(in_reader, in_lava, in_reader.values).values > 30_000
    assert np.abs(in_lava["lif1.current"]).max() > 1 << 24  # Lava wraps once, whatever the size


def _without_number_check(artefact: Artefact, frames: np.ndarray) -> Trace:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("neurodeploy.exporters.loihi.check_numbers", lambda *_: None)
        return EXPORTER.run(artefact, READER, frames)


EFFECTIVE = """
import importlib.util, sys
import numpy as np
from lava.utils.weightutils import clip_weights, determine_sign_mode, truncate_weights
import lava.lib.dl
place = [folder for folder in lava.lib.dl.__path__][0] + "/netx/utils.py"
spec = importlib.util.spec_from_file_location("netx_utils", place)
utils = importlib.util.module_from_spec(spec)
spec.loader.exec_module(utils)
with np.errstate(divide="ignore"), np.load(sys.argv[1]) as file:
    for name in file.files:
        weights, bits, exponent, _ = utils.optimize_weight_bits(file[name])
        mode = determine_sign_mode(weights)
        stored = truncate_weights(clip_weights(weights, mode, num_bits=8), mode, bits)
        effective = stored << exponent if exponent > 0 else stored >> -exponent
        assert (effective == file[name]).all(), (name, file[name])
print(len(file.files))
"""


@pytest.mark.lava
def test_netx_leaves_every_accepted_dense_matrix_as_it_is(lava: Path, rng: Rng, tmp_path: Path) -> None:
    accepted: dict[str, np.ndarray] = {}
    for number in range(4000):
        low, high = sorted(rng.choice([-300, -256, -129, -128, -127, -65, -64, -3, -2, -1, 0, 1, 2, 128, 255, 256], 2))
        matrix = rng.integers(low, high + 1, (2, 3)) // (step := int(rng.choice([1, 2, 4]))) * step
        try:
            refuse_weights(Dense("fc", (Ref("input"),), matrix), "loihi")
        except (RangeError, UnsupportedNodeError):
            continue
        accepted[f"m{number}"] = matrix
    np.savez(tmp_path / "weights.npz", **accepted)
    command = [str(lava), "-I", "-c", EFFECTIVE, str(tmp_path / "weights.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-1]) == len(accepted) > 500


# --------------------------------------------------------------------------------------- damage


def _plus(key: str, amount: int) -> Callable[[h5py.File], None]:
    def change(file: h5py.File) -> None:
        values = file[key][()]
        if np.ndim(values):
            values[tuple(np.argwhere(values)[0])] += amount
        else:
            values += amount
        file[key][...] = values

    return change


DAMAGED = {
    "weight": _plus("layer/1/weight", 2),
    "decay": _plus("layer/2/neuron/vDecay", 1),
    "threshold": _plus("layer/2/neuron/vThMant", 1),
}


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("what", DAMAGED)
def test_one_changed_number_in_the_network_is_a_mismatch_in_lava(what: str, rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    artefact = edit_network(export(graph, tmp_path), DAMAGED[what])
    with pytest.raises(MismatchError):
        compared(artefact, LAVA, spikes(rng, graph, 8, samples=10))


@pytest.mark.lava
@pytest.mark.usefixtures("lava")
@pytest.mark.parametrize("change", [{"reset_interval": 4}, {"reset_offset": 0}], ids=str)
def test_a_changed_reset_in_the_manifest_is_a_mismatch_in_lava(
    change: dict[str, int], rng: Rng, tmp_path: Path
) -> None:
    graph = every_kind(rng)
    artefact = edit_manifest(export(graph, tmp_path), lambda manifest: manifest["notes"].update(change))
    with pytest.raises(MismatchError):
        compared(artefact, LAVA, spikes(rng, graph, 8, samples=3))


# ----------------------------------------------------------------------------------- the script


@pytest.mark.lava
@pytest.mark.parametrize("ending", ["readout", "spikes"])
def test_the_shipped_script_prints_and_writes_the_answer(ending: str, lava: Path, rng: Rng, tmp_path: Path) -> None:
    graph = every_kind(rng)
    graph = graph if ending == "readout" else Graph(graph.nodes[:-2])
    frames = spikes(rng, graph, 8, samples=3)
    artefact = export(graph, tmp_path)
    np.savez(tmp_path / "frames.npz", frames=frames)
    command = [str(lava), "out/run_lava.py", "frames.npz", "--out", "answer.npz"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    wanted = scores(graph, simulate(artefact.integer_graph(), frames))
    with np.load(tmp_path / "answer.npz") as file:
        np.testing.assert_array_equal(file["scores"], wanted)
        np.testing.assert_array_equal(file["classes"], wanted.argmax(1))
    assert done.stdout.splitlines()[1].startswith(f"sample 1: class {wanted[1].argmax()}")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "manifest.json", "network.net", "reference", "run_lava.py"
    ]  # fmt: skip


@pytest.mark.lava
def test_the_shipped_script_refuses_frames_of_another_length(lava: Path, rng: Rng, tmp_path: Path) -> None:
    export(every_kind(rng), tmp_path)
    np.savez(tmp_path / "frames.npz", frames=np.zeros((7, 1, 2, 9, 11), np.uint8))
    command = [str(lava), str(tmp_path / "out" / "run_lava.py"), str(tmp_path / "frames.npz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 1
    assert "8 timesteps; found 7" in done.stderr


# ------------------------------------------------------------------------- what can go wrong


@pytest.fixture
def artefact(rng: Rng, tmp_path: Path) -> Artefact:
    conv = Conv2d("conv1", (Ref("input"),), even(rng, 3, 2, 3, 3))
    return export(Graph((Input("input", (), (2, 6, 6)), conv, Cuba("lif1", (Ref("conv1"),), 4096, 410, 90))), tmp_path)


FRAMES = np.ones((8, 2, 2, 6, 6), np.uint8)


def run_script(artefact: Artefact, script: str, stall_s: float = 30.0) -> None:
    run_in_lava(artefact, read_notes(artefact), FRAMES, script.encode(), stall_s)


@pytest.fixture
def own_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_lava.VARIABLE, sys.executable)


def test_an_interpreter_that_does_not_exist_is_named(artefact: Artefact, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(_lava.VARIABLE, "/nowhere/python")
    with pytest.raises(ToolchainMissingError, match=r"/nowhere/python, which does not exist.*make lava"):
        EXPORTER.run(artefact, LAVA, FRAMES)


def test_no_interpreter_anywhere_gives_the_line_that_installs_it(
    artefact: Artefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(_lava.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_lava, "__file__", str(tmp_path / "_lava.py"))
    with pytest.raises(ToolchainMissingError, match="make lava"):
        EXPORTER.run(artefact, LAVA, FRAMES)


def test_the_environment_beside_the_current_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / ".venv-lava" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / "inner").mkdir()
    monkeypatch.delenv(_lava.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path / "inner")
    assert lava_python() == python


@pytest.mark.usefixtures("own_python")
def test_a_python_without_lava_is_a_missing_tool_not_a_failed_check(artefact: Artefact) -> None:
    with pytest.raises(ToolchainMissingError, match="No module named 'lava'"):
        EXPORTER.run(artefact, LAVA, FRAMES)


@pytest.mark.usefixtures("own_python")
def test_a_crash_is_reported_with_its_last_words(artefact: Artefact) -> None:
    script = "import sys; print('the last words', file=sys.stderr); sys.exit(7)"
    with pytest.raises(ArtefactError, match="Lava ended with status 7; it said: the last words"):
        run_script(artefact, script)


STANDSTILL = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open({pids!r}, "w").write(f"{{os.getpid()}} {{child.pid}}")
time.sleep(600)
"""


def _lives(pid: str) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.usefixtures("own_python")
def test_a_standstill_ends_with_all_its_processes(artefact: Artefact, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    with pytest.raises(ArtefactError, match="made no timestep for 3 s"):
        run_script(artefact, STANDSTILL.format(pids=str(pids)), stall_s=3.0)
    deadline = time.monotonic() + 5
    while any(map(_lives, pids.read_text().split())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, pids.read_text().split()))


@pytest.mark.usefixtures("own_python")
def test_slow_progress_is_no_standstill(artefact: Artefact) -> None:
    script = (
        "import sys, time\nfor n in range(8):\n    open('progress', 'w').write(str(n)); time.sleep(0.4)\nsys.exit(5)"
    )
    with pytest.raises(ArtefactError, match="status 5"):
        run_script(artefact, script, stall_s=2.0)


@pytest.mark.usefixtures("own_python")
def test_an_interrupt_leaves_no_process(artefact: Artefact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = tmp_path / "pids"

    def interrupt(*_: object) -> None:
        while not pids.exists() or not pids.read_text():
            time.sleep(0.05)
        raise KeyboardInterrupt

    monkeypatch.setattr(_lava, "_until_done", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run_script(artefact, STANDSTILL.format(pids=str(pids)))
    deadline = time.monotonic() + 5
    while any(map(_lives, pids.read_text().split())) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_lives, pids.read_text().split()))


@pytest.mark.usefixtures("own_python")
def test_what_the_reader_refuses_is_never_given_to_lava(artefact: Artefact) -> None:
    def float_decay(file: h5py.File) -> None:
        del file["layer/1/neuron/iDecay"]
        file["layer/1/neuron/iDecay"] = 4096.0

    with pytest.raises(ArtefactError, match="layer 1, neuron: 'iDecay' has dtype float64"):
        EXPORTER.run(edit_network(artefact, float_decay), LAVA, FRAMES)


def test_our_own_process_never_imports_lava(artefact: Artefact) -> None:
    assert read_network(artefact.folder / "network.net").layers
    assert not any(name == "lava" or name.startswith("lava.") for name in sys.modules)
    assert "PYTHONPATH" not in os.environ or "lava" not in os.environ["PYTHONPATH"]
