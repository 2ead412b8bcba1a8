import gzip
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.idx import read_idx
from neurodeploy.errors import DataError

LABELS = bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9])
IMAGES = bytes([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 11, 12, 13])


def write(tmp_path: Path, content: bytes, name: str = "f") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_labels_are_read(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_idx(write(tmp_path, LABELS), axes=1), np.array([7, 0, 9], np.uint8))


def test_images_are_read_last_axis_fastest(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_idx(write(tmp_path, IMAGES), axes=3), [[[10, 11]], [[12, 13]]])


def test_gzip_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, gzip.compress(LABELS), "f.gz")
    np.testing.assert_array_equal(read_idx(path, axes=1), [7, 0, 9])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"bytes 0\.\.3 are missing"),
        (IMAGES, r"bytes 0\.\.3 are 00 00 08 03; IDX of unsigned bytes with 1 axes has 00 00 08 01"),
        (bytes([0, 0, 13, 1]) + LABELS[4:], r"bytes 0\.\.3 are 00 00 0d 01"),
        (LABELS[:6], r"the header ends at byte 6 of 8"),
        (LABELS[:-1], r"header promises 3 values \(shape \(3,\)\), the file has only 2"),
        (LABELS + b"\0", r"header promises 3 values.*the file has more"),
        (bytes([0, 0, 8, 1, 255, 255, 255, 255, 1]), r"promises 4294967295 values.*only 1"),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_idx(write(tmp_path, content), axes=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (gzip.compress(LABELS)[:-9], r"the gzip stream is truncated"),
        (LABELS, r"not a gzip stream"),
        (gzip.compress(LABELS)[:10] + b"\x07" + gzip.compress(LABELS)[11:], r"not a gzip stream, or damaged"),
    ],
)
def test_a_damaged_gzip_stream_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_idx(write(tmp_path, content, "f.gz"), axes=1)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none: no such file"):
        read_idx(tmp_path / "none", axes=1)
