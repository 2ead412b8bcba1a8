"""N-MNIST: MNIST digits on a screen, seen by an ATIS camera in three saccades. 60,000 + 10,000 recordings."""

from __future__ import annotations

from neurodeploy.data.class_folders import class_folders
from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.formats.nmnist_bin import decode

_CLASSES = tuple("0123456789")
_MENDELEY = "https://data.mendeley.com/public-files/datasets/468j46mzdv/files"

DATASET = Dataset(
    name="nmnist",
    sensor=(34, 34),
    classes=_CLASSES,
    licence="CC BY-SA 4.0",
    citation="Orchard, Jayawant, Cohen, Thakor, Front. Neurosci. 9:437, 2015, doi:10.3389/fnins.2015.00437",
    home="https://www.garrickorchard.com/datasets/n-mnist",
    by_hand=(
        "Get Train.zip and Test.zip from https://data.mendeley.com/datasets/468j46mzdv/1 and give the folder that "
        "holds both. Parts do too: a folder, .zip or .tar.gz with Train/<digit>/<id>.bin and Test/<digit>/<id>.bin."
    ),
    opener=class_folders(
        "nmnist",
        endings=(".bin",),
        decode=decode,
        archives=("train.zip", "test.zip"),
        split="official folders Train and Test",
        classes=_CLASSES,
    ),
    sources=(  # addresses and MD5 as in tonic 1.7.0, tonic/datasets/nmnist.py
        Source(
            "Train.zip",
            (f"{_MENDELEY}/39c25547-014b-4137-a934-9d29fa53c7a0/file_downloaded",),
            md5="20959b8e626244a1b502305a9e6e2031",
        ),
        Source(
            "Test.zip",
            (f"{_MENDELEY}/05a4d654-7e03-4c15-bdfa-9bb2bcbea494/file_downloaded",),
            md5="69ca8762b2fe404d9b9bad1103e97832",
        ),
    ),
)
