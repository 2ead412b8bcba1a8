"""Official layouts, made small: nmnist, ncaltech101, ncars, cifar10dvs, mnist_dvs."""

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data import formats
from neurodeploy.data.datasets import find
from neurodeploy.data.datasets.dataset import Opened
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import DataError, EventFormatError

STREAM = EventStream(np.array([(i * 10, i, i + 1, i % 2) for i in range(10)], EVENT), (34, 34))


def put(folder: Path, *names: str, form: str, stream: EventStream = STREAM) -> Path:
    for name in names:
        formats.find(form).write(folder / name, stream)
    return folder


def zipped(folder: Path, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, file.relative_to(folder))
    return path


def ids(opened: Opened) -> tuple[list[str], list[str]]:
    return [one.id for one in opened.train], [one.id for one in opened.test]


# N-MNIST


def nmnist_folder(place: Path) -> Path:
    return put(place, "Train/3/00007.bin", "Train/0/00002.bin", "Test/3/00001.bin", form="nmnist_bin")


NMNIST_IDS = (["Train/0/00002.bin", "Train/3/00007.bin"], ["Test/3/00001.bin"])


def test_nmnist_is_read_from_a_folder(tmp_path: Path):
    opened = find("nmnist").open(nmnist_folder(tmp_path))
    assert ids(opened) == NMNIST_IDS
    assert [one.label for one in opened.train] == [0, 3]
    assert opened.sensor == (34, 34)
    np.testing.assert_array_equal(opened.test[0].load().events, STREAM.events)


def test_nmnist_is_read_from_a_zip_and_a_targz(tmp_path: Path):
    folder = nmnist_folder(tmp_path / "data")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(folder, "NMNIST")
    for path, prefix in ((zipped(folder, tmp_path / "a.zip"), ""), (tmp_path / "a.tar.gz", "NMNIST/")):
        opened = find("nmnist").open(path)
        assert ids(opened) == tuple([prefix + name for name in names] for names in NMNIST_IDS)
        np.testing.assert_array_equal(opened.train[1].load().events, STREAM.events)


def test_nmnist_is_read_from_train_zip_and_test_zip(tmp_path: Path):
    folder = nmnist_folder(tmp_path / "data")
    (tmp_path / "downloads").mkdir()
    for part in ("Train", "Test"):
        only = tmp_path / part
        put(only, *[name for names in NMNIST_IDS for name in names if name.startswith(part)], form="nmnist_bin")
        zipped(only, tmp_path / "downloads" / f"{part}.zip")
    opened = find("nmnist").open(tmp_path / "downloads")
    assert [len(opened.train), len(opened.test)] == [2, 1]
    assert opened.test[0].load().events.tolist() == STREAM.events.tolist()
    assert folder.is_dir()


def test_a_part_of_nmnist_is_enough(tmp_path: Path):
    opened = find("nmnist").open(put(tmp_path, "Train/5/00001.bin", form="nmnist_bin"))
    assert ids(opened) == (["Train/5/00001.bin"], [])
    assert len(opened.classes) == 10


def test_nmnist_without_train_or_test_folder_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="neither a train nor a test folder"):
        find("nmnist").open(put(tmp_path, "5/00001.bin", form="nmnist_bin"))


def test_a_class_folder_without_files_is_refused_by_name(tmp_path: Path):
    folder = nmnist_folder(tmp_path)
    (folder / "Train" / "8").mkdir()
    with pytest.raises(DataError, match="class folder 'Train/8' holds no recording"):
        find("nmnist").open(folder)


def test_an_event_outside_the_sensor_is_refused_with_file_and_byte_when_read(tmp_path: Path):
    folder = nmnist_folder(tmp_path)
    (folder / "Train/3/00007.bin").write_bytes(bytes((40, 0, 0, 0, 0)))
    broken = find("nmnist").open(folder).train[1]
    with pytest.raises(EventFormatError, match=r"Train/3/00007\.bin: at byte 0: .*x outside 0\.\.33"):
        broken.load()


