"""Damage to network.nir: to numbers and words of its nodes, to its edges, and to bytes."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
from damage import Damage, truncated

NETWORK = "network.nir"


def stored(place: str, edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, str], bool]:
    """A dataset changed; it must be another one afterwards."""

    def change(folder: Path, runtime: str) -> bool:
        with h5py.File(folder / NETWORK, "r+") as file:
            if f"node/nodes/{place}" not in file:
                return False
            dataset = file[f"node/nodes/{place}"]
            old = dataset[()]
            new = np.asarray(edit(old.copy())).astype(old.dtype)
            assert (new != old).any()
            dataset[...] = new
            return True

    return change


def at(place: int, step: float) -> Callable[[np.ndarray], np.ndarray]:
    def edit(array: np.ndarray) -> np.ndarray:
        array.flat[np.flatnonzero(array)[place]] += step
        return array

    return edit


def exchanged(array: np.ndarray) -> np.ndarray:
    array[[0, -1]] = array[[-1, 0]]
    return array


def first(factor: float = 1.0, plus: float = 0.0) -> Callable[[np.ndarray], np.ndarray]:
    def edit(array: np.ndarray) -> np.ndarray:
        array.flat[0] = array.flat[0] * factor + plus
        return array

    return edit


def below(folder: Path, runtime: str) -> bool:
    """lif1's threshold half a voltage step lower, as > and >= differ in the integer network."""
    with h5py.File(folder / NETWORK, "r+") as file:
        facts = {key: value[()] for key, value in file["node/nodes/lif1/metadata"].items()}
        file["node/nodes/lif1/v_threshold"][...] = facts["threshold"] * facts["voltage_unit"] * (1 - 1e-6)
    return True


def half_reset(name: str) -> Callable[[Path, str], bool]:
    """A spike leaves half of the threshold."""

    def change(folder: Path, runtime: str) -> bool:
        with h5py.File(folder / NETWORK, "r+") as file:
            node = file["node/nodes"].get(name)
            if node is not None:
                node["v_reset"][...] = node["v_threshold"][()] / 2
            return node is not None

    return change


def other_kind(name: str) -> Callable[[Path, str], bool]:
    """A node called another kind, whose fields it has too: one without leak, or without threshold."""

    def change(folder: Path, runtime: str) -> bool:
        with h5py.File(folder / NETWORK, "r+") as file:
            node = file["node/nodes"].get(name)
            if node is not None:
                other = {b"LIF": "IF", b"CubaLIF": "CubaLI"}[node["type"][()]]
                del node["type"]
                node["type"] = other
            return node is not None

    return change


def edges(edit: Callable[[np.ndarray], np.ndarray]) -> Callable[[Path, str], bool]:
    def change(folder: Path, runtime: str) -> bool:
        with h5py.File(folder / NETWORK, "r+") as file:
            new = edit(file["node/edges"][()])
            del file["node/edges"]
            file.create_dataset("node/edges", data=new)
            return True

    return change


def without(name: bytes) -> Callable[[Path, str], bool]:
    """The edges that leave a node, gone."""
    return edges(lambda pairs: pairs[pairs[:, 0] != name])


def past_recurrence(folder: Path, runtime: str) -> bool:
    """The way back leads nowhere, so that the network still runs, without recurrence."""
    with h5py.File(folder / NETWORK, "r+") as file:
        pairs = file["node/edges"][()]
        back = (pairs[:, 0] == b"back") | (pairs[:, 1] == b"back")
        if not back.any():
            return False
        del file["node/edges"]
        file.create_dataset("node/edges", data=pairs[~back])
        del file["node/nodes/back"]
        return True


def flipped(folder: Path, runtime: str) -> bool:
    """A byte of a stored, compressed weight."""
    with h5py.File(folder / NETWORK, "r") as file:
        name = next(name for name in ("fc1", "fc1_0", "fc3") if name in file["node/nodes"])
        place = file[f"node/nodes/{name}/weight"].id.get_chunk_info(0).byte_offset
    content = bytearray((folder / NETWORK).read_bytes())
    content[place + 4] ^= 16
    (folder / NETWORK).write_bytes(bytes(content))
    return True


WEIGHTS = ("conv1", "conv2", "fc1", "fc1_0", "fc1_1", "fc1_3", "back", "fc2", "fc3", "fc4")
NEURONS = ("lif1", "cuba2", "cuba3")
TIMES = ("tau", "tau_syn", "tau_mem")

DAMAGES = [
    *(Damage("weight", f"first of {name}", stored(f"{name}/weight", at(0, 1))) for name in WEIGHTS),
    *(Damage("weight", f"last of {name}", stored(f"{name}/weight", at(-1, 1))) for name in WEIGHTS),
    *(Damage("edge", f"inputs of {name}", stored(f"{name}/weight", exchanged)) for name in ("fc1", "back", "fc2")),
    Damage("edge", "the way back", past_recurrence),
    Damage("edge", "from the input", without(b"input"), runs=False),
    Damage("edge", "to the output", edges(lambda pairs: pairs[pairs[:, 1] != b"output"]), runs=False),
    *(Damage("decay", f"{t} of {n}", stored(f"{n}/{t}", first(1.001))) for n in NEURONS for t in TIMES),
    *(Damage("gain", f"{r} of {n}", stored(f"{n}/{r}", first(1.001))) for n in NEURONS for r in ("r", "w_in")),
    *(Damage("threshold", f"of {n}", stored(f"{n}/v_threshold", lambda level: level * 15 / 16)) for n in NEURONS),
    Damage("threshold", "just below a voltage that meets it", below),
    *(Damage("reset", f"of {n}", half_reset(n)) for n in NEURONS),
    *(Damage("bias", f"of {n}", stored(f"{n}/bias", first(plus=1.0))) for n in (*WEIGHTS, "fc3")),
    *(Damage("rest", f"of {n}", stored(f"{n}/v_leak", first(plus=1.0))) for n in NEURONS),
    *(
        Damage("delay", f"of {name}", stored(f"{name}/delay", lambda delay: delay + 1e-4))
        for name in ("input_delay1", "input_delay3", "lif1_delay2")
    ),
    *(Damage("kind", f"of {name}", other_kind(name)) for name in NEURONS),
    Damage("geometry", "stride", stored("conv1/stride", first(plus=1)), runs=False),
    Damage("geometry", "padding", stored("conv2/padding", first(plus=1)), runs=False),
    Damage("geometry", "where a vector starts", stored("flat/start_dim", lambda dim: dim + 1), runs=False),
    Damage("byte", "in a weight", flipped, runs=False),
    *truncated(lambda runtime: NETWORK),
]
