import errno
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neurodeploy.data import frame_cache
from neurodeploy.data.frame_cache import read_frames, write_frames
from neurodeploy.errors import OutputError

ABOUT = {"content": "abc", "shape": [1, 2, 2, 2]}
ROWS = np.arange(40, dtype=np.uint8).reshape(5, 8)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "set.frames"
    write_frames(path, ABOUT, iter([ROWS[:3], ROWS[3:]]))
    return path


def test_what_was_written_comes_back_as_a_memory_map(written: Path) -> None:
    rows = read_frames(written, ABOUT, 8)
    np.testing.assert_array_equal(rows, ROWS)
    assert isinstance(rows, np.memmap)
    assert not rows.flags.writeable


def test_no_other_file_is_left(written: Path) -> None:
    assert [path.name for path in written.parent.iterdir()] == ["set.frames"]


def test_the_same_input_gives_the_same_bytes(written: Path) -> None:
    before = written.read_bytes()
    write_frames(written, dict(reversed(ABOUT.items())), iter([ROWS]))
    assert written.read_bytes() == before


def test_a_set_without_recordings_comes_back_empty(tmp_path: Path) -> None:
    write_frames(tmp_path / "e", ABOUT, iter([]))
    rows = read_frames(tmp_path / "e", ABOUT, 8)
    assert rows is not None
    assert rows.shape == (0, 8)


@given(st.integers(0, 10**6), st.integers(1, 255))
def test_one_changed_byte_anywhere_is_noticed(
    tmp_path_factory: pytest.TempPathFactory, place: int, change: int
) -> None:
    path = tmp_path_factory.mktemp("cache") / "f"
    write_frames(path, ABOUT, iter([ROWS]))
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= change
    path.write_bytes(content)
    assert read_frames(path, ABOUT, 8) is None


@pytest.mark.parametrize("keep", [0, 1, 31, 40, 47, -33, -1])
def test_a_truncated_file_counts_as_absent(written: Path, keep: int) -> None:
    written.write_bytes(written.read_bytes()[:keep])
    assert read_frames(written, ABOUT, 8) is None


def test_another_description_counts_as_absent(written: Path) -> None:
    assert read_frames(written, {**ABOUT, "content": "abd"}, 8) is None


def test_another_record_length_counts_as_absent(written: Path) -> None:
    assert read_frames(written, ABOUT, 7) is None


def test_a_missing_file_counts_as_absent(tmp_path: Path) -> None:
    assert read_frames(tmp_path / "none", ABOUT, 8) is None


def test_a_whole_file_of_another_kind_counts_as_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_cache, "MAGIC", b"OTHERONE")
    write_frames(tmp_path / "f", ABOUT, iter([ROWS]))
    monkeypatch.undo()
    assert read_frames(tmp_path / "f", ABOUT, 8) is None


def broken_rows() -> Iterator[np.ndarray]:
    yield ROWS
    raise KeyboardInterrupt


def test_an_interrupted_writing_keeps_the_old_file_and_leaves_no_other(written: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_frames(written, ABOUT, broken_rows())
    np.testing.assert_array_equal(read_frames(written, ABOUT, 8), ROWS)
    assert len(list(written.parent.iterdir())) == 1


def full_disk() -> Iterator[np.ndarray]:
    yield ROWS
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_named_and_the_old_file_kept(written: Path) -> None:
    with pytest.raises(OutputError, match=r"No space left.*data\.cache"):
        write_frames(written, ABOUT, full_disk())
    np.testing.assert_array_equal(read_frames(written, ABOUT, 8), ROWS)
    assert len(list(written.parent.iterdir())) == 1


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"cannot write.*data\.cache"):
        write_frames(tmp_path / "file" / "f", ABOUT, iter([ROWS]))
