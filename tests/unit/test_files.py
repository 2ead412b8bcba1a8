import errno
from pathlib import Path

import pytest

from neurodeploy.errors import OutputError
from neurodeploy.files import write_file, write_folder


def names(folder: Path) -> list[str]:
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())


def fail_after(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """A disk that is full after `count` files."""
    real, calls = Path.write_bytes, []

    def write(self: Path, content: bytes) -> int:
        calls.append(self)
        if len(calls) > count:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", write)


def test_a_file_appears_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_file(tmp_path / "new" / "a.txt", b"one")
    write_file(tmp_path / "new" / "a.txt", b"two")
    assert (tmp_path / "new" / "a.txt").read_bytes() == b"two"
    assert names(tmp_path) == ["new/a.txt"]


def test_a_file_cannot_take_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError, match="taken"):
        write_file(tmp_path / "taken", b"x")
    assert names(tmp_path) == []


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", {"m": b"1", "sub/a": b"x"}, marker="m")
    write_folder(tmp_path / "out", {"m": b"2", "b": b"y"}, marker="m")
    assert names(tmp_path) == ["out/b", "out/m"]


def test_a_folder_with_foreign_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.tex").write_text("years of work")
    with pytest.raises(OutputError, match="not empty"):
        write_folder(tmp_path / "out", {"m": b"1"}, marker="m")
    assert names(tmp_path) == ["out/thesis.tex"]


def test_a_file_in_the_way_of_a_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("keep")
    with pytest.raises(OutputError, match="a file of that name"):
        write_folder(tmp_path / "out", {"m": b"1"}, marker="m")
    assert (tmp_path / "out").read_text() == "keep"


def test_a_full_disk_keeps_the_old_folder_and_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "out", {"m": b"old", "a": b"old"}, marker="m")
    fail_after(monkeypatch, 1)
    with pytest.raises(OutputError, match="No space left"):
        write_folder(tmp_path / "out", {"m": b"new", "a": b"new"}, marker="m")
    assert names(tmp_path) == ["out/a", "out/m"]
    assert (tmp_path / "out" / "a").read_bytes() == b"old"


def test_a_read_only_place_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # tests may run as root, for whom nothing is read-only: the system call's answer is put in by hand
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(OutputError, match="Read-only file system"):
        write_folder(tmp_path / "out", {"m": b"1"}, marker="m")
    with pytest.raises(OutputError, match="Read-only file system"):
        write_file(tmp_path / "x", b"1")
    assert names(tmp_path) == []


def test_a_swap_that_fails_half_way_restores_the_old_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(tmp_path / "out", {"m": b"old"}, marker="m")
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if Path(target).name == "out" and not self.name.endswith(".old"):
            raise OSError(errno.EIO, "Input/output error")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OutputError, match="Input/output"):
        write_folder(tmp_path / "out", {"m": b"new"}, marker="m")
    assert (tmp_path / "out" / "m").read_bytes() == b"old"
