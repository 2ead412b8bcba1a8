"""Labels and splits as the folders tell them."""

from pathlib import Path

import pytest

from neurodeploy.data.labelled import Labelled, by_parent, number_of, split_of
from neurodeploy.data.tree import Tree, parents
from neurodeploy.errors import DataError


def tree_of(*names: str, empty: tuple[str, ...] = ()) -> Tree:
    folders = tuple(sorted(parents(names) | set(empty)))
    return Tree(Path("place"), tuple(sorted(names)), folders, "key", lambda name: b"")


def test_the_folder_is_the_class_and_one_above_tells_the_split():
    found = by_parent(tree_of("N/Train/3/1.bin", "N/Test/4/2.BIN", "N/Train/readme.txt"), (".bin",), ("3", "4"))
    assert found == (Labelled("N/Test/4/2.BIN", "4", "test"), Labelled("N/Train/3/1.bin", "3", "train"))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Train/3", "train"),
        ("n-cars_test/cars", "test"),
        ("test_run/training/3", "train"),
        ("latest/3", None),
        ("3", None),
    ],
)
def test_the_nearest_folder_with_train_or_test_counts(name: str, split: str | None):
    assert split_of(name) == split


def test_no_file_at_all_is_refused():
    with pytest.raises(DataError, match=r"no \.bin file in a class folder"):
        by_parent(tree_of("a/b.txt"), (".bin",))


def test_archives_inside_are_named_when_nothing_else_is_there():
    with pytest.raises(DataError, match=r"it holds x/Train\.zip.* Unpack the outer archive"):
        by_parent(tree_of("x/Train.zip"), (".bin",))


def test_a_folder_that_is_no_class_is_refused():
    with pytest.raises(DataError, match="folder 'digits', which is no class"):
        by_parent(tree_of("Train/digits/1.bin"), (".bin",), ("0", "1"))


def test_a_class_folder_without_files_is_refused_by_name():
    with pytest.raises(DataError, match="class folder 'Train/7' holds no recording"):
        by_parent(tree_of("Train/3/1.bin", empty=("Train/7",)), (".bin",), ("3", "7"))


def test_without_class_names_an_empty_leaf_folder_is_refused():
    with pytest.raises(DataError, match="class folder 'set/empty'"):
        by_parent(tree_of("set/cat/1.bin", empty=("set/empty",)), (".bin",))


def test_an_absent_class_is_no_fault():
    assert len(by_parent(tree_of("Train/3/1.bin"), (".bin",), tuple("0123456789"))) == 1


def test_the_number_is_at_the_end_of_the_name():
    assert number_of(Labelled("a/cifar10_cat_0417.aedat", "cat", None)) == 417


def test_a_name_without_number_is_refused():
    with pytest.raises(DataError, match="no number"):
        number_of(Labelled("a/cat.aedat", "cat", None))
