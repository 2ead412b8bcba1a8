"""Train, export to C, build a C program around the network, and let it read event recordings from their files.

python examples/c_host/run.py                            # embedded recordings that look like N-MNIST
python examples/c_host/run.py --data NMNIST.tar.gz       # the real ones; folder, .zip or .tar.gz
python examples/c_host/run.py --run runs/nmnist-0001     # a network you have trained already
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.data.datasets import find
from neurodeploy.data.datasets.dataset import Recording
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats import nmnist_bin
from neurodeploy.data.frames import to_frames
from neurodeploy.errors import ConfigError, NeuroDeployError, ToolchainMissingError
from neurodeploy.graph import predictions, simulate
from neurodeploy.targets import Artefact, read_artefact
from neurodeploy.train.run_dir import load_run

HERE = Path(__file__).resolve().parent
TINY = ["train.epochs=4", "data.limit=100", "neuron.threshold=0.3"]
"""Hardly learns; the low threshold makes every layer spike all the same, so that there is something to compare."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="key=value", help="settings of the training: train.epochs=60")
    parser.add_argument("--data", type=Path, help="N-MNIST: Train/<digit>/*.bin and Test/<digit>/*.bin")
    parser.add_argument("--run", type=Path, help="take this run instead of training one")
    parser.add_argument("--recordings", type=int, default=20, help="test recordings that the C program reads")
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings")
    parser.add_argument("--out", type=Path, default=Path("build/c_host"), help="where export and program go")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    if arguments.run and arguments.words:
        parser.error("--run has its settings already: give no key=value")
    if arguments.recordings < 1:
        parser.error(f"--recordings {arguments.recordings}: 1 or more")
    run = arguments.run or train(arguments)
    require_equal_windows(run)
    exported = api.export(run, "c", arguments.out / "export", check=False, progress=note)
    show.export(exported)
    checked = api.verify(arguments.out / "export", runtimes=["gcc"], progress=note)
    show.verify(checked)
    artefact = read_artefact(arguments.out / "export")
    program = build(artefact, arguments.out)
    same = compare(program, artefact, test_recordings(arguments), arguments.out / "recordings")
    return show.exit_code(checked["verdicts"]) or (0 if same else 5)


def train(arguments: argparse.Namespace) -> Path:
    """The folder of a new run."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does: far faster beside busy programs
    words = ["dataset=nmnist", f"data.path={arguments.data}"] if arguments.data else []
    words += TINY if arguments.tiny else []
    trained = api.train(HERE / "config.toml", [*words, *arguments.words], out=arguments.runs)
    show.train(trained)
    return Path(trained["run"])


def require_equal_windows(run: Path) -> None:
    """Refuse a network whose frames are made otherwise than digit.c makes them."""
    data = load_run(run).config.data
    if (data.window, data.binary, data.duration_us) != ("duration", True, 0):
        found = f"window={data.window}, binary={data.binary}, duration_us={data.duration_us}"
        allowed = "window=duration, binary=true, duration_us=0: that is how digit.c makes frames"
        raise ConfigError(key="data", found=found, allowed=allowed)


def build(artefact: Artefact, folder: Path) -> Path:
    """The C program with the network inside."""
    compiler = os.environ.get("CC", "gcc")
    if shutil.which(compiler) is None:
        raise ToolchainMissingError(tool=compiler, install="apt-get install -y gcc libc6-dev")
    name, program = artefact.manifest["notes"]["prefix"], folder / "digit"
    defines = [f"-DMODEL={name}", f'-DMODEL_HEADER="{name}.h"', f"-I{artefact.folder}"]
    sources = [str(HERE / "digit.c"), str(artefact.folder / f"{name}.c")]
    command = [compiler, "-std=c99", "-O2", "-Wall", "-Wextra", *defines, *sources, "-o", str(program)]
    print("$", " ".join(command))
    subprocess.run(command, check=True)
    return program


def test_recordings(arguments: argparse.Namespace) -> list[Recording]:
    """Test recordings, spread evenly over the split."""
    opened = find("nmnist").open(arguments.data) if arguments.data else find("digits-dvs").open()
    chosen = np.linspace(0, len(opened.test) - 1, min(arguments.recordings, len(opened.test))).round().astype(int)
    return [opened.test[index] for index in chosen]


def compare(program: Path, artefact: Artefact, recordings: Sequence[Recording], folder: Path) -> bool:
    """Whether the program answers each file as the simulator answers the recording's frames; shown line by line."""
    folder.mkdir(parents=True, exist_ok=True)
    streams = [recording.load() for recording in recordings]
    files = [folder / f"{number:03}.bin" for number in range(len(streams))]
    for file, stream in zip(files, streams, strict=True):
        file.write_bytes(nmnist_bin.encode(stream))
    found, wanted = answers_of_program(program, files), answers_of_simulator(artefact, streams)
    print("file     written  C program  simulator  input spikes in C and in the frames")
    for file, recording, (digit, spikes), (other, others) in zip(files, recordings, found, wanted, strict=True):
        print(f"{file.name}  {recording.label:7}  {digit:9}  {other:9}  {spikes} {others}")
    right = sum(digit == recording.label for (digit, _), recording in zip(found, recordings, strict=True))
    print(f"{right} of {len(files)} digits right; C program and simulator {'agree' if found == wanted else 'DIFFER'}")
    return found == wanted


def answers_of_program(program: Path, files: Sequence[Path]) -> list[tuple[int, int]]:
    """Digit and number of input spikes for each file."""
    print("$", program, files[0], "...")
    done = subprocess.run([program.resolve(), *files], stdout=subprocess.PIPE, text=True, check=True)
    return [(int(line.split()[0]), int(line.split()[1])) for line in done.stdout.splitlines()]


def answers_of_simulator(artefact: Artefact, streams: Sequence[EventStream]) -> list[tuple[int, int]]:
    """The same from frames in the simulator that is the specification."""
    frames = np.stack([to_frames(stream, artefact.timesteps) for stream in streams], axis=1)
    graph = artefact.integer_graph()
    digits, spikes = predictions(graph.graph, simulate(graph, frames)), frames.sum((0, 2, 3, 4))
    return list(zip(digits.tolist(), spikes.tolist(), strict=True))


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
