"""Files are written whole or not at all, and what was there before survives a failure."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from neurodeploy.errors import OutputError


def write_file(path: Path, content: bytes) -> None:
    """Write `content` under a temporary name in the same folder, then rename.

    Raises:
        OutputError: the folder is read-only, the disk is full, or the path is taken by a folder.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(path=path, reason=_reason(error)) from error


def write_folder(folder: Path, files: Mapping[str, bytes], *, marker: str) -> None:
    """Make `folder` hold exactly `files` (relative name to content).

    An existing folder is replaced only when it is empty or holds the file `marker`: then an earlier call wrote it.

    Raises:
        OutputError: the folder holds something else, is read-only, or the disk is full; the old content is kept.
    """
    refuse_folder(folder, marker=marker)
    temporary: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        temporary.chmod(0o755)
        for name, content in sorted(files.items()):
            (temporary / name).parent.mkdir(parents=True, exist_ok=True)
            (temporary / name).write_bytes(content)
        _swap(temporary, folder)
    except OSError as error:
        raise OutputError(path=folder, reason=_reason(error)) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def refuse_folder(folder: Path, *, marker: str) -> None:
    """Raise where `write_folder` would, before the work is done whose results it is to write.

    Raises:
        OutputError: `folder` is a file, or holds something that no earlier call wrote.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(path=folder, reason="a file of that name exists", hint="Choose another folder.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / marker).is_file():
        reason = f"the folder is not empty and holds no {marker} of an earlier run"
        raise OutputError(path=folder, reason=reason, hint="Choose another folder.")


def _swap(new: Path, folder: Path) -> None:
    """Put `new` in the place of `folder`; the old folder comes back if that fails."""
    if not folder.exists():
        new.replace(folder)
        return
    old = folder.with_name(f".{folder.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    folder.replace(old)
    try:
        new.replace(folder)
    except OSError:
        old.replace(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sha256(content: bytes) -> str:
    """Hexadecimal SHA-256 of `content`."""
    return hashlib.sha256(content).hexdigest()


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
