"""Folders and archives read the same, and a damaged archive says so."""

import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from neurodeploy.data.opening import open_tree
from neurodeploy.data.tree import Tree
from neurodeploy.errors import DataError

FILES = {"Train/3/b.bin": b"bbb" * 50, "Train/3/a.bin": b"a", "Test/0/c.bin": bytes(range(256)) * 20}


def make_folder(place: Path) -> Path:
    for name, content in FILES.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    (place / "Train" / "9").mkdir()
    (place / ".hidden").write_bytes(b"x")
    return place


def make_zip(path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
        archive.writestr("Train/9/", b"")
        archive.writestr("__MACOSX/Train/3/._a.bin", b"x")
    return path


def make_tar(path: Path, mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:
        for name, content in FILES.items():
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        empty = tarfile.TarInfo("Train/9")
        empty.type = tarfile.DIRTYPE
        archive.addfile(empty)
    return path


MAKERS = {
    "folder": lambda place: make_folder(place / "data"),
    "zip": lambda place: make_zip(place / "data.zip"),
    "stored zip": lambda place: make_zip(place / "data.zip", zipfile.ZIP_STORED),
    "tar.gz": lambda place: make_tar(place / "data.tar.gz"),
    "tar": lambda place: make_tar(place / "data.tar", "w"),
}


@pytest.fixture(params=MAKERS)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    return open_tree(MAKERS[request.param](tmp_path))


def test_files_are_sorted_and_hidden_ones_left_out(tree: Tree):
    assert tree.files == ("Test/0/c.bin", "Train/3/a.bin", "Train/3/b.bin")


def test_folders_include_the_empty_one(tree: Tree):
    assert tree.folders == ("Test", "Test/0", "Train", "Train/3", "Train/9")


def test_each_file_has_its_bytes(tree: Tree):
    assert {name: tree.read(name) for name in tree.files} == FILES


@pytest.mark.parametrize("kind", MAKERS)
def test_the_key_stays_when_nothing_changes(kind: str, tmp_path: Path):
    path = MAKERS[kind](tmp_path)
    assert open_tree(path).key == open_tree(path).key


def test_the_key_of_a_zip_or_targz_is_of_the_content_and_not_of_the_place(tmp_path: Path):
    for make, name in ((make_zip, "a.zip"), (make_tar, "a.tar.gz")):
        path = make(tmp_path / name)
        moved = tmp_path / "moved" / name
        moved.parent.mkdir(exist_ok=True)
        moved.write_bytes(path.read_bytes())
        os.utime(moved, (1, 1))
        assert open_tree(moved).key == open_tree(path).key


def test_the_key_changes_with_a_byte_in_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    keys = {open_tree(make_zip(tmp_path / "1.zip")).key, open_tree(make_tar(tmp_path / "1.tar.gz")).key}
    monkeypatch.setitem(FILES, "Train/3/a.bin", b"b")
    keys |= {open_tree(make_zip(tmp_path / "2.zip")).key, open_tree(make_tar(tmp_path / "2.tar.gz")).key}
    assert len(keys) == 4


def test_the_key_of_a_folder_changes_with_size_time_and_name(tmp_path: Path):
    folder = make_folder(tmp_path / "data")
    keys = [open_tree(folder).key]
    for change in (
        lambda: (folder / "Train/3/a.bin").write_bytes(b"longer"),
        lambda: os.utime(folder / "Train/3/b.bin", ns=(5, 5)),
        lambda: (folder / "Train/3/a.bin").rename(folder / "Train/3/z.bin"),
    ):
        change()
        keys.append(open_tree(folder).key)
    assert len(set(keys)) == 4


def test_archives_in_a_folder_read_as_folders(tmp_path: Path):
    make_zip(tmp_path / "Train.zip")
    make_tar(tmp_path / "more.tar.gz")
    make_zip(tmp_path / "other.zip")
    tree = open_tree(tmp_path, archives=("train.zip", "more*"))
    assert "Train/Test/0/c.bin" in tree.files
    assert tree.read("more/Train/3/b.bin") == FILES["Train/3/b.bin"]
    assert tree.read("Train/Train/3/b.bin") == FILES["Train/3/b.bin"]
    assert not [name for name in tree.files if name.startswith("other/")]


def test_the_key_of_a_folder_of_archives_changes_with_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make_zip(tmp_path / "train.zip", zipfile.ZIP_STORED)
    before = open_tree(tmp_path, archives=("train.zip",)).key
    monkeypatch.setitem(FILES, "Train/3/a.bin", b"b")
    make_zip(tmp_path / "train.zip", zipfile.ZIP_STORED)
    assert open_tree(tmp_path, archives=("train.zip",)).key != before


def test_an_archive_beside_its_unpacked_folder_is_left_closed(tmp_path: Path):
    (tmp_path / "Train").mkdir()
    (tmp_path / "Train" / "only.bin").write_bytes(b"x")
    make_zip(tmp_path / "Train.zip")
    assert open_tree(tmp_path, archives=("train.zip",)).files == ("Train.zip", "Train/only.bin")


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        open_tree(path)
    assert str(path) in caught.value.source
    return caught.value.reason


def test_nothing_there_is_refused(tmp_path: Path):
    assert "no such file" in refused(tmp_path / "none")


def test_an_empty_file_is_refused(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(b"")
    assert "empty" in refused(tmp_path / "a.zip")


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(b"<!doctype html>" * 100)
    assert "neither a folder nor a .zip" in refused(tmp_path / "a.zip")


@pytest.mark.parametrize("kept", [20, 100, 300])
def test_a_truncated_targz_is_refused(tmp_path: Path, kept: int):
    path = make_tar(tmp_path / "a.tar.gz")
    path.write_bytes(path.read_bytes()[:kept])
    assert "corrupt or unreadable archive" in refused(path)


def test_a_targz_with_a_changed_byte_is_refused(tmp_path: Path):
    path = make_tar(tmp_path / "a.tar.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # within the CRC at the end
    path.write_bytes(content)
    assert "CRC" in refused(path)


def test_a_gz_that_holds_no_tar_is_refused(tmp_path: Path):
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(b"just text" * 200))
    assert "corrupt or unreadable" in refused(tmp_path / "a.tar.gz")


def test_a_tar_cut_within_its_last_file_is_refused(tmp_path: Path):
    path = make_tar(tmp_path / "a.tar", "w")
    content = path.read_bytes()
    path.write_bytes(content[: content.index(bytes(range(256))) + 700])
    assert "unexpected end" in refused(path)


def test_a_truncated_zip_is_refused(tmp_path: Path):
    path = make_zip(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-40])
    assert "corrupt zip" in refused(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_zip_member_with_a_changed_byte_is_refused_by_name_when_read(tmp_path: Path, method: int):
    path = make_zip(tmp_path / "a.zip", method)
    content = bytearray(path.read_bytes())
    content[content.index(b"Train/3/b.bin") + 15] ^= 1  # the first bytes behind the local header
    path.write_bytes(content)
    tree = open_tree(path)
    assert tree.read("Test/0/c.bin") == FILES["Test/0/c.bin"]
    with pytest.raises(DataError, match=r"a\.zip/Train/3/b\.bin: corrupt zip member"):
        tree.read("Train/3/b.bin")


def test_an_unknown_zip_method_is_refused_when_read(tmp_path: Path):
    tree = open_tree(make_zip(tmp_path / "a.zip", zipfile.ZIP_LZMA))
    with pytest.raises(DataError, match="unknown method"):
        tree.read("Train/3/b.bin")


def test_a_file_that_vanished_is_refused_when_read(tmp_path: Path):
    tree = open_tree(make_folder(tmp_path / "data"))
    (tmp_path / "data/Train/3/a.bin").unlink()
    with pytest.raises(DataError, match="No such file"):
        tree.read("Train/3/a.bin")


def test_a_link_to_nowhere_is_refused_by_name(tmp_path: Path):
    make_folder(tmp_path / "data")
    (tmp_path / "data/Train/3/link.bin").symlink_to(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"link\.bin"):
        open_tree(tmp_path / "data")


def test_nothing_is_left_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    tree = open_tree(make_tar(tmp_path / "a.tar.gz"))
    assert tree.read("Train/3/a.bin") == b"a"
    assert list((tmp_path / "temporary").iterdir()) == []
