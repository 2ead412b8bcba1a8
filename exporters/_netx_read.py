"""A NetX file as lava-dl's reader understands it; written without the writer's code.

Where NetX would skip, cut off, clip or change something in silence, this reader stops and says so.

Source:
    lava-nc/lava-dl `src/lava/lib/dl/netx/hdf5.py` and `utils.py`, version 0.6.0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import final

import h5py

from neurodeploy.errors import ArtefactError
from neurodeploy.exporters._netx_file import HINT, FileGroup
from neurodeploy.exporters._netx_layer import FileLayer, read_conv, read_dense
from neurodeploy.exporters._netx_notes import Notes
from neurodeploy.graph import Shape

TYPES = "input, flatten, conv, dense, dense_rec"


@final
@dataclass(frozen=True, eq=False)
class FileNetwork:
    """What a file says: the shape of its input, and its computing layers in order."""

    path: Path
    input_shape: Shape
    layers: tuple[FileLayer, ...]

    def check(self, notes: Notes, shape: Shape) -> None:
        """Refuse a file whose layers or input are not what the manifest and the frames say.

        Raises:
            ArtefactError: naming the difference.
        """
        numbers = [layer.number for layer in self.layers]
        if numbers != list(notes.layers.values()):
            reason = f"layers {numbers} compute, the manifest places nodes in layers {list(notes.layers.values())}"
            raise ArtefactError(path=self.path, reason=reason)
        if self.input_shape != shape:
            raise ArtefactError(path=self.path, reason=f"it takes {self.input_shape}, the frames have {shape}")


def read_network(path: Path) -> FileNetwork:
    """The network in a NetX file.

    Raises:
        ArtefactError: not HDF5, an unknown layer or neuron type, a missing key, a wrong shape, a value that NetX would
            change; the message names the layer.
    """
    try:
        with h5py.File(path, "r") as file:
            return _Chain(path, file).read()
    except OSError as error:
        raise ArtefactError(path=path, reason=f"not a readable HDF5 file ({error})", hint=HINT) from error


@final
class _Chain:
    """Layers one after the other, with the shape that flows between them."""

    def __init__(self, path: Path, file: h5py.File) -> None:
        self.path = path
        self.root = FileGroup(path, "file", file).subgroup("layer")
        self.input_shape: Shape = ()
        self.shape: Shape = ()
        self.layers: list[FileLayer] = []

    def read(self) -> FileNetwork:
        count = len(self.root.keys())
        if self.root.keys() != sorted(str(number) for number in range(count)):
            self.root.refuse(f"it holds {', '.join(self.root.keys())}; wanted the numbers from 0 and nothing else")
        for number in range(count):
            self._add(number, FileGroup(self.path, f"layer {number}", self.root.subgroup(str(number)).group))
        if not self.layers:
            self.root.refuse("no layer computes anything")
        return FileNetwork(self.path, self.input_shape, tuple(self.layers))

    def _add(self, number: int, group: FileGroup) -> None:
        match group.text("type"):
            case "input":
                self._input(number, group)
            case "flatten":
                self.shape = (math.prod(self.shape),) if len(self.shape) == 3 else self._no_map(group)
            case "conv":
                self._compute(group, read_conv(number, group, self._known(group)))
            case "dense":
                self._compute(group, read_dense(number, group, self.shape))
            case "dense_rec":
                self._compute(group, read_dense(number, group, self.shape, is_recurrent=True))
            case other:
                group.refuse(f"unknown type '{other}', which NetX refuses or skips in silence; allowed: {TYPES}")

    def _input(self, number: int, group: FileGroup) -> None:
        if number != 0:
            group.refuse("an input after other layers")
        if group.has("neuron"):
            group.refuse("an input with neurons; allowed: an input with nothing but its shape")
        self.input_shape = self.shape = group.shape()

    def _known(self, group: FileGroup) -> Shape:
        if len(self.shape) != 3:
            group.refuse(f"a conv needs a map (channel, height, width) before it, found {self.shape or 'nothing'}")
        return self.shape

    def _no_map(self, group: FileGroup) -> Shape:
        group.refuse(f"a flatten needs a map (channel, height, width) before it, found {self.shape or 'nothing'}")

    def _compute(self, group: FileGroup, layer: FileLayer) -> None:
        if self.layers and self.layers[-1].neuron.is_default:
            group.refuse("a layer follows a dense layer without neurons, which never spikes")
        if not self.input_shape:
            self.input_shape = layer.inputs
        self.layers.append(layer)
        self.shape = layer.shape
