"""The page of examples/onnx_web: its frames against training's, its scores in a browser against the simulator's."""

import base64
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_example import EXAMPLES, command, damage, example

from neurodeploy.data import frames
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats import nmnist_bin
from neurodeploy.errors import EventFormatError
from neurodeploy.graph import simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.targets import read_artefact

WEB = EXAMPLES / "onnx_web"
HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None or shutil.which("npm") is None:
        pytest.skip("no Node.js with npm: apt-get install nodejs npm")
    return found


@pytest.fixture(scope="module")
def packages(node: str) -> Path:
    """node_modules of the example, with the driver of Chromium."""
    modules = WEB / "node_modules"
    lock = json.loads((WEB / "package-lock.json").read_text())["packages"]
    for name in ("playwright-core", "onnxruntime-web"):
        found = modules / name / "package.json"
        if found.is_file() and json.loads(found.read_text())["version"] == lock[f"node_modules/{name}"]["version"]:
            continue
        done = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=WEB, capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"npm ci in {WEB} failed: {done.stderr[-300:]}")
    return modules


@pytest.fixture(scope="module")
def chromium() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def browse(node: str, packages: Path, chromium: str) -> Callable[..., dict[str, Any]]:
    """Drives the page at an address; what it showed."""

    def run(address: str, **order: object) -> dict[str, Any]:
        words = [node, str(HERE / "onnx_web.mjs"), str(packages), chromium, address, json.dumps(order)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=180)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    return run


@contextmanager
def served(folder: Path, *words: object) -> Iterator[str]:
    """Build the site in `folder` and serve it; its address."""
    places = ["--site", folder / "site", "--out", folder / "onnx", "--runs", folder / "runs", "--port", 0]
    started = command("onnx_web", *places, *words)
    with subprocess.Popen(started, stdout=subprocess.PIPE, text=True, cwd=EXAMPLES.parent) as process:
        seen = []
        try:
            for line in process.stdout:
                seen.append(line)
                if line.startswith("Open "):
                    yield line.split()[1]
                    break
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0, "".join(seen)


def expected_scores(folder: Path, content: bytes) -> list[list[int]]:
    """The simulator's running scores for an event file, by the settings that the site states."""
    facts = json.loads((folder / "site" / "network.json").read_text())
    integer = read_artefact(folder / "onnx").integer_graph()
    found = to_frames(nmnist_bin.decode(content, tuple(facts["sensor"]), "file"), facts)
    output = simulate(integer, found[:, None])[integer.graph.output.name].reshape(len(found), -1)
    return (output.cumsum(0) if isinstance(integer.graph.output, Cuba) else output).tolist()


def to_frames(stream: EventStream, facts: Mapping[str, Any]) -> np.ndarray:
    return frames.to_frames(stream, **{key: facts[key] for key in ("timesteps", "window", "duration_us", "high")})


def with_overflow(content: bytes) -> bytes:
    """A recording whose camera clock runs over once, in its middle."""
    middle = len(content) // 10 * 5
    return content[:middle] + bytes([0, 240, 0, 0, 0]) + content[middle:]


def check_recordings(folder: Path, shown: list[dict[str, Any]], contents: list[bytes]) -> None:
    """The page's scores and answers after every step are the simulator's."""
    classes = json.loads((folder / "site" / "network.json").read_text())["classes"]
    for found, content in zip(shown, contents, strict=True):
        expected = expected_scores(folder, content)
        assert [step["scores"] for step in found["steps"]] == expected
        assert [step["answer"] for step in found["steps"]] == [classes[int(np.argmax(row))] for row in expected]


