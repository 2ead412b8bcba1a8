"""Any tree of class folders, in any readable format."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data import formats
from neurodeploy.data.datasets import find
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import DataError

STREAM = EventStream(np.array([(10, 3, 6, 1), (20, 8, 2, 0)], EVENT), (20, 30))


def put(folder: Path, *names: str) -> Path:
    for name in names:
        form = next(one for one in map(formats.find, formats.names()) if name.endswith(one.suffixes))
        form.write(folder / name, STREAM)
    return folder


def test_train_and_test_folders_are_the_split(tmp_path: Path):
    opened = find("folder").open(put(tmp_path, "train/cat/1.npz", "Test/cat/2.npz", "train/dog/deep/3.npz"))
    assert opened.classes == ("cat", "dog")
    assert [one.id for one in opened.train] == ["train/cat/1.npz", "train/dog/deep/3.npz"]
    assert [one.id for one in opened.test] == ["Test/cat/2.npz"]
    assert opened.split == "folders train and test"


def test_without_them_every_fifth_file_of_a_class_is_test(tmp_path: Path):
    names = [f"cat/{n:02d}.npz" for n in range(11)] + ["dog/a.npz", "dog/b.npz", "eel/a.npz"]
    opened = find("folder").open(put(tmp_path, *names))
    assert [one.id for one in opened.test] == ["cat/04.npz", "cat/09.npz", "dog/b.npz"]
    assert "every fifth" in opened.split
    assert len(opened.train) == 11


def test_a_common_outer_folder_is_no_class(tmp_path: Path):
    opened = find("folder").open(put(tmp_path, "set/v1/cat/1.npz", "set/v1/dog/1.npz"))
    assert opened.classes == ("cat", "dog")


def test_files_outside_class_folders_are_not_read(tmp_path: Path):
    put(tmp_path, "set/train/cat/1.npz", "set/test/cat/1.npz")
    (tmp_path / "set" / "README.txt").write_text("about this set")
    (tmp_path / "set" / "train" / "notes.txt").write_text("more")
    opened = find("folder").open(tmp_path)
    assert [len(opened.train), len(opened.test)] == [1, 1]


def test_formats_may_be_mixed_and_the_sensor_holds_all(tmp_path: Path):
    opened = find("folder").open(put(tmp_path, "a/1.npz", "a/2.bin", "b/3.dat", "b/4.txt"))
    assert opened.sensor == (20, 30)  # stated in .npz and .dat
    for one in opened.train + opened.test:
        stream = one.load()
        assert stream.sensor == (20, 30)
        np.testing.assert_array_equal(stream.events, STREAM.events)


def test_files_that_state_no_sensor_get_the_smallest(tmp_path: Path):
    assert find("folder").open(put(tmp_path, "a/2.bin", "b/4.txt")).sensor == (7, 9)


def test_a_stated_sensor_is_taken_without_reading_a_file(tmp_path: Path):
    put(tmp_path, "a/1.npz")
    (tmp_path / "a" / "2.bin").write_bytes(b"bad")
    assert find("folder").open(tmp_path, (40, 40)).sensor == (40, 40)


def test_an_empty_class_folder_is_refused_by_name(tmp_path: Path):
    put(tmp_path, "train/cat/1.npz", "test/cat/1.npz")
    (tmp_path / "test" / "dog").mkdir()
    with pytest.raises(DataError, match="class folder 'test/dog' holds no recording"):
        find("folder").open(tmp_path)


def test_a_folder_without_events_is_refused_with_the_endings(tmp_path: Path):
    (tmp_path / "cat").mkdir()
    (tmp_path / "cat" / "1.jpg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"no event file in a class folder.*\.aedat"):
        find("folder").open(tmp_path)


def test_files_in_no_folder_are_refused(tmp_path: Path):
    with pytest.raises(DataError, match="<class>/<file>"):
        find("folder").open(put(tmp_path, "1.npz"))


def test_real_nmnist_reads_as_a_plain_folder(data_dir: Path):
    opened = find("folder").open(data_dir / "nmnist-small" / "nmnist-small.tar.gz")
    assert [len(opened.train), len(opened.test)] == [800, 100]
    assert opened.sensor == (34, 34)
