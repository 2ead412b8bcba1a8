"""Values out of an HDF5 group that nobody vouches for: present, of the right type, size and range, or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, final

import h5py
import numpy as np

from neurodeploy.errors import ArtefactError
from neurodeploy.graph import Shape
from neurodeploy.graph.numeric import Array

INFLATION_HIGH = 1100
"""A dataset may claim any size in a few bytes; honest ones are compressed by gzip, at most 1032 to 1."""

BYTE_HIGH = 127
"""Lava keeps a conv's geometry as int8."""

HINT = "Files by 'neurodeploy export --target loihi' and by slayer with CUBA neurons can be read."


@final
class FileGroup:
    """One group of the file, with the words that name it in errors."""

    def __init__(self, path: Path, place: str, group: Any) -> None:  # Any: h5py has no types
        self.path, self.place, self.group = path, place, group

    def refuse(self, reason: str) -> NoReturn:
        """Raise the ArtefactError for this place."""
        raise ArtefactError(path=self.path, reason=f"{self.place}: {reason}", hint=HINT)

    def keys(self) -> list[str]:
        """Names of what the group holds, sorted."""
        with self._guard("its keys"):
            return sorted(str(key) for key in self.group)  # a damaged name comes as bytes

    def has(self, key: str) -> bool:
        """Whether the group holds `key`."""
        with self._guard(key):
            return key in self.group

    def is_group(self, key: str) -> bool:
        """Whether `key` is a group of its own."""
        return isinstance(self._own(key), h5py.Group)

    def shape(self) -> Shape:
        """The layer's 'shape': (neurons,) or (channel, height, width)."""
        values = self.integers("shape", (1,))
        if len(values) not in (1, 3) or values.min() < 1:
            self.refuse(f"'shape' is {values.tolist()}, wanted one or three positive integers")
        return tuple(int(value) for value in values)

    def subgroup(self, key: str) -> FileGroup:
        """The group called `key`."""
        found = self._own(key)
        if not isinstance(found, h5py.Group):
            self.refuse(f"'{key}' is no group")
        return FileGroup(self.path, f"{self.place}, {key}", found)

    def text(self, key: str) -> str:
        """An ASCII string, scalar or of one element."""
        values = np.asarray(self._read(key)).reshape(-1)
        if values.size != 1 or not isinstance(values[0], bytes) or not values[0].isascii():
            self.refuse(f"'{key}' is not one ASCII string")
        return values[0].decode("ascii")

    def integers(self, key: str, dimensions: tuple[int, ...]) -> Array:
        """int64 values of a dataset stored as integers or, as slayer does, as floats that hold integers."""
        values = np.asarray(self._read(key))
        if values.dtype.kind not in "iuf" or values.size == 0:
            self.refuse(f"'{key}' has dtype {values.dtype} and shape {values.shape}, wanted integers")
        if values.ndim not in dimensions:
            self.refuse(f"'{key}' has shape {values.shape}, wanted {' or '.join(map(str, dimensions))} dimensions")
        if values.dtype.kind == "f" and not (np.isfinite(values).all() and (values == np.rint(values)).all()):
            self.refuse(f"'{key}' holds values that are no integers; NetX would cut off their fractions")
        limit = 2**31
        if values.min() < -limit or values.max() >= limit:
            self.refuse(f"'{key}' holds values beyond 32 bits")
        return values.astype(np.int64)

    def number(self, key: str, low: int, high: int, *, scalar: bool = False) -> int:
        """One value of an integer type, stored as a scalar or (unless `scalar`) as one element.

        A float decay or threshold makes Lava wait for ever; `groups` of one element makes NetX fail.
        """
        values = np.asarray(self._read(key))
        if values.dtype.kind not in "iu" or values.shape not in (((),) if scalar else ((), (1,))):
            self.refuse(f"'{key}' has dtype {values.dtype} and shape {values.shape}, wanted one integer {low}..{high}")
        value = int(values.reshape(-1)[0])
        if not low <= value <= high:
            self.refuse(f"'{key}' is {value}, allowed {low}..{high}")
        return value

    def pair(self, key: str, low: int) -> tuple[int, int]:
        """(height, width), stored as two integers or as one scalar."""
        values = np.asarray(self._read(key))
        if values.dtype.kind not in "iu" or values.shape not in ((), (2,)):
            self.refuse(f"'{key}' has dtype {values.dtype} and shape {values.shape}, wanted two integers")
        if values.min() < low or values.max() > BYTE_HIGH:
            self.refuse(f"'{key}' is {values.tolist()}, allowed {low}..{BYTE_HIGH}")
        first, last = values.reshape(-1)[[0, -1]]
        return int(first), int(last)

    def _own(self, key: str) -> Any:  # Any: h5py has no types
        """What `key` names inside this file; links to other files are not followed."""
        if not self.has(key):
            self.refuse(f"'{key}' is missing; it has {', '.join(self.keys()) or 'nothing'}")
        with self._guard(key):
            is_link = not isinstance(self.group.get(key, getlink=True), h5py.HardLink)
            found = None if is_link else self.group[key]
        if is_link:
            self.refuse(f"'{key}' is a link")
        return found

    def _read(self, key: str) -> Any:  # Any: h5py has no types
        found = self._own(key)
        with self._guard(key):
            size = 0
            if isinstance(found, h5py.Dataset) and not found.is_virtual and not found.external:
                size = (found.size or 0) * found.dtype.itemsize
            if 0 < size <= INFLATION_HIGH * self.path.stat().st_size:
                return found[()]
        self.refuse(f"'{key}' is empty, lies outside this file, or claims more elements than the file can hold")

    @contextmanager
    def _guard(self, key: str) -> Iterator[None]:
        """h5py raises many kinds of errors on damaged files, often from the C library."""
        try:
            yield
        except (OSError, KeyError, RuntimeError, ValueError, TypeError, MemoryError) as error:
            self.refuse(f"'{key}' cannot be read ({error})")
