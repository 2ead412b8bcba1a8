"""N-Caltech101: Caltech101 pictures on a screen, recorded as N-MNIST was. 8,709 recordings of various sizes."""

from __future__ import annotations

from neurodeploy.data.class_folders import class_folders
from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.formats.nmnist_bin import decode
from neurodeploy.data.labelled import number_of

DATASET = Dataset(
    name="ncaltech101",
    sensor=(180, 240),  # holds the largest pictures (x to 233, y to 173); smaller ones lie in the upper left corner
    classes=(),
    licence="CC BY 4.0",
    citation="Orchard, Jayawant, Cohen, Thakor, Front. Neurosci. 9:437, 2015, doi:10.3389/fnins.2015.00437",
    home="https://www.garrickorchard.com/datasets/n-caltech101",
    by_hand=(
        "Get the archive from https://data.mendeley.com/datasets/cy6cvx3ryv/1, unpack it once and give the folder that "
        "holds Caltech101.zip, or an unpacked part of that: .../<class>/image_<number>.bin."
    ),
    opener=class_folders(
        "ncaltech101",
        endings=(".bin",),
        decode=decode,
        archives=("caltech101.zip",),
        split="no official split; ours: every fifth recording of a class (number mod 5 = 4) is test",
        is_test=lambda one: number_of(one) % 5 == 4,
    ),
    sources=(  # address and MD5 as in tonic 1.7.0, tonic/datasets/ncaltech101.py
        Source(
            "N-Caltech101-archive.zip",
            (
                "https://data.mendeley.com/public-files/datasets/cy6cvx3ryv/files/"
                "36b5c52a-b49d-4853-addb-a836a8883e49/file_downloaded",
            ),
            md5="66201824eabb0239c7ab992480b50ba3",
        ),
    ),
)
