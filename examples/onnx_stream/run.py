"""Classify an event file timestep by timestep with integer/step.onnx, and time every step.

python examples/onnx_stream/run.py                                     # trains first, takes a test recording
python examples/onnx_stream/run.py 00001.bin --run runs/nmnist-0001    # your file, your network

The file may have any format that neurodeploy reads. The scores after every timestep are compared with the simulator's.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.data import formats, frames
from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.formats import npz
from neurodeploy.data.formats.format import read_bytes
from neurodeploy.errors import NeuroDeployError
from neurodeploy.graph import IntGraph, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.targets import read_artefact
from neurodeploy.train.run_dir import load_run

TINY = ["train.epochs=4", "data.limit=100", "neuron.threshold=0.3"]
FAILED = 5
"""Exit status of `neurodeploy verify` when the files do not compute what was trained."""


class StepNetwork:
    """step.onnx, and the states that each timestep hands to the next."""

    def __init__(self, path: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # layers this small gain nothing from more
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        facts = self.session.get_modelmeta().custom_metadata_map
        self.lines = json.loads(facts["neurodeploy.state"])
        self.classes = json.loads(facts["neurodeploy.classes"])
        self.adds_up = facts["neurodeploy.answer"] == "sum over time"
        self.outputs = ["output", *(line["output"] for line in self.lines)]
        self.start()

    def start(self) -> None:
        """Before each recording: all states are zero."""
        self.states = {line["input"]: np.zeros((1, *line["shape"]), line["dtype"]) for line in self.lines}
        self.scores = 0

    def step(self, frame: np.ndarray) -> np.ndarray:
        """The scores so far, after one more frame (2, height, width)."""
        output, *after = self.session.run(self.outputs, {"x": frame[None], **self.states})
        self.states = dict(zip(self.states, after, strict=True))
        self.scores = output.ravel().astype(np.int64) + (self.scores if self.adds_up else 0)
        return self.scores


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("events", nargs="?", type=Path, help="event file; default: the run's first test recording")
    parser.add_argument("--run", type=Path, help="take this run instead of training one")
    parser.add_argument("--passes", type=int, default=100, help="how often the recording is timed (default: 100)")
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings")
    parser.add_argument("--out", type=Path, default=Path("build/onnx_stream"), help="where the export goes")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    if arguments.passes < 1:
        parser.error(f"--passes {arguments.passes}: 1 or more")
    run = arguments.run or train(arguments)
    api.export(run, "onnx", arguments.out, check=False)  # checked below, on this very recording
    config, integer = load_run(run).config.data, read_artefact(arguments.out).integer_graph()
    events = arguments.events or save_test_recording(config, arguments.out.with_suffix(".npz"))
    recording = read_frames(events, config, integer)
    network = StepNetwork(arguments.out / "integer" / "step.onnx")
    print(f"{events}: {len(recording)} timesteps of {run}")
    scores = stream(network, recording)
    time_steps(network, recording, arguments.passes)
    return compare(scores, running_scores(integer, recording))


def train(arguments: argparse.Namespace) -> Path:
    """The folder of a new run on the embedded recordings."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does: far faster beside busy programs
    trained = api.train(None, TINY if arguments.tiny else ["train.epochs=12"], out=arguments.runs)
    show.train(trained)
    return Path(trained["run"])


def save_test_recording(config: DataConfig, path: Path) -> Path:
    """The first test recording of a run's data set, as an event file."""
    opened = find(config.dataset).open(Path(config.path).expanduser() if config.path else None, config.sensor)
    first = opened.test[0]
    npz.FORMAT.write(path, first.load())
    print(f"{first.id} of {config.dataset}, a recording of '{opened.classes[first.label]}', is now {path}")
    return path


def read_frames(path: Path, config: DataConfig, integer: IntGraph) -> np.ndarray:
    """The events of a file in the windows that the network was trained on: (time, 2, height, width)."""
    _, height, width = integer.graph.input.shape
    events = formats.decode(read_bytes(path), (height, width), path)
    return frames.to_frames(
        events, config.timesteps, window=config.window, duration_us=config.duration_us, high=config.high
    )


def stream(network: StepNetwork, recording: np.ndarray) -> np.ndarray:
    """Print the best answers after each timestep; returns all scores, (time, classes)."""
    rows = []
    for number, frame in enumerate(recording):
        start = time.perf_counter()
        scores = network.step(frame)
        took_ms = 1e3 * (time.perf_counter() - start)
        best = np.argsort(-scores, kind="stable")[:3]
        text = "   ".join(f"{network.classes[i]} ({scores[i]})" for i in best)
        print(f"step {number}  {np.count_nonzero(frame):5} active inputs  {took_ms:7.3f} ms   {text}")
        rows.append(scores)
    print(f"answer: {network.classes[int(np.argmax(rows[-1]))]}")
    return np.array(rows)


def time_steps(network: StepNetwork, recording: np.ndarray, passes: int) -> None:
    """Print how long a timestep takes, from a frame to the scores; the first run of the model is over by now."""
    took = []
    for _ in range(passes):
        network.start()
        for frame in recording:
            start = time.perf_counter()
            network.step(frame)
            took.append(1e3 * (time.perf_counter() - start))
    median, rare, longest = np.percentile(took, [50, 99, 100])
    print(f"latency of {len(took)} steps: median {median:.3f} ms, p99 {rare:.3f} ms, max {longest:.3f} ms")


def running_scores(integer: IntGraph, recording: np.ndarray) -> np.ndarray:
    """What the simulator says after each timestep: (time, classes)."""
    output = simulate(integer, recording[:, None])[integer.graph.output.name].reshape(len(recording), -1)
    return output.cumsum(0) if isinstance(integer.graph.output, Cuba) else output


def compare(found: np.ndarray, expected: np.ndarray) -> int:
    """Say whether onnxruntime and the simulator agree in every score; the exit status."""
    differing = np.count_nonzero(found != expected)
    if differing:
        print(f"MISMATCH: {differing} of {expected.size} scores differ from the simulator's")
        return FAILED
    print(f"EXACT: all {expected.size} scores are the simulator's")
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