def test_no_path_is_refused_with_the_way_to_get_the_data():
    with pytest.raises(DataError, match=r"no path given.*mendeley"):
        find("nmnist").open(None)


def test_a_path_to_nothing_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"no such file or folder.*mendeley"):
        find("nmnist").open(tmp_path / "none")


def test_the_content_key_changes_with_the_content(tmp_path: Path):
    folder = nmnist_folder(tmp_path)
    before = find("nmnist").open(folder).content_key
    assert find("nmnist").open(folder).content_key == before
    put(folder, "Train/3/00008.bin", form="nmnist_bin")
    assert find("nmnist").open(folder).content_key != before


def test_real_nmnist_is_read_from_the_targz(data_dir: Path):
    opened = find("nmnist").open(data_dir / "nmnist-small" / "nmnist-small.tar.gz")
    counts = [sum(one.label == digit for one in opened.train) for digit in range(10)]
    assert counts == [77, 96, 79, 73, 85, 72, 74, 97, 67, 80]
    assert len(opened.test) == 100
    sizes = [len(one.load()) for one in opened.train + opened.test]  # file sizes / 5 give the same
    assert (min(sizes), max(sizes), sum(sizes)) == (1069, 6960, 3668556)


# N-Caltech101


def test_ncaltech101_takes_its_classes_from_the_folders(tmp_path: Path):
    names = [f"Caltech101/{group}/image_{n:04d}.bin" for group in ("yin_yang", "Motorbikes") for n in range(1, 6)]
    opened = find("ncaltech101").open(put(tmp_path, *names, form="nmnist_bin"))
    assert opened.classes == ("Motorbikes", "yin_yang")
    assert [one.id for one in opened.test] == [
        "Caltech101/Motorbikes/image_0004.bin",
        "Caltech101/yin_yang/image_0004.bin",
    ]
    assert opened.sensor == (180, 240)
    assert opened.train[0].load().sensor == (180, 240)


def test_ncaltech101_is_read_from_its_zip(tmp_path: Path):
    folder = put(tmp_path / "x", "Caltech101/ant/image_0001.bin", form="nmnist_bin")
    (tmp_path / "downloads").mkdir()
    zipped(folder, tmp_path / "downloads" / "Caltech101.zip")
    opened = find("ncaltech101").open(tmp_path / "downloads")
    assert [one.id for one in opened.train] == ["Caltech101/Caltech101/ant/image_0001.bin"]


# N-CARS


def test_ncars_is_read_from_a_folder(tmp_path: Path):
    names = ("train/cars/obj_1_td.dat", "train/background/obj_2_td.dat", "test/cars/obj_3_td.dat")
    opened = find("ncars").open(put(tmp_path, *names, form="dat"))
    assert ids(opened) == (["train/background/obj_2_td.dat", "train/cars/obj_1_td.dat"], ["test/cars/obj_3_td.dat"])
    assert [opened.classes[one.label] for one in opened.train] == ["background", "cars"]
    assert opened.train[0].load().sensor == (100, 120)


def test_ncars_is_read_from_its_two_zips(tmp_path: Path):
    place = tmp_path / "downloads"
    place.mkdir()
    for part in ("train", "test"):
        zipped(put(tmp_path / part, f"{part}/cars/obj_1_td.dat", form="dat"), place / f"n-cars_{part}.zip")
    opened = find("ncars").open(place)
    assert [len(opened.train), len(opened.test)] == [1, 1]


def test_a_real_ncars_file_fits_the_sensor(data_dir: Path, tmp_path: Path):
    (tmp_path / "test" / "cars").mkdir(parents=True)
    content = (data_dir / "event-file-samples" / "ncars_sample.dat").read_bytes()
    (tmp_path / "test" / "cars" / "obj_1_td.dat").write_bytes(content)
    assert len(find("ncars").open(tmp_path).test[0].load()) == 2009


# CIFAR10-DVS


