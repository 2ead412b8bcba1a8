"""NetX layers as the bytes of an HDF5 file; the same layers give the same bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import h5py
import numpy as np

from neurodeploy.exporters._netx_emit import Layer


def network_bytes(layers: Sequence[Layer]) -> bytes:
    """An HDF5 file with /layer/0, /layer/1, ... and nothing else: NetX counts the keys of /layer."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", track_order=False) as file:
        root = file.create_group("layer")
        for number, layer in enumerate(layers):
            _write(root.create_group(str(number)), layer)
    return buffer.getvalue()


def _write(group: Any, layer: Layer) -> None:  # Any: h5py has no types
    for key, value in layer.items():
        if isinstance(value, dict):
            _write(group.create_group(key), value)
        else:
            group.create_dataset(key, data=_stored(value), track_times=False)


def _stored(value: object) -> object:
    """As slayer stores it: strings as one element of fixed width, integers signed (NetX subtracts 1 from iDecay)."""
    if isinstance(value, str):
        return np.array([value.encode("ascii")], dtype="S10")
    if isinstance(value, np.ndarray | bool):
        return value
    return np.asarray(value, dtype=np.int32)
