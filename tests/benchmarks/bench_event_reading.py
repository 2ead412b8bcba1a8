"""Events per second from N-MNIST files to checked streams on one core, beside tonic's reader in the same run.

    python tests/benchmarks/bench_event_reading.py [--rounds 15]

Reads every recording of nmnist-small from its own file (NEURODEPLOY_DATA says where the data is; without it, 900 random
recordings of 4,000 events), first with both readers to see that they agree, then in alternating rounds. Without tonic it
prints our figures alone and says so. tonic wants its own environment: `pip install tonic==1.7.0 jaxtyping` there, and
this repository in PYTHONPATH.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.formats.nmnist_bin import FORMAT
from neurodeploy.data.opening import open_tree

SENSOR = (34, 34)
TONIC_EVENT = np.dtype([("x", int), ("y", int), ("t", int), ("p", int)])  # as tonic.datasets.NMNIST asks for
Reader = Callable[[Path], object]


def tonic_reader() -> Reader | str:
    """tonic's reader, or why there is none."""
    try:
        import tonic
        from tonic.io import read_mnist_file
    except ImportError as error:
        return f"tonic is absent ({error})"
    print(f"tonic {getattr(tonic, '__version__', 'unknown version')}")
    return lambda path: read_mnist_file(str(path), TONIC_EVENT)


def write_recordings(folder: Path) -> list[Path]:
    """One file for each recording."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    archive = Path(os.environ.get("NEURODEPLOY_DATA", default)) / "nmnist-small" / "nmnist-small.tar.gz"
    if archive.is_file():
        tree = open_tree(archive)
        contents = [tree.read(name) for name in tree.files if name.endswith(".bin")]
    else:
        rng = np.random.default_rng(0)
        contents = [random_recording(rng) for _ in range(900)]
    paths = [folder / f"{number}.bin" for number in range(len(contents))]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    print(f"{len(paths)} {'real' if archive.is_file() else 'random'} recordings, {sum(map(len, contents)) // 5} events")
    return paths


def random_recording(rng: np.random.Generator, count: int = 4000) -> bytes:
    events = np.zeros(count, EVENT)
    events["t"], events["p"] = np.sort(rng.integers(0, 300_000, count)), rng.integers(0, 2, count)
    events["x"], events["y"] = rng.integers(0, 34, count), rng.integers(0, 34, count)
    return FORMAT.encode(EventStream(events, SENSOR))


def seconds(reader: Reader, paths: list[Path]) -> float:
    start = time.perf_counter()
    for path in paths:
        reader(path)
    return time.perf_counter() - start


def agree(ours: Reader, theirs: Reader, paths: list[Path]) -> None:
    for path in paths:
        mine, other = ours(path), theirs(path)
        if not isinstance(mine, EventStream) or not isinstance(other, np.ndarray):
            raise SystemExit("a reader gave no events")
        if any(not np.array_equal(mine.events[name], other[name]) for name in ("t", "x", "y", "p")):
            raise SystemExit(f"the readers differ on {path}")
    print(f"both readers give the same t, x, y, p for all {len(paths)} files")


def show(name: str, times: list[float], events: int) -> None:
    rates = sorted(events / one / 1e6 for one in times)
    print(f"{name}: median {statistics.median(rates):.1f} million events/s ({rates[0]:.1f} to {rates[-1]:.1f})")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    theirs = tonic_reader()

    def ours(path: Path) -> EventStream:
        return FORMAT.read(path, SENSOR)

    with tempfile.TemporaryDirectory() as folder:
        paths = write_recordings(Path(folder))
        events = sum(path.stat().st_size for path in paths) // 5
        if isinstance(theirs, str):
            print(theirs)
            show("neurodeploy", [seconds(ours, paths) for _ in range(rounds)], events)
            return
        agree(ours, theirs, paths)
        pairs = [(seconds(ours, paths), seconds(theirs, paths)) for _ in range(rounds)]
        show("neurodeploy", [mine for mine, _ in pairs], events)
        show("tonic", [other for _, other in pairs], events)
        ratios = sorted(other / mine for mine, other in pairs)
        best = min(other for _, other in pairs) / min(mine for mine, _ in pairs)
        print(
            f"ratio: median {statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f}), best to best {best:.2f}"
        )


if __name__ == "__main__":
    main()