def test_cifar10dvs_tests_on_every_tenth_and_turns_upright(tmp_path: Path):
    names = [f"cat/cifar10_cat_{n}.aedat" for n in (8, 9, 10, 19)]
    opened = find("cifar10dvs").open(put(tmp_path, *names, form="aedat2"))
    assert [one.id for one in opened.test] == ["cat/cifar10_cat_19.aedat", "cat/cifar10_cat_9.aedat"]
    assert opened.classes[opened.train[0].label] == "cat"
    events = opened.train[0].load().events
    np.testing.assert_array_equal(events["x"], 127 - STREAM.events["y"])
    np.testing.assert_array_equal(events["y"], 127 - STREAM.events["x"])
    np.testing.assert_array_equal(events["p"], STREAM.events["p"])


def test_cifar10dvs_is_read_from_its_zips(tmp_path: Path):
    zipped(put(tmp_path / "x", "cat/cifar10_cat_1.aedat", form="aedat2"), tmp_path / "cat.zip")
    (tmp_path / "downloads").mkdir()
    (tmp_path / "cat.zip").rename(tmp_path / "downloads" / "cat.zip")
    assert len(find("cifar10dvs").open(tmp_path / "downloads").train) == 1


def test_a_cifar10dvs_name_without_number_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match="no number"):
        find("cifar10dvs").open(put(tmp_path, "cat/mine.aedat", form="aedat2"))


def test_the_ten_zips_of_cifar10dvs_have_the_names_of_the_classes():
    dataset = find("cifar10dvs")
    assert [source.file for source in dataset.sources] == [f"{name}.zip" for name in dataset.classes]


# MNIST-DVS


def test_mnist_dvs_takes_digit_and_split_from_the_name(tmp_path: Path):
    names = [f"grabbed_data{digit}/scale4/mnist_{digit}_scale04_{n:04d}.aedat" for digit in (1, 7) for n in (1, 4, 10)]
    opened = find("mnist_dvs").open(put(tmp_path, *names, "readme.aedat", form="aedat2"))
    assert [one.label for one in opened.train] == [1, 1, 7, 7]
    assert [one.id[-9:] for one in opened.test] == ["004.aedat", "004.aedat"]
    assert opened.test[1].load().events["x"][0] == 127 - STREAM.events["y"][0]


def test_mnist_dvs_is_read_from_its_zips(tmp_path: Path):
    folder = put(tmp_path / "x", "grabbed_data3/scale8/mnist_3_scale08_0001.aedat", form="aedat2")
    (tmp_path / "downloads").mkdir()
    zipped(folder, tmp_path / "downloads" / "grabbed_data3.zip")
    assert find("mnist_dvs").open(tmp_path / "downloads").train[0].label == 3


def test_a_folder_without_mnist_dvs_names_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"no mnist_<digit>"):
        find("mnist_dvs").open(put(tmp_path, "a/b.aedat", form="aedat2"))


def test_the_mark_at_the_end_of_a_text_export_is_no_event(tmp_path: Path):
    (tmp_path / "m53.txt").write_bytes(b"1 2 0 1\n3 4 9 0\n0 0 200010 0\n")
    (tmp_path / "m54.txt").write_bytes(b"1 2 0 1\n3 4 9 0\n")
    opened = find("mnist_dvs").open(tmp_path)
    assert [one.load().events.tolist() for one in opened.train + opened.test] == [
        [(0, 125, 126, 1), (9, 123, 124, 0)]
    ] * 2
    assert [one.label for one in opened.train + opened.test] == [5, 5]


def test_real_mnist_dvs_exports_are_read_and_stand_upright(data_dir: Path):
    opened = find("mnist_dvs").open(data_dir / "mnist-dvs-100" / "mnist-dvs-70.tar.gz")
    assert [len(opened.train), len(opened.test)] == [60, 10]
    ones = [one.load().events for one in opened.train if one.label == 1]
    height = np.median([np.ptp(np.percentile(events["y"], (5, 95))) for events in ones])
    width = np.median([np.ptp(np.percentile(events["x"], (5, 95))) for events in ones])
    assert height > width  # a written 1 is taller than wide; lying, it would be the other way round
