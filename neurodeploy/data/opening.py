"""Opens what lies at a path as a tree: a folder, a .zip, a .tar or a .tar.gz, or a folder of such archives."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from neurodeploy.data.tree import Tree, hash_text
from neurodeploy.data.tree_folder import open_folder
from neurodeploy.data.tree_tar import open_tar
from neurodeploy.data.tree_zip import open_zip
from neurodeploy.errors import DataError


def open_tree(path: Path, archives: Sequence[str] = ()) -> Tree:
    """What lies at `path`.

    Args:
        path: a folder or an archive.
        archives: patterns, in small letters, of archives that a folder may hold in place of the folders of that name
            ("train.zip" for "train"); they are opened too, unless that folder is there as well.
    Raises:
        DataError: nothing is there, it cannot be read, or it is a damaged archive or no archive at all.
    """
    if not path.exists():
        raise DataError(source=path, reason="no such file or folder")
    if not path.is_dir():
        return _open_archive(path)
    tree = open_folder(path)
    found = [name for name in tree.files if _is_wanted(name, archives) and _stem(name) not in tree.folders]
    return _join(tree, [_open_archive(path / name).under(_stem(name)) for name in found]) if found else tree


def _is_wanted(name: str, archives: Sequence[str]) -> bool:
    return any(fnmatch(PurePosixPath(name).name.lower(), pattern) for pattern in archives)


def _open_archive(path: Path) -> Tree:
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise DataError(source=path, reason=error.strerror or type(error).__name__) from error
    if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return open_zip(path)
    if start.startswith(b"\x1f\x8b") or start[257:262] == b"ustar":
        return open_tar(path)
    reason = (
        f"starts with {start[:4]!r}: neither a folder nor a .zip, .tar or .tar.gz" if start else "the file is empty"
    )
    raise DataError(source=path, reason=reason, hint="Download it again, or unpack it and give the folder.")


def _stem(name: str) -> str:
    for ending in (".tar.gz", ".tgz", ".tar", ".zip"):
        if name.lower().endswith(ending):
            return name[: -len(ending)]
    return name


def _join(tree: Tree, archives: Sequence[Tree]) -> Tree:
    """One tree of a folder and the archives in it."""
    owner = {name: part for part in (tree, *archives) for name in part.files}
    folders = {name for part in (tree, *archives) for name in part.folders}
    key = hash_text([tree.key, *(part.key for part in archives)])
    return Tree(tree.place, tuple(sorted(owner)), tuple(sorted(folders)), key, lambda name: owner[name].read(name))
