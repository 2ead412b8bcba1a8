"""N-CARS: cutouts of cars and of background from drives with an ATIS camera, 100 ms each. 15,422 + 8,607 recordings."""

from __future__ import annotations

from neurodeploy.data.class_folders import class_folders
from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.formats.dat import decode

_CLASSES = ("background", "cars")

DATASET = Dataset(
    name="ncars",
    sensor=(100, 120),  # holds the largest cutouts; smaller ones lie in the upper left corner
    classes=_CLASSES,
    licence="Prophesee's terms, stated on the page of the download; read them before use",
    citation="Sironi, Brambilla, Bourdis, Lagorce, Benosman, HATS, CVPR 2018, arXiv:1803.07913",
    home="https://www.prophesee.ai/dataset-n-cars-download/",
    by_hand=(
        "Get Prophesee_Dataset_n_cars.zip from https://www.prophesee.ai/dataset-n-cars-download/, unpack it once and "
        "give the folder that holds n-cars_train.zip and n-cars_test.zip, or unpacked parts: .../train/cars/*.dat."
    ),
    opener=class_folders(
        "ncars",
        endings=(".dat",),
        decode=decode,
        archives=("n-cars_train.zip", "n-cars_test.zip"),
        split="official folders train and test",
        classes=_CLASSES,
    ),
    sources=(  # as recorded in jackd/events-tfds 2d1fc831, events_tfds/events/ncars/checksums.tsv
        Source(
            "Prophesee_Dataset_n_cars.zip",
            ("http://www.prophesee.ai/resources/Prophesee_Dataset_n_cars.zip",),
            450543128,
            "e10b2e00f8b258aab3b36924044d6b3d52de5251fb53e2b827e843b3fc26b245",
        ),
    ),
)
