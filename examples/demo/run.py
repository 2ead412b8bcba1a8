"""Train, export, verify and report on the embedded event data: the commands a user would type, one after another.

python examples/demo/run.py            # what `make demo` runs
python examples/demo/run.py --tiny     # four epochs on few recordings, for tests
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="four epochs on few recordings")
    parser.add_argument("--out", type=Path, default=Path("build/demo"), help="where exports go")
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where the run goes")
    arguments = parser.parse_args()
    start = time.monotonic()
    short = ["train.epochs=4", "data.limit=200"] if arguments.tiny else []
    trained = neurodeploy("train", str(HERE / "config.toml"), *short, "--out", str(arguments.runs))
    run = trained["run"]
    for target in ("loihi", "onnx"):
        neurodeploy("export", run, "--target", target, "--out", str(arguments.out / target))
    for target in ("loihi", "onnx"):
        neurodeploy("verify", str(arguments.out / target), "--run", run, "--samples", "100")
    chips = [word for name in ("loihi1", "truenorth", "cmos45") for word in ("--profile", name)]
    neurodeploy("energy", run, *chips, "--samples", "100")
    report = neurodeploy("report", run, "--samples", "100")
    print(f"\nDone in {time.monotonic() - start:.0f} s. Open {report['report']}")
    return 0


def neurodeploy(*words: str) -> dict:
    """Run one command, show it and its answer, and return its JSON result."""
    print("\n$ neurodeploy", *words, flush=True)
    command = [sys.executable, "-m", "neurodeploy", *words]
    answer = subprocess.run([*command, "--json"], stdout=subprocess.PIPE, text=True)
    result = json.loads(answer.stdout) if answer.stdout else {}
    if answer.returncode:
        print(result.get("error", {}).get("message", "") or json.dumps(result.get("verdicts", ""), indent=1))
        raise SystemExit(answer.returncode)
    show(words[0], result)
    return result


def show(command: str, result: dict) -> None:
    """The answer as the command line prints it without --json."""
    from neurodeploy.cli import show as printed

    if command == "report":
        print(result["report"])
    else:
        getattr(printed, command)(result)


if __name__ == "__main__":
    raise SystemExit(main())
