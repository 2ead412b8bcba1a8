"""What has no meaning in the graph is refused by its place in the source."""

from __future__ import annotations

from collections.abc import Iterable

from neurodeploy.errors import UnsupportedNodeError


def refused(path: str, kind: str, reason: str, hint: str = "", supported: Iterable[str] = ()) -> UnsupportedNodeError:
    """The error for a part of a network that cannot be imported.

    Args:
        path: module path or file node, as the source names it.
        kind: its type in the source.
        reason: what the graph cannot say.
        hint: the way out.
        supported: what could stand there instead.
    """
    return UnsupportedNodeError(target="graph", node=path, kind=kind, reason=reason, supported=supported, hint=hint)
