"""Every way to fail, drawn once.

NeuroDeployError               exit code
├─ ConfigError                 2   key, value, allowed
├─ OutputError                 2   path, reason
├─ DataError                   6   source, reason
│  └─ EventFormatError         6   path, byte offset, reason
├─ CheckpointError             6   path, reason, missing names, unknown names
├─ ArtefactError               6   path, reason
├─ GraphError                  4   node, reason
│  └─ ShapeError               4   edge, shape given, shape wanted
├─ RangeError                  4   tensor, index, value, low, high, how many more
├─ UnsupportedNodeError        4   target, node, what the target has
├─ ProfileError                2   file, key, reason
├─ ToolchainMissingError       3   tool, how to install (becomes NOT_RUN in verify)
├─ BoardTooSmallError          4   board, which memory, how much (becomes NOT_RUN in verify)
├─ ProcessError                1   rank, size, reason
└─ MismatchError               5   node, timestep, index, expected, found, how many

Each error carries its facts as attributes; `facts()` is what `--json` prints. The message says the place, what was
found, what is allowed and what to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar


class NeuroDeployError(Exception):
    """Base of all errors that a user can meet; the command line catches exactly this class."""

    exit_code: ClassVar[int] = 1

    def facts(self) -> dict[str, object]:
        """Type, message and attributes, ready for JSON."""
        found = {key: _plain(value) for key, value in vars(self).items()}
        return {"type": type(self).__name__, "message": str(self), **found}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value)


def _hint(text: str) -> str:
    return f" {text}" if text else ""


class ConfigError(NeuroDeployError):
    """A configuration key is unknown, of the wrong type or out of range."""

    exit_code = 2

    def __init__(self, *, key: str, found: object, allowed: str, hint: str = "") -> None:
        self.key, self.found, self.allowed, self.hint = key, found, allowed, hint
        # an argument (RUN) or an option (--model) is no setting of a configuration
        name = f"config key '{key}'" if key.islower() and key.replace("_", "").replace(".", "").isalnum() else key
        super().__init__(f"{name}: found {found!r}, allowed: {allowed}.{_hint(hint)}")


class OutputError(NeuroDeployError):
    """The result could not be written; nothing that was there before has changed."""

    exit_code = 2

    def __init__(self, *, path: Path | str, reason: str, hint: str = "") -> None:
        self.path, self.reason, self.hint = str(path), reason, hint
        super().__init__(f"cannot write {path}: {reason}. Nothing was changed there.{_hint(hint)}")


class DataError(NeuroDeployError):
    """A data set, archive or array is missing or not what it should be."""

    exit_code = 6

    def __init__(self, *, source: Path | str, reason: str, hint: str = "") -> None:
        self.source, self.reason, self.hint = str(source), reason, hint
        super().__init__(f"{source}: {reason}.{_hint(hint)}")


class EventFormatError(DataError):
    """An event file breaks its format at a known byte."""

    def __init__(self, *, path: Path | str, offset: int, reason: str, hint: str = "") -> None:
        super().__init__(source=path, reason=f"at byte {offset}: {reason}", hint=hint)
        self.path, self.offset = str(path), offset


class CheckpointError(NeuroDeployError):
    """A checkpoint is damaged or belongs to another model."""

    exit_code = 6

    def __init__(
        self,
        *,
        path: Path | str,
        reason: str,
        missing: Iterable[str] = (),
        unknown: Iterable[str] = (),
        hint: str = "",
    ) -> None:
        self.path, self.reason, self.hint = str(path), reason, hint
        self.missing, self.unknown = sorted(missing), sorted(unknown)
        names = f" Missing: {', '.join(self.missing)}." if self.missing else ""
        names += f" Unknown: {', '.join(self.unknown)}." if self.unknown else ""
        super().__init__(f"{path}: {reason}.{names}{_hint(hint)}")


class ArtefactError(NeuroDeployError):
    """A folder of exported files is incomplete, changed or from another tool."""

    exit_code = 6

    def __init__(self, *, path: Path | str, reason: str, hint: str = "") -> None:
        self.path, self.reason, self.hint = str(path), reason, hint
        super().__init__(f"{path}: {reason}.{_hint(hint)}")


class GraphError(NeuroDeployError):
    """A graph that has no meaning; found when it is built."""

    exit_code = 4

    def __init__(self, *, node: str, reason: str, hint: str = "") -> None:
        self.node, self.reason, self.hint = node, reason, hint
        super().__init__(f"node '{node}': {reason}.{_hint(hint)}")


class ShapeError(GraphError):
    """Two nodes whose shapes do not fit."""

    def __init__(self, *, node: str, source: str, found: object, wanted: object, hint: str = "") -> None:
        super().__init__(node=node, reason=f"input '{source}' has shape {found}, wanted {wanted}", hint=hint)
        self.source, self.found, self.wanted = source, found, wanted


class RangeError(NeuroDeployError):
    """A value, or the worst case of a sum, does not fit its integer width."""

    exit_code = 4

    def __init__(
        self,
        *,
        tensor: str,
        index: tuple[int, ...],
        found: int | float,
        low: int | float,
        high: int | float,
        more: int = 0,
        hint: str = "",
    ) -> None:
        self.tensor, self.index, self.found = tensor, index, found
        self.low, self.high, self.more, self.hint = low, high, more, hint
        others = f" ({more} more)" if more else ""
        place = f"[{', '.join(map(str, index))}]" if index else ""
        super().__init__(f"{tensor}{place} is {found}, allowed {low}..{high}{others}.{_hint(hint)}")


class UnsupportedNodeError(NeuroDeployError):
    """The target cannot express a node; refused before the first byte is written."""

    exit_code = 4

    def __init__(
        self, *, target: str, node: str, kind: str, reason: str = "", supported: Iterable[str] = (), hint: str = ""
    ) -> None:
        self.target, self.node, self.kind, self.reason, self.hint = target, node, kind, reason, hint
        self.supported = sorted(supported)
        why = reason or f"{target} has no {kind}"
        has = f" {target} has: {', '.join(self.supported)}." if self.supported else ""
        super().__init__(f"target '{target}', node '{node}' ({kind}): {why}.{has}{_hint(hint)}")


class ProfileError(NeuroDeployError):
    """A hardware profile lacks a unit, source or scope, or contradicts itself."""

    exit_code = 2

    def __init__(self, *, path: Path | str, key: str, reason: str, hint: str = "") -> None:
        self.path, self.key, self.reason, self.hint = str(path), key, reason, hint
        super().__init__(f"profile {path}, key '{key}': {reason}.{_hint(hint)}")


class ToolchainMissingError(NeuroDeployError):
    """An optional package or program is not installed; never counts as a pass."""

    exit_code = 3

    def __init__(self, *, tool: str, install: str, reason: str = "") -> None:
        self.tool, self.install, self.reason = tool, install, reason
        why = f" ({reason})" if reason else ""
        super().__init__(f"{tool} is not available{why}. Install it with: {install}")


class BoardTooSmallError(NeuroDeployError):
    """A network does not fit the memory of the board that should run it; never counts as a pass."""

    exit_code = 4

    def __init__(self, *, board: str, memory: str, reason: str, hint: str = "") -> None:
        self.board, self.memory, self.reason, self.hint = board, memory, reason, hint
        super().__init__(f"it does not fit {board}: {memory}: {reason}.{_hint(hint)}")


class ProcessError(NeuroDeployError):
    """One of several processes that train together cannot go on with the others."""

    def __init__(self, *, rank: int, size: int, reason: str, hint: str = "") -> None:
        self.rank, self.size, self.reason, self.hint = rank, size, reason, hint
        super().__init__(f"process {rank} of {size}: {reason}.{_hint(hint)}")


class MismatchError(NeuroDeployError):
    """Two runs of one network differ."""

    exit_code = 5

    def __init__(
        self,
        *,
        node: str,
        timestep: int,
        index: tuple[int, ...],
        expected: int | float,
        found: int | float,
        differing: int,
        compared: int,
    ) -> None:
        self.node, self.timestep, self.index = node, timestep, index
        self.expected, self.found, self.differing, self.compared = expected, found, differing, compared
        super().__init__(
            f"{node} at timestep {timestep}, index {list(index)}: found {found}, expected {expected}; "
            f"{differing} of {compared} values differ."
        )
