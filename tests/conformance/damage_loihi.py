"""Damage to a NetX file and to the timing in its manifest."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from damage import Damage, truncated

from neurodeploy.targets import MANIFEST

NETWORK = "network.net"
LAYERS = ("1", "2", "4", "5")

NUMBER_CHECK = "neurodeploy.exporters.loihi.check_numbers"
"""The reader also compares the file's numbers with the graph; without this, only the run can notice."""


def network(edit: Callable[[h5py.File], bool]) -> Callable[[Path, str], bool]:
    def change(folder: Path, runtime: str) -> bool:
        with h5py.File(folder / NETWORK, "r+") as file:
            return edit(file)

    return change


def plus(key: str, amount: int, rank: int = 0) -> Callable[[Path, str], bool]:
    """Add to a scalar, or to the `rank`-th value that is not zero."""

    def edit(file: h5py.File) -> bool:
        if key not in file:
            return False
        values = file[key][()]
        places = np.argwhere(values)
        place = tuple(places[rank]) if np.ndim(values) else ()
        values = np.array(values)
        values[place] += amount
        file[key][...] = values
        return True

    return network(edit)


def exchanged(key: str) -> Callable[[Path, str], bool]:
    """The weights of two inputs of a dense layer."""

    def edit(file: h5py.File) -> bool:
        if key not in file or file[key].ndim != 2:
            return False
        values = file[key][()]
        values[:, [0, -1]] = values[:, [-1, 0]]
        file[key][...] = values
        return True

    return network(edit)


def one_longer(file: h5py.File) -> bool:
    if "layer/1/delay" not in file:
        return False
    delays = file["layer/1/delay"][()]
    delays[tuple(np.argwhere(file["layer/1/weight"][()])[0])] += 1
    file["layer/1/delay"][...] = delays
    return True


def dropped(key: str) -> Callable[[Path, str], bool]:
    def edit(file: h5py.File) -> bool:
        present = key in file
        if present:
            del file[key]
        return present

    return network(edit)


def flipped(folder: Path, runtime: str) -> bool:
    """One bit of one byte of a stored weight."""
    with h5py.File(folder / NETWORK) as file:
        place = file["layer/1/weight"].id.get_offset()
    content = bytearray((folder / NETWORK).read_bytes())
    content[place] ^= 2
    (folder / NETWORK).write_bytes(bytes(content))
    return True


def geometry(key: str, value: tuple[int, int]) -> Callable[[Path, str], bool]:
    def edit(file: h5py.File) -> bool:
        if file["layer/1/type"][0] != b"conv":
            return False
        file[f"layer/1/{key}"][...] = value
        return True

    return network(edit)


def notes(edit: Callable[[dict[str, Any]], bool | None]) -> Callable[[Path, str], bool]:
    def change(folder: Path, runtime: str) -> bool:
        manifest = json.loads((folder / MANIFEST).read_text())
        before = json.dumps(manifest)
        edit(manifest["notes"])
        (folder / MANIFEST).write_text(json.dumps(manifest))
        return json.dumps(manifest) != before

    return change


def early(found: dict[str, Any]) -> None:
    """Where every sample has a network of its own, a reset before it begins is none."""
    if not found["restart"]:
        found["reset_offset"] = 0


def late(found: dict[str, Any]) -> None:
    found["latency"][next(iter(found["latency"]))] += 1


DAMAGES = [
    *(Damage("weight", f"first of layer {n}", plus(f"layer/{n}/weight", 2)) for n in LAYERS),
    *(Damage("weight", f"last of layer {n}", plus(f"layer/{n}/weight", -2, rank=-1)) for n in LAYERS),
    Damage("weight", "a recurrent one", plus("layer/1/weight_rec", 2)),
    *(Damage("edge", f"inputs of layer {n} exchanged", exchanged(f"layer/{n}/weight")) for n in LAYERS),
    Damage("edge", "recurrent inputs exchanged", exchanged("layer/1/weight_rec")),
    Damage("edge", "other stride", geometry("stride", (1, 1)), runs=False),
    Damage("edge", "other padding", geometry("padding", (1, 0)), runs=False),
    Damage("edge", "a layer without its weights", dropped("layer/1/weight"), runs=False),
    *(Damage("decay", f"current of layer {n}", plus(f"layer/{n}/neuron/iDecay", -1)) for n in LAYERS),
    *(Damage("decay", f"voltage of layer {n}", plus(f"layer/{n}/neuron/vDecay", 1)) for n in LAYERS),
    *(Damage("threshold", f"of layer {n}, lower", plus(f"layer/{n}/neuron/vThMant", -1)) for n in LAYERS),
    *(Damage("threshold", f"of layer {n}, higher", plus(f"layer/{n}/neuron/vThMant", 9)) for n in LAYERS),
    *(Damage("bias", f"of layer {n}", plus(f"layer/{n}/bias", 1)) for n in LAYERS),
    Damage("delay", "of one synapse", network(one_longer)),
    Damage("delay", "of all synapses", dropped("layer/1/delay")),
    Damage("reset", "twice as often", notes(lambda found: found.update(reset_interval=4))),
    Damage("reset", "a step early", notes(early)),
    Damage("reset", "a step late", notes(lambda found: found.update(reset_offset=2))),
    Damage("reset", "none between samples", notes(lambda found: found["restart"] and found.update(restart=False))),
    Damage("timing", "latency of the first layer", notes(late)),
    Damage("byte", "in a weight", flipped),
    *truncated(lambda runtime: NETWORK),
]
