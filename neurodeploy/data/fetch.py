"""Downloads the files of a data set: resumed where they were cut, verified before they get their name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.transfer import RefusedError, download
from neurodeploy.errors import DataError, OutputError

Progress = Callable[[str, int, int | None], None]
"""Called with the file's name, the bytes that are there and the bytes there will be (None: the server does not say)."""


def instructions(dataset: Dataset, folder: Path | None = None) -> str:
    """What is downloaded from where, how large it is, how it is verified, and what to do by hand; for printing."""
    lines = [f"{dataset.name}: licence {dataset.licence}", f"described at {dataset.home}" if dataset.home else ""]
    for source in dataset.sources:
        place = f"  ->  {folder / source.file}" if folder else ""
        lines += [f"{source.file}{place}"]
        lines += [f"  url     {url}" for url in source.urls] or ["  url     none: by hand only"]
        lines += [f"  size    {'unknown' if source.size is None else f'{source.size} bytes'}"]
        lines += [f"  sha256  {source.sha256 or 'unknown'}"]
        lines += [f"  md5     {source.md5}"] if source.md5 else []
    lines += [f"by hand: {dataset.by_hand}"]
    return "\n".join(line for line in lines if line)


def fetch_all(dataset: Dataset, folder: Path, progress: Progress | None = None) -> tuple[Path, ...]:
    """All files of `dataset`, in `folder`.

    Raises:
        DataError: there is nothing to download, or a file could not be fetched or verified.
        OutputError: the folder cannot be written.
    """
    if not dataset.sources:
        reason = "needs no download" if not dataset.needs_path else "has no direct address"
        raise DataError(source=dataset.name, reason=reason, hint=dataset.by_hand)
    return tuple(fetch(source, folder, progress) for source in dataset.sources)


def fetch(source: Source, folder: Path, progress: Progress | None = None, *, timeout_s: float = 30.0) -> Path:
    """The file of `source` in `folder`, downloaded unless it is there already.

    The bytes go to `<file>.part`; what an earlier call left there is continued. Size and checksum are verified, as far
    as they are known, before the file gets its name. Mirrors are tried in their order.

    Args:
        source: `dataclasses.replace(source, sha256=...)` states a checksum of your own.
        progress: called now and then.
        timeout_s: seconds without a byte after which a server is given up.
    Raises:
        DataError: the file that is there is another one, or no mirror gave the right one; says why for each.
        OutputError: the folder cannot be written, or the disk is full.
    """
    target, part = folder / source.file, folder / f"{source.file}.part"
    if target.exists():
        _verify(source, target, hint=f"Remove {target} to download it anew.")
        return target
    _make_folder(folder)
    failures = []
    for url in source.urls:
        try:
            download(url, part, source.size, partial(_report, progress, source), timeout_s)
            _verify(source, part, hint="")
        except (RefusedError, DataError) as error:
            failures.append(f"{url}: {error}")
            _drop_if_wrong(error, part)
            continue
        _rename(part, target)
        return target
    reason = " | ".join(failures) or "no address to download from"
    hint = f"Try again to resume, or put the file by hand at {target}."
    raise DataError(source=source.file, reason=reason, hint=hint)


def checksum(path: Path, kind: str) -> str:
    """Hexadecimal checksum of a file; `kind` is sha256 or md5."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest()


def _verify(source: Source, path: Path, hint: str) -> None:
    """Raise when the file at `path` is not the one of `source`."""
    size = path.stat().st_size
    if source.size is not None and size != source.size:
        raise DataError(source=path, reason=f"{size} bytes, wanted {source.size}", hint=hint)
    for kind, wanted in (("sha256", source.sha256), ("md5", source.md5)):
        if wanted is not None and (found := checksum(path, kind)) != wanted.lower():
            raise DataError(source=path, reason=f"{kind} is {found}, wanted {wanted}", hint=hint)


def _drop_if_wrong(error: Exception, part: Path) -> None:
    """What failed the verification is of no use for resuming; what was cut is kept."""
    if isinstance(error, DataError):
        part.unlink(missing_ok=True)


def _report(progress: Progress | None, source: Source, done: int, total: int | None) -> None:
    if progress is not None:
        progress(source.file, done, total)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(path=folder, reason=error.strerror or type(error).__name__) from error


def _rename(part: Path, target: Path) -> None:
    try:
        part.replace(target)
    except OSError as error:
        raise OutputError(path=target, reason=error.strerror or type(error).__name__) from error
