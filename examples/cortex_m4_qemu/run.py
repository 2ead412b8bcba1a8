"""Train, export to C, build a firmware for a Cortex-M4 and run it in QEMU; its exit status is the verdict.

python examples/cortex_m4_qemu/run.py                            # embedded recordings that look like N-MNIST
python examples/cortex_m4_qemu/run.py --data NMNIST.tar.gz       # the real ones; folder, .zip or .tar.gz
python examples/cortex_m4_qemu/run.py --run runs/nmnist-0001     # a network you have trained already
"""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.errors import NeuroDeployError, ToolchainMissingError

CONFIG = Path(__file__).resolve().parent / "config.toml"
BOARD = "cortex-m4"
TOOLS = ("make", "arm-none-eabi-gcc", "qemu-system-arm")
INSTALL = "apt-get install -y --no-install-recommends make gcc-arm-none-eabi qemu-system-arm"
TINY = ["train.epochs=4", "data.limit=100", "neuron.threshold=0.3", "model.channels=[4, 4, 4]"]
"""Hardly learns; the low threshold makes every layer spike all the same, so that there is something to compare."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="key=value", help="settings of the training: train.epochs=60")
    parser.add_argument("--data", type=Path, help="N-MNIST: Train/<digit>/*.bin and Test/<digit>/*.bin")
    parser.add_argument("--run", type=Path, help="take this run instead of training one")
    parser.add_argument("--samples", type=int, default=32, help="test recordings that every processor is given")
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings, four in QEMU")
    parser.add_argument("--out", type=Path, default=Path("build/cortex_m4_qemu"), help="where the export goes")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    if arguments.run and (arguments.data or arguments.words):
        parser.error("--run has its data and settings already: give no --data and no key=value")
    if arguments.samples < 1:
        parser.error(f"--samples {arguments.samples}: 1 or more")
    require_tools()
    run = arguments.run or train(arguments)
    exported = api.export(run, "c", arguments.out, samples=4 if arguments.tiny else arguments.samples, progress=note)
    show.export(exported)
    status = firmware(arguments.out)
    print(f"golden vectors on {BOARD}: {'PASS' if status == 0 else 'FAIL'} (exit status {status})")
    show_instructions(exported["measured"])
    return status or show.exit_code(exported["verdicts"])


def require_tools() -> None:
    """Say at once what is missing, not after the training."""
    for tool in TOOLS:
        if shutil.which(tool) is None:
            raise ToolchainMissingError(tool=tool, install=INSTALL)


def train(arguments: argparse.Namespace) -> Path:
    """The folder of a new run."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does: far faster beside busy programs
    words = ["dataset=nmnist", f"data.path={arguments.data}"] if arguments.data else []
    trained = api.train(CONFIG, [*words, *(TINY if arguments.tiny else []), *arguments.words], out=arguments.runs)
    show.train(trained)
    return Path(trained["run"])


def firmware(artefact: Path) -> int:
    """Exit status of the firmware with the golden vectors, built and run with gcc, QEMU and make alone."""
    command = ["make", "-C", str(artefact / "boards"), BOARD]
    print("$", *command, flush=True)
    return subprocess.run(command).returncode


def show_instructions(measured: dict[str, Any]) -> None:
    """Instructions of one inference on each processor, as the export has measured them."""
    print("\ninstructions of one inference, counted by QEMU -icount (neither cycles nor energy):")
    for board, counted in measured.get("instructions, QEMU -icount", {}).items():
        inference, steps = counted["inference"], counted["steps"]
        text = f"{inference['mean']:>12,} mean, {inference['max']:>12,} most"
        print(f"{board:10} {text} in {steps} steps, over {counted['samples']} recordings")


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
