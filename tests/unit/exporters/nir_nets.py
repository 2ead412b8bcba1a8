"""Networks for the tests of the NIR target, and the readers of other projects, called as the exported README says."""

import contextlib
import io
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.deployment import Deployment
from neurodeploy.exporters.nir import EXPORTER
from neurodeploy.graph import Graph, IntGraph, Node, Ref
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset, SumPool2d
from neurodeploy.targets import Artefact, Exporter, write_artefact

Rng = np.random.Generator

READERS = {"snntorch": "snntorch", "norse": "norse", "spikingjelly": "spikingjelly"}
"""As in the README's headings -> module that is needed."""


def even(rng: Rng, *shape: int, top: int = 60) -> np.ndarray:
    return 2 * rng.integers(-top, top + 20, shape)


def neurons(name: str, sources: tuple[str, ...], decays: tuple[int, int], threshold: int, **more: object) -> Cuba:
    """decays: of current and voltage."""
    return Cuba(name, tuple(Ref(source) for source in sources), *decays, threshold, **more)


def dense(rng: Rng, decays: tuple[int, int], *, ends_in_readout: bool = False, reset: Reset = Reset.ZERO) -> Graph:
    bias = rng.integers(-20, 20, 40) if decays[0] == 4096 else None
    nodes: list[Node] = [
        Input("input", (), (20,)),
        Dense("fc1", (Ref("input"),), even(rng, 40, 20)),
        neurons("cuba1", ("fc1",), decays, 150, bias=bias, reset=reset),
        Dense("fc2", (Ref("cuba1"),), even(rng, 10, 40, top=40)),
    ]
    last = (
        Readout("readout", (Ref("fc2"),)) if ends_in_readout else neurons("output", ("fc2",), decays, 200, reset=reset)
    )
    return Graph((*nodes, last))


def maps(rng: Rng) -> Graph:
    """Groups, a kernel that is not square, stride, pooling, all three forms of a neuron."""
    nodes = (
        Input("input", (), (2, 9, 8)),
        Conv2d("conv1", (Ref("input"),), even(rng, 4, 2, 3, 3, top=20), padding=(1, 1)),
        neurons("cuba1", ("conv1",), (4096, 410), 90, bias=rng.integers(-9, 9, 4)),
        Conv2d("conv2", (Ref("cuba1"),), even(rng, 6, 2, 1, 3, top=20), stride=(2, 1), groups=2),
        neurons("cuba2", ("conv2",), (1024, 700), 70),
        SumPool2d("pool", (Ref("cuba2"),), (2, 2), (2, 2)),
        Flatten("flat", (Ref("pool"),)),
        Dense("fc", (Ref("flat"),), even(rng, 5, 36, top=20)),
        neurons("output", ("fc",), (4096, 0), 120),
    )
    return Graph(nodes)


def recurrent(rng: Rng, decays: tuple[int, int]) -> Graph:
    nodes = (
        Input("input", (), (20,)),
        Dense("fc1", (Ref("input"),), even(rng, 30, 20)),
        Dense("back", (Ref("output", 1),), even(rng, 30, 30, top=15)),
        neurons("output", ("fc1", "back"), decays, 200),
    )
    return Graph(nodes)


def skipping(rng: Rng) -> Graph:
    nodes = (
        Input("input", (), (20,)),
        Dense("fc1", (Ref("input"),), even(rng, 30, 20)),
        neurons("cuba1", ("fc1",), (4096, 410), 200),
        Dense("fc2", (Ref("cuba1"),), even(rng, 30, 30, top=20)),
        Dense("past", (Ref("input"),), even(rng, 30, 20)),
        neurons("output", ("fc2", "past"), (4096, 410), 200),
    )
    return Graph(nodes)


def delayed(rng: Rng) -> Graph:
    nodes = (
        Input("input", (), (20,)),
        Dense("fc1", (Ref("input"),), even(rng, 30, 20)),
        Dense("fc1_2", (Ref("input", 2),), even(rng, 30, 20)),
        neurons("output", ("fc1", "fc1_2"), (4096, 410), 200),
    )
    return Graph(nodes)


def frames(rng: Rng, graph: Graph, time: int = 60, samples: int = 4, density: float = 0.3) -> np.ndarray:
    return (rng.random((time, samples, *graph.input.shape)) < density).astype(np.uint8)


def deployment(graph: Graph, timesteps: int = 60) -> Deployment:
    classes = tuple(str(number) for number in range(graph.shapes[graph.output.name][0]))
    return Deployment(IntGraph(graph), None, timesteps, classes)


def export(graph: Graph, folder: Path, exporter: Exporter = EXPORTER, timesteps: int = 60) -> Artefact:
    return write_artefact(exporter, deployment(graph, timesteps), folder / "out")


def run_reader(reader: str, folder: Path, data: np.ndarray) -> np.ndarray:
    """What another project makes of the file, by the code in the artefact's own README; skips where it is missing."""
    with quiet():
        pytest.importorskip(READERS[reader], reason=f"{reader} is not installed (make peers)")
        import torch

        blocks = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
        (code,) = [block for block in blocks if READERS[reader] in block]
        scope: dict = {"frames": torch.tensor(data, dtype=torch.float32)}
        with contextlib.chdir(folder), torch.no_grad():
            exec(code, scope)
        return np.stack([output.numpy() for output in scope["outputs"]])


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Other projects print, and warn."""
    import warnings

    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        yield
