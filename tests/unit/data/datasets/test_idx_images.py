import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.datasets import find
from neurodeploy.errors import DataError


def idx(values: np.ndarray) -> bytes:
    return bytes([0, 0, 8, values.ndim]) + b"".join(n.to_bytes(4, "big") for n in values.shape) + values.tobytes()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for split, count in (("train", 5), ("t10k", 3)):
        pictures = np.kron(rng.integers(0, 2, (count, 7, 7)) * 255, np.ones((1, 4, 4))).astype(np.uint8)
        labels = np.arange(count, dtype=np.uint8)
        (tmp_path / f"{split}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pictures), mtime=0))
        (tmp_path / f"{split}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels), mtime=0))
    return tmp_path


@pytest.mark.parametrize(("name", "second"), [("mnist-saccade", "1"), ("fashion-saccade", "trouser")])
def test_a_folder_with_the_four_files_opens(folder: Path, name: str, second: str) -> None:
    data = find(name).open(folder)
    assert (len(data.train), len(data.test), len(data.classes), data.sensor) == (5, 3, 10, (34, 34))
    assert [recording.label for recording in data.train] == [0, 1, 2, 3, 4]
    assert data.classes[1] == second
    assert len(data.test[2].load()) > 0


def test_plain_files_give_the_same_recordings(folder: Path) -> None:
    before = find("mnist-saccade").open(folder).train[1].load().events
    for path in list(folder.iterdir()):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()
    np.testing.assert_array_equal(find("mnist-saccade").open(folder).train[1].load().events, before)


def test_the_content_key_follows_every_file(folder: Path) -> None:
    keys = {find("mnist-saccade").open(folder).content_key}
    for path in sorted(folder.iterdir()):
        path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes())[:-1] + b"\1", mtime=0))
        keys.add(find("mnist-saccade").open(folder).content_key)
    assert len(keys) == 5


@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(DataError, match=rf"no file {name} \(or {name[:-3]}\).*data\.path"):
        find("mnist-saccade").open(folder)


def cut_stream(content: bytes) -> bytes:
    return content[:-12]


def swapped(content: bytes) -> bytes:
    return gzip.compress(idx(np.zeros(5, np.uint8)))


def one_less(content: bytes) -> bytes:
    return gzip.compress(idx(np.zeros((4, 28, 28), np.uint8)))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (cut_stream, r"train-images.*gzip stream is truncated"),
        (swapped, r"train-images.*00 00 08 01; IDX of unsigned bytes with 3 axes"),
        (one_less, r"train-images.*4 images, but 5 labels in train-labels"),
    ],
)
def test_damaged_images_are_named_when_they_are_read(
    folder: Path, damage: Callable[[bytes], bytes], message: str
) -> None:
    path = folder / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    data = find("mnist-saccade").open(folder)
    with pytest.raises(DataError, match=message):
        data.train[0].load()


def test_truncated_labels_are_named(folder: Path) -> None:
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.zeros(3, np.uint8))[:-1]))
    with pytest.raises(DataError, match=r"t10k-labels.*header promises 3 values.*only 2"):
        find("mnist-saccade").open(folder)


def test_a_label_without_a_class_is_named(folder: Path) -> None:
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(np.array([0, 1, 12, 3, 4], np.uint8))))
    with pytest.raises(DataError, match=r"train-labels.*label 2 is 12, allowed 0\.\.9"):
        find("mnist-saccade").open(folder)


def test_a_path_is_needed() -> None:
    with pytest.raises(DataError, match=r"no path given.*t10k-images"):
        find("mnist-saccade").open()


def test_the_official_files_have_the_sizes_and_digests_written_down(data_dir: Path) -> None:
    for name, place in (("mnist-saccade", "mnist"), ("fashion-saccade", "fashion-mnist")):
        if not (data_dir / place).is_dir():
            pytest.skip(f"no {place}")
        for source in find(name).sources:
            content = (data_dir / place / source.file).read_bytes()
            assert (len(content), hashlib.sha256(content).hexdigest()) == (source.size, source.sha256)
