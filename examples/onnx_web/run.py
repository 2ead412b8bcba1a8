"""Build a page in which onnxruntime-web classifies event recordings, and serve it on this machine.

python examples/onnx_web/run.py                          # trains first, on the embedded recordings
python examples/onnx_web/run.py --run runs/nmnist-0001   # a network you have trained already
python examples/onnx_web/run.py --build-only             # only write the folder site/: it works on any web server

Needs npm the first time, for onnxruntime-web; then nothing is fetched any more.
"""

import argparse
import functools
import http.server
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.data import frames
from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats import nmnist_bin
from neurodeploy.errors import ConfigError, NeuroDeployError, ToolchainMissingError
from neurodeploy.files import write_folder
from neurodeploy.graph import IntGraph, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.targets import Artefact, read_artefact
from neurodeploy.train.run_dir import Run, load_run

HERE = Path(__file__).resolve().parent
RUNTIME = "onnxruntime-web"
RUNTIME_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
TINY = ["train.epochs=4", "data.limit=100", "neuron.threshold=0.3"]
MOST_SAMPLES = 12


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="take this run instead of training one")
    parser.add_argument("--build-only", action="store_true", help="do not serve the page")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default: 8000)")
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings")
    parser.add_argument("--site", type=Path, default=HERE / "site", help="where the page goes")
    parser.add_argument("--out", type=Path, default=Path("build/onnx_web"), help="where the export goes")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    runtime = installed(RUNTIME)
    run = load_run(arguments.run or train(arguments))
    exported = api.export(run.path, "onnx", arguments.out, samples=8)
    show.export(exported)
    artefact = read_artefact(arguments.out)
    write_folder(arguments.site, site_files(run, artefact, runtime), marker="network.json")
    print(f"site: {arguments.site}")
    if not arguments.build_only:
        serve(arguments.site, arguments.port)
    return show.exit_code(exported["verdicts"])


def train(arguments: argparse.Namespace) -> Path:
    """The folder of a new run on the embedded recordings."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does: far faster beside busy programs
    trained = api.train(None, TINY if arguments.tiny else ["train.epochs=12"], out=arguments.runs)
    show.train(trained)
    return Path(trained["run"])


def installed(package: str) -> Path:
    """The folder of an npm package at the version that package-lock.json pins, with the integrity that it states."""
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"][f"node_modules/{package}"]
    found = HERE / "node_modules" / package / "package.json"
    if not found.is_file() or json.loads(found.read_text())["version"] != lock["version"]:
        npm = shutil.which("npm")
        if npm is None:
            raise ToolchainMissingError(tool="npm", install="apt-get install nodejs npm, or from https://nodejs.org")
        command = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        if subprocess.run(command, cwd=HERE).returncode:
            raise ToolchainMissingError(tool=package, install=f"npm ci in {HERE}", reason="npm ci failed")
    return found.parent


def site_files(run: Run, artefact: Artefact, runtime: Path) -> dict[str, bytes]:
    """The page, the runtime, the network and sample recordings: name to content."""
    files = {path.name: path.read_bytes() for path in (HERE / "page").iterdir()}
    files |= {f"ort/{name}": (runtime / "dist" / name).read_bytes() for name in RUNTIME_FILES}
    files["step.onnx"] = (artefact.folder / "integer" / "step.onnx").read_bytes()
    files["network.json"] = to_json(network_facts(run, files["step.onnx"], runtime))
    return files | sample_files(run.config.data, artefact.integer_graph())


def network_facts(run: Run, model: bytes, runtime: Path) -> dict[str, object]:
    """What the page must know: onnxruntime-web does not read the metadata in the model."""
    facts = {prop.key: prop.value for prop in onnx.load_model_from_string(model).metadata_props}
    data, right = run.config.data, run.metrics.get("test_accuracy_integer")
    version = json.loads((runtime / "package.json").read_text())["version"]
    about = [f"Network {run.path.name}", f"{right:.1%} of the test recordings right"] if right is not None else []
    return {
        "model": "step.onnx",
        "classes": json.loads(facts["neurodeploy.classes"]),
        "answer": facts["neurodeploy.answer"],
        "states": json.loads(facts["neurodeploy.state"]),
        "sensor": list(run.task.shape[1:]),
        "timesteps": data.timesteps,
        "window": data.window,
        "duration_us": data.duration_us,
        "high": data.high,
        "about": " · ".join([*about, f"{RUNTIME} {version}, WebAssembly, one thread"]),
    }


def sample_files(config: DataConfig, integer: IntGraph) -> dict[str, bytes]:
    """The first test recording of each class as a .bin file, with the simulator's scores after every timestep."""
    opened = find(config.dataset).open(Path(config.path).expanduser() if config.path else None, config.sensor)
    firsts = {recording.label: recording for recording in reversed(opened.test)}
    chosen = [firsts[label] for label in sorted(firsts)[:MOST_SAMPLES]]
    streams = [recording.load() for recording in chosen]
    scores = running_scores(integer, np.stack([read_frames(stream, config) for stream in streams], axis=1))
    files, index = {}, []
    for number, (recording, stream) in enumerate(zip(chosen, streams, strict=True)):
        name = f"samples/{number:02d}.bin"
        files[name] = nmnist_bin.encode(stream)
        label = opened.classes[recording.label]
        index.append({"file": name, "id": recording.id, "label": label, "scores": scores[:, number].tolist()})
    return {**files, "samples/index.json": to_json(index)}


def read_frames(events: EventStream, config: DataConfig) -> np.ndarray:
    """Events in the windows that the network was trained on: (time, 2, height, width)."""
    return frames.to_frames(
        events, config.timesteps, window=config.window, duration_us=config.duration_us, high=config.high
    )


def running_scores(integer: IntGraph, recordings: np.ndarray) -> np.ndarray:
    """What the simulator says after each timestep: (time, recordings, classes)."""
    output = simulate(integer, recordings)[integer.graph.output.name].reshape(*recordings.shape[:2], -1)
    return output.cumsum(0) if isinstance(integer.graph.output, Cuba) else output


def to_json(content: object) -> bytes:
    return (json.dumps(content, indent=1) + "\n").encode()


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files of the site; names of types do not depend on this machine's settings."""

    extensions_map = {  # noqa: RUF012  # as in the base class
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def end_headers(self) -> None:
        # Isolated pages get a clock of 5 µs instead of 100 µs: a timestep takes less than a millisecond.
        self.send_header("Cross-Origin-Opener-Policy", "same-origin")
        self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """One line for each file would hide the address."""


def serve(site: Path, port: int) -> None:
    """Serve `site` on this machine only, until Ctrl-C."""
    handler = functools.partial(Handler, directory=str(site))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except (OSError, OverflowError) as error:
        raise ConfigError(key="--port", found=port, allowed="a free port, or 0 for any", hint=str(error)) from error
    with server:
        print(f"Open http://127.0.0.1:{server.server_port}/ (Ctrl-C ends)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
