"""Instructions and bytes of generated C on every emulated board, with random weights and uniformly random input.

python tests/benchmarks/bench_c_instructions.py                    # 2312-128-10, 8c5 and the strided CNN at 1, 3, 10 %
python tests/benchmarks/bench_c_instructions.py --options=-O3      # several by commas: -O2,-Dbench_USE_DSP

Instructions of one inference of T = 10 steps, counted by QEMU with -icount: neither cycles nor energy. Real event streams
cluster in space and time; that moves spikes between steps, not the price of one.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, BoardTooSmallError
from neurodeploy.exporters._c_boards import BOARDS
from neurodeploy.exporters._c_measure import count_instructions, sizes
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.targets import Artefact, find, write_artefact

STEPS, SEED = 10, 20261121
DENSITIES = (0.01, 0.03, 0.10)
Rng = np.random.Generator


def weights(rng: Rng, *shape: int) -> np.ndarray:
    """8 bits, both signs."""
    return rng.integers(-127, 128, shape)


def dense(rng: Rng) -> Graph:
    """2312-128-10."""
    nodes = (
        Input("input", (), (2312,)),
        Dense("fc1", (Ref("input"),), weights(rng, 128, 2312)),
        Cuba("lif1", (Ref("fc1"),), 4096, 400, 1500),
        Dense("fc2", (Ref("lif1"),), weights(rng, 10, 128)),
        Cuba("lif2", (Ref("fc2"),), 4096, 400, 500),
    )
    return Graph(nodes)


def conv(rng: Rng) -> Graph:
    """8 filters of 5 x 5 on 2 x 34 x 34, stride 1, no padding: 7,200 neurons."""
    nodes = (
        Input("input", (), (2, 34, 34)),
        Conv2d("conv", (Ref("input"),), weights(rng, 8, 2, 5, 5)),
        Cuba("lif", (Ref("conv"),), 4096, 400, 300),
    )
    return Graph(nodes)


def strided(rng: Rng) -> Graph:
    """The default network of `neurodeploy train`: three convolutions and a read-out."""
    nodes = (
        Input("input", (), (2, 34, 34)),
        Conv2d("conv1", (Ref("input"),), weights(rng, 16, 2, 5, 5), stride=(2, 2), padding=(1, 1)),
        Cuba("lif1", (Ref("conv1"),), 4096, 2048, 250),
        Conv2d("conv2", (Ref("lif1"),), weights(rng, 32, 16, 3, 3), stride=(2, 2), padding=(1, 1)),
        Cuba("lif2", (Ref("conv2"),), 4096, 2048, 200),
        Conv2d("conv3", (Ref("lif2"),), weights(rng, 64, 32, 3, 3), padding=(1, 1)),
        Cuba("lif3", (Ref("conv3"),), 4096, 2048, 250),
        Flatten("flatten", (Ref("lif3"),)),
        Dense("fc", (Ref("flatten"),), weights(rng, 10, 64 * 8 * 8)),
        Readout("answer", (Ref("fc"),)),
    )
    return Graph(nodes)


NETWORKS = {"2312-128-10": dense, "8c5 on 2x34x34": conv, "strided CNN": strided}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--options", default="-O2", help="of the compiler, with commas between them")
    parser.add_argument("--samples", type=int, default=4, help="recordings, of which the mean is shown")
    arguments = parser.parse_args()
    print(
        f"millions of instructions of one inference, T = {STEPS}, {arguments.options}; the density is that of the input"
    )
    for title, make in NETWORKS.items():
        with tempfile.TemporaryDirectory() as folder:
            show(title, make(np.random.default_rng(SEED)), Path(folder) / "out", arguments)


def show(title: str, graph: Graph, folder: Path, arguments: argparse.Namespace) -> None:
    classes = tuple(map(str, range(graph.shapes[graph.output.name][0])))
    artefact = write_artefact(find("c"), Deployment(IntGraph(graph), None, STEPS, classes, "bench"), folder)
    rng = np.random.default_rng(SEED)
    shape = (STEPS, arguments.samples, *graph.input.shape)
    inputs = [(rng.random(shape) < density).astype(np.uint8) for density in DENSITIES]
    print(f"\n{title}: spikes of neurons per neuron and step: {rates(graph, inputs)}")
    print(f"{'':12}" + "".join(f"{density:10.0%}" for density in DENSITIES) + "      code  constants      state  bytes")
    for board in BOARDS:
        print(f"{board.name:12}" + row(artefact, board.name, inputs, arguments.options.split(",")))


def rates(graph: Graph, inputs: list[np.ndarray]) -> str:
    """How often the neurons of each layer fire at each density."""
    layers = [node.name for node in graph.nodes if isinstance(node, Cuba)]
    traces = [simulate(IntGraph(graph), frames) for frames in inputs]
    return ", ".join(f"{name} {' '.join(f'{trace[name].mean():.1%}' for trace in traces)}" for name in layers)


def row(artefact: Artefact, name: str, inputs: list[np.ndarray], options: list[str]) -> str:
    """Instructions at each density, then bytes; or why there are none."""
    board = next(board for board in BOARDS if board.name == name)
    try:
        found = sizes(artefact, board, options)
    except ArtefactError as error:
        return f"  {error.reason[-80:]}"
    taken = f"{found.code:10,} {found.constants:10,} {found.state:10,}"
    try:
        counted = [count_instructions(artefact, board, frames, options).sum(1).mean() / 1e6 for frames in inputs]
    except BoardTooSmallError:
        return f"{'does not fit':>30}{taken}"
    return "".join(f"{value:10.3f}" for value in counted) + taken


if __name__ == "__main__":
    main()