@pytest.mark.slow
def test_the_page_computes_what_the_simulator_computes(tmp_path: Path, browse: Callable) -> None:
    pictures = os.environ.get("NEURODEPLOY_SCREENSHOTS", "")  # a folder, for a person to look at
    with served(tmp_path, "--tiny") as address:
        damage(tmp_path / "site" / "step.onnx", tmp_path / "damaged.onnx")
        samples = [path.read_bytes() for path in sorted((tmp_path / "site" / "samples").glob("*.bin"))]
        files = {"clock.bin": with_overflow(samples[3]), "empty.bin": b"", "cut.bin": samples[0][:7]}
        files |= {"outside.bin": bytes([34, 0, 0, 0, 0]), "back.bin": bytes([0, 0, 0, 0, 9, 0, 0, 0, 0, 1])}
        for name, content in files.items():
            (tmp_path / name).write_bytes(content)
        places = [str(tmp_path / name) for name in files]
        found = browse(address, files=places, damaged=str(tmp_path / "damaged.onnx"), pictures=pictures)
    assert len(samples) == 10
    check_recordings(tmp_path, found["samples"] + found["files"][:1], [*samples, files["clock.bin"]])
    assert {one["equal"] for one in found["samples"]} == {"All 80 scores of the 8 steps equal the Python simulator's."}
    assert [one["title"] for one in found["samples"]] == [f"recording of {digit}" for digit in range(10)]
    messages = [one["message"] for one in found["files"][1:]]
    parts = ("the file is empty", "the file is cut: 2 bytes left", "lies outside 34 x 34", "time runs backwards")
    assert all(part in message for part, message in zip(parts, messages, strict=True)), messages
    assert found["console"] == []
    assert found["outside"] == []
    assert set(found["overflow"].values()) == {0}
    assert found["played"] == 7
    assert "The scores differ from the Python simulator's." in {one["equal"] for one in found["damaged"]}


@pytest.mark.slow
def test_the_page_adds_up_spikes_and_counts_events(tmp_path: Path, browse: Callable, spiking_run: Path) -> None:
    with served(tmp_path, "--run", spiking_run) as address:
        found = browse(address)
    samples = [path.read_bytes() for path in sorted((tmp_path / "site" / "samples").glob("*.bin"))]
    check_recordings(tmp_path, found["samples"], samples)
    states = json.loads((tmp_path / "site" / "network.json").read_text())["states"]
    assert {state["dtype"] for state in states} >= {"int64"}  # BigInt in the page
    assert max(found["samples"][0]["steps"][-1]["scores"]) > 0
    assert found["console"] == []


def test_the_page_makes_the_frames_that_training_made(node: str, rng: np.random.Generator) -> None:
    cases, expected = [], []
    for _ in range(60):
        sensor = (int(rng.integers(1, 40)), int(rng.integers(1, 40)))
        content = nmnist_bin.encode(random_stream(rng, sensor))
        content = with_overflow(content) if rng.random() < 0.3 else content
        window = str(rng.choice(["count", "duration"]))
        duration = int(rng.integers(1, 300_000)) if window == "duration" and rng.random() < 0.5 else 0
        settings = {"sensor": sensor, "timesteps": int(rng.integers(1, 40)), "window": window}
        settings |= {"duration_us": duration, "high": int(rng.choice([1, 3, 255]))}
        cases.append({"bytes": base64.b64encode(content).decode(), "settings": settings})
        try:
            expected.append({"frames": to_frames(nmnist_bin.decode(content, sensor, "file"), settings).tobytes().hex()})
        except EventFormatError:
            expected.append({})
    program = [node, str(HERE / "onnx_web_frames.mjs"), str(WEB / "page" / "events.js")]
    done = subprocess.run(program, input=json.dumps(cases), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [{"frames": one["frames"]} if "frames" in one else {} for one in json.loads(done.stdout)]
    assert found == expected
    assert sum("frames" in one for one in expected) > 50


def random_stream(rng: np.random.Generator, sensor: tuple[int, int]) -> EventStream:
    """Up to 2,000 events; often many in one pixel, so that counts reach their end at 255, and at one time."""
    n = int(rng.integers(1, 2000))
    events = np.zeros(n, EVENT)
    span = int(rng.choice([1, 100, 300_000]))
    events["t"] = np.sort(rng.integers(0, span, n)) + int(rng.integers(0, 1000))
    few = rng.random() < 0.5
    events["x"], events["y"] = (rng.integers(0, 2 if few and side > 1 else side, n) for side in sensor[::-1])
    events["p"] = rng.integers(0, 2, n)
    return EventStream(events, sensor)


def test_a_site_never_takes_the_place_of_foreign_files(tmp_path: Path, run: Path, packages: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "thesis.tex").write_text("years of work")
    words = ("--run", run, "--build-only", "--site", tmp_path / "site", "--out", tmp_path / "onnx")
    done = example("onnx_web", *words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "site").iterdir()] == ["thesis.tex"]
