"""Train on N-MNIST recordings, export to Loihi, run the files again, in real Lava where it is installed.

python examples/loihi_nmnist/run.py                            # embedded recordings that look like N-MNIST
python examples/loihi_nmnist/run.py --data NMNIST.tar.gz       # the real ones; folder, .zip or .tar.gz
python examples/loihi_nmnist/run.py --run runs/nmnist-0001     # a network you have trained already
"""

import argparse
import os
import sys
from pathlib import Path

from neurodeploy import api
from neurodeploy.cli import show
from neurodeploy.errors import NeuroDeployError

CONFIG = Path(__file__).resolve().parent / "config.toml"
TINY = ["train.epochs=4", "data.limit=100", "neuron.threshold=0.3"]
"""Hardly learns; the low threshold makes every layer spike all the same, so that there is something to compare."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="key=value", help="settings of the training: train.epochs=60")
    parser.add_argument("--data", type=Path, help="N-MNIST: Train/<digit>/*.bin and Test/<digit>/*.bin")
    parser.add_argument("--run", type=Path, help="take this run instead of training one")
    parser.add_argument("--samples", type=int, default=32, help="test recordings that Lava simulates")
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings, four in Lava")
    parser.add_argument("--out", type=Path, default=Path("build/loihi_nmnist"), help="where the export goes")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    if arguments.run and (arguments.data or arguments.words):
        parser.error("--run has its data and settings already: give no --data and no key=value")
    if arguments.samples < 1:
        parser.error(f"--samples {arguments.samples}: 1 or more")
    run = arguments.run or train(arguments)
    samples = 4 if arguments.tiny else arguments.samples
    exported = api.export(run, "loihi", arguments.out, samples=samples, progress=note)
    show.export(exported)
    # accuracy of the files on the whole test split, by their first runtime: Lava takes longer
    show.evaluate(api.evaluate(arguments.out, run=run))
    print(f"Again with more recordings: neurodeploy verify {arguments.out} --run {run}")
    return show.exit_code(exported["verdicts"])


def train(arguments: argparse.Namespace) -> Path:
    """The folder of a new run."""
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # as the command line does: far faster beside busy programs
    words = ["dataset=nmnist", f"data.path={arguments.data}"] if arguments.data else []
    trained = api.train(CONFIG, [*words, *(TINY if arguments.tiny else []), *arguments.words], out=arguments.runs)
    show.train(trained)
    return Path(trained["run"])


def note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except NeuroDeployError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
