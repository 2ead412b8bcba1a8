"""The network in a NIR file: nodes with their numbers, and edges. Nested graphs are taken apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

import numpy as np

from neurodeploy.errors import ArtefactError
from neurodeploy.graph.numeric import Array

Value = Array | str
"""What a node's field holds: numbers, or one of the words that Conv allows for its padding."""

Edge = tuple[str, str]
"""From one node path to another."""

FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "Input": ("shape",),
    "Output": (),
    "Identity": (),
    "Affine": ("weight", "bias"),
    "Linear": ("weight",),
    "Scale": ("scale",),
    "Threshold": ("threshold",),
    "Conv1d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "Conv2d": ("weight", "bias", "stride", "padding", "dilation", "groups"),
    "SumPool2d": ("kernel_size", "stride", "padding"),
    "AvgPool2d": ("kernel_size", "stride", "padding"),
    "Flatten": ("start_dim", "end_dim"),
    "Delay": ("delay",),
    "I": ("r",),
    "LI": ("tau", "r", "v_leak"),
    "IF": ("r", "v_threshold"),
    "LIF": ("tau", "r", "v_leak", "v_threshold"),
    "CubaLI": ("tau_syn", "tau_mem", "r", "v_leak"),
    "CubaLIF": ("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"),
}
"""Kinds that a file may hold (nir 1.0.8), each with the fields that it needs."""

STATEFUL: Final = frozenset({"Delay", "I", "LI", "IF", "LIF", "CubaLI", "CubaLIF"})
"""Kinds whose output depends on what came before."""


@final
@dataclass(frozen=True, eq=False)
class FileNode:
    """One node.

    Args:
        path: its name; in a nested graph behind those of the graphs around it, with "/" between.
        kind: as the file calls it.
        values: field -> numbers, or a word.
    """

    file: str
    path: str
    kind: str
    values: Mapping[str, Value]

    @property
    def is_stateful(self) -> bool:
        """Whether it remembers."""
        return self.kind in STATEFUL

    def error(self, reason: str, hint: str = "") -> ArtefactError:
        """The error for this node."""
        return ArtefactError(path=self.file, reason=f"node '{self.path}' ({self.kind}): {reason}", hint=hint)

    def array(self, field: str, default: float | None = None) -> Array:
        """Numbers of a field.

        Raises:
            ArtefactError: it holds none, or NaN.
        """
        if field not in self.values and default is not None:
            return np.asarray(default)
        value = self.values.get(field)
        if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or not value.size:
            raise self.error(f"{field} is {'missing' if value is None else 'not a number'}")
        if np.isnan(value).any():
            raise self.error(f"{field} holds NaN")
        return value

    def integers(self, field: str, low: int, default: int | None = None) -> tuple[int, ...]:
        """Whole numbers of a field, each at least `low`.

        Raises:
            ArtefactError: it holds something else.
        """
        values = self.array(field, default).reshape(-1)
        if not np.isfinite(values).all() or (values != np.rint(values)).any() or values.min() < low:
            raise self.error(f"{field} is {values.tolist()}, wanted integers >= {low}")
        return tuple(int(value) for value in values)


@final
@dataclass(frozen=True, eq=False)
class FileNetwork:
    """All nodes by path, edges between them, and what the file says beside.

    Args:
        file: where it came from; for messages.
        metadata: of the outermost graph.
    """

    file: str
    nodes: Mapping[str, FileNode]
    edges: tuple[Edge, ...]
    metadata: Mapping[str, object]

    def error(self, reason: str, hint: str = "") -> ArtefactError:
        """The error for the file as a whole."""
        return ArtefactError(path=self.file, reason=reason, hint=hint)

    def of_kind(self, kind: str) -> list[FileNode]:
        """Nodes of the outermost graph of one kind."""
        return [node for path, node in self.nodes.items() if node.kind == kind and "/" not in path]

    def the_input(self) -> FileNode:
        """The one Input.

        Raises:
            ArtefactError: there are several, or none.
        """
        return self._only("Input")

    def the_output(self) -> FileNode:
        """The one Output.

        Raises:
            ArtefactError: there are several, or none.
        """
        return self._only("Output")

    def _only(self, kind: str) -> FileNode:
        found = self.of_kind(kind)
        if len(found) != 1:
            raise self.error(f"it has {len(found)} {kind} nodes {[node.path for node in found]}, wanted one")
        return found[0]

    def sources(self, path: str) -> list[str]:
        """Paths of what enters a node, in the order of the edges."""
        return [source for source, target in self.edges if target == path]

    def readers(self, path: str) -> list[str]:
        """Paths of the nodes that read one."""
        return [target for source, target in self.edges if source == path]
