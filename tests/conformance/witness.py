"""Small networks in which every number matters on the frames that come with them: what damage is tried on.

Every neuron spikes and rests, every layer comes within one step of its threshold, and lif1 meets it exactly, so that
> and >= differ. The seeds were searched for that; test_damage.py checks it.
"""

import numpy as np

from neurodeploy.conformance import Trial
from neurodeploy.graph import Graph, IntGraph, Node, Ref
from neurodeploy.graph.nodes import Add, Conv2d, Cuba, Dense, Flatten, Input, Readout, Reset

STEPS, SAMPLES = 8, 24


def even(rng: np.random.Generator, *shape: int, top: int = 60, signs: tuple[int, ...] = (1, 1, 1, -1)) -> np.ndarray:
    """Even integers -top..top without 0, with as many of each sign as `signs` has."""
    values = 2 * rng.integers(1, top // 2 + 1, shape) * rng.choice(signs, shape)
    values.reshape(-1)[:2] = (top, -top)
    return values


def layers() -> Graph:
    """Maps, groups, vectors and a readout."""
    rng = np.random.default_rng(11)
    first = even(rng, 3, 2, 2, 2)
    first[0] = 16  # a full frame gives 128: the threshold after two steps
    nodes = (
        Input("input", (), (2, 6, 5)),
        Conv2d("conv1", (Ref("input"),), first, stride=(2, 1)),
        Cuba("lif1", (Ref("conv1"),), 4096, 0, 256),
        Conv2d("conv2", (Ref("lif1"),), even(rng, 6, 1, 2, 2, top=90), padding=(1, 1), groups=3),
        Cuba("cuba2", (Ref("conv2"),), 1024, 128, 60, bias=np.array([20, -6, 30, 9, 14, 22])),
        Flatten("flat", (Ref("cuba2"),)),
        Dense("fc3", (Ref("flat"),), even(rng, 7, 6 * 4 * 5, signs=(1, -1))),
        Cuba("cuba3", (Ref("fc3"),), 4096, 410, 200, bias=np.array([11, 30, -4, 25, 40, 3, 16])),
        Dense("fc4", (Ref("cuba3"),), even(rng, 4, 7)),
        Readout("answer", (Ref("fc4"),)),
    )
    return Graph(nodes)


def recurrent() -> Graph:
    """Neurons with a current memory that hear themselves."""
    rng = np.random.default_rng(6)
    first = even(rng, 5, 6)
    first[-1] = 16  # a full frame gives 96, the threshold
    nodes = (
        Input("input", (), (6,)),
        Dense("fc1", (Ref("input"),), first),
        Dense("back", (Ref("lif1", 1),), even(rng, 5, 5)),
        Cuba("lif1", (Ref("fc1"), Ref("back")), 1024, 512, 96),
        Dense("fc2", (Ref("lif1"),), even(rng, 4, 5)),
        Cuba("cuba2", (Ref("fc2"),), 4096, 300, 64),
    )
    return Graph(nodes)


def delayed() -> Graph:
    """Synapses that wait 0, 1 or 3 steps, then some that wait 2."""
    rng = np.random.default_rng(8)
    weight, waits = even(rng, 5, 6), rng.choice([0, 1, 3], (5, 6))
    weight[-1], waits[-1] = (16, 16, 16, 16, 8, 8), 0  # a full frame gives 80, the threshold
    nodes: list[Node] = [Input("input", (), (6,))]
    nodes += [Dense(f"fc1_{wait}", (Ref("input", wait),), weight * (waits == wait)) for wait in (0, 1, 3)]
    nodes += [Cuba("lif1", tuple(Ref(f"fc1_{wait}") for wait in (0, 1, 3)), 2048, 700, 80)]
    nodes += [Dense("fc2", (Ref("lif1", 2),), even(rng, 4, 5)), Readout("answer", (Ref("fc2"),))]
    return Graph(tuple(nodes))


def skipping() -> Graph:
    """Reset by subtraction, biases of synapses, a skip connection."""
    rng = np.random.default_rng(11)
    first, bias = even(rng, 6, 6), rng.integers(1, 20, 6)
    first[-1], bias[-1] = 10, 4  # a full frame gives 64, the threshold
    nodes = (
        Input("input", (), (6,)),
        Dense("fc1", (Ref("input"),), first, bias),
        Cuba("lif1", (Ref("fc1"),), 3000, 410, 64, reset=Reset.SUBTRACT),
        Add("sum", (Ref("lif1"), Ref("input"))),
        Dense("fc2", (Ref("sum"),), even(rng, 5, 6), rng.integers(1, 20, 5)),
        Cuba("cuba2", (Ref("fc2"),), 4096, 700, 99, np.array([31, 47, 12, 8, 22]), Reset.SUBTRACT),
        Dense("fc3", (Ref("cuba2"),), even(rng, 3, 5), np.array([3, 1, 2])),
        Readout("answer", (Ref("fc3"),)),
    )
    return Graph(nodes)


def trial(graph: Graph, name: str, samples: int = SAMPLES) -> Trial:
    """Frames of one full sample and many half full ones."""
    frames = np.random.default_rng(9).integers(0, 2, (STEPS, samples, *graph.input.shape)).astype(np.uint8)
    frames[:, 0] = 1
    return Trial(name, IntGraph(graph), frames)


GRAPHS = {"layers": layers, "recurrent": recurrent, "delayed": delayed, "skipping": skipping}
