"""What holds for every data set that is read from files."""

import re
import sys

import pytest

from neurodeploy.data import datasets
from neurodeploy.data.fetch import instructions
from neurodeploy.errors import ConfigError, DataError

FROM_FILES = ("cifar10dvs", "dvs_gesture", "folder", "mnist_dvs", "ncaltech101", "ncars", "nmnist")


def test_every_file_of_the_folder_is_a_data_set():
    assert set(FROM_FILES) <= set(datasets.names())
    assert "dataset" not in datasets.names()


def test_listing_imports_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "neurodeploy.data.datasets.ncars", raising=False)
    datasets.names()
    assert "neurodeploy.data.datasets.ncars" not in sys.modules


def test_an_unknown_data_set_is_answered_with_all_and_a_close_one():
    with pytest.raises(ConfigError, match=r"'n-mnist'.*cifar10dvs.*Did you mean 'nmnist'"):
        datasets.find("n-mnist")


@pytest.mark.parametrize("name", FROM_FILES)
def test_a_data_set_knows_its_name_licence_and_way_by_hand(name: str):
    dataset = datasets.find(name)
    assert dataset.name == name
    assert dataset.licence
    assert dataset.by_hand
    assert name in instructions(dataset)


@pytest.mark.parametrize("name", FROM_FILES)
def test_a_data_set_from_files_wants_a_path(name: str):
    with pytest.raises(DataError, match="no path given"):
        datasets.find(name).open(None)


@pytest.mark.parametrize("name", FROM_FILES)
def test_sources_have_plausible_addresses_and_checksums(name: str):
    for source in datasets.find(name).sources:
        assert source.urls
        assert all(re.fullmatch(r"https?://[^ ]+", url) for url in source.urls)
        assert source.sha256 is None or re.fullmatch("[0-9a-f]{64}", source.sha256)
        assert source.md5 is None or re.fullmatch("[0-9a-f]{32}", source.md5)
        assert source.sha256 or source.md5, "nothing is downloaded that cannot be verified"
