"""CIFAR10-DVS: CIFAR-10 pictures moved over a screen, seen by a DVS128. 10 x 1,000 recordings."""

from __future__ import annotations

from pathlib import Path

from neurodeploy.data.class_folders import class_folders
from neurodeploy.data.datasets.dataset import Dataset, Source
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats import aedat2
from neurodeploy.data.labelled import number_of
from neurodeploy.data.upright import upright

# file number at figshare, size and SHA-256, as recorded in jackd/events-tfds 2d1fc831,
# events_tfds/events/cifar10_dvs/{cifar10_dvs_dataset_builder.py,checksums.tsv}
_FILES = {
    "airplane": (7712788, 747054427, "9d6191188bc5d09a50614677fd2ba5bacda140ccea8a9cfebde8b0089ad9cf00"),
    "automobile": (7712791, 970159102, "7eb280fb1da6673e99ab05967256c00be227507444523079699463bf06c1cc9d"),
    "bird": (7712794, 760766288, "05b44f05080a9236230cfbb3e1a0948ce7153fae8c233b6d86cd0ee76e30379f"),
    "cat": (7712812, 843271197, "5afdde5e1e631b2939f9ea9dbdab1c2c50f98dd4910c0012568ef1c9fb6a9375"),
    "deer": (7712815, 778283422, "fc4306f2876f1844fdae82babe31a492e905e67c481a1fa92aac0097078f09cb"),
    "dog": (7712818, 844609875, "21e657bc3e960e99c1b76b03457e51cadf68c4f9a77ca6c9765d60297b0526ca"),
    "frog": (7712842, 818824848, "6837a43d5c88e116b21b7e38b4551f067fcee8ef1971a455bba3b4415c7d4812"),
    "horse": (7712851, 929265395, "d7221ac72a6a4bd1d7b4a393f22123f49d6468746e74c60b53eaab995250ae67"),
    "ship": (7712836, 742404857, "cd04b0e42bf84c5237b62fd91723db91b7760fabe2c6b2a7a5da61d2766e9a1b"),
    "truck": (7712839, 950111954, "0fafec811d8cec57b10f92212ac9e8d037b39f38ec3115de709db60b1b8b2017"),
}
_CLASSES = tuple(_FILES)


def _decode(content: bytes, sensor: tuple[int, int] | None, source: Path | str) -> EventStream:
    return upright(aedat2.decode(content, sensor, source))


DATASET = Dataset(
    name="cifar10dvs",
    sensor=(128, 128),
    classes=_CLASSES,
    licence="CC BY 4.0",
    citation="Li, Liu, Ji, Li, Shi, Front. Neurosci. 11:309, 2017, doi:10.3389/fnins.2017.00309",
    home="https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671",
    by_hand=(
        "Get airplane.zip to truck.zip from https://figshare.com/articles/dataset/CIFAR10-DVS_New/4724671 and give the "
        "folder that holds them, or unpacked parts: .../<class>/cifar10_<class>_<number>.aedat (AEDAT 2.0)."
    ),
    opener=class_folders(
        "cifar10dvs",
        endings=(".aedat",),
        decode=_decode,
        archives=tuple(f"{name}.zip" for name in _CLASSES),
        split="no official split; ours: every tenth recording of a class (number mod 10 = 9) is test",
        classes=_CLASSES,
        is_test=lambda one: number_of(one) % 10 == 9,
    ),
    sources=tuple(
        Source(f"{name}.zip", (f"https://ndownloader.figshare.com/files/{number}",), size, sha256)
        for name, (number, size, sha256) in _FILES.items()
    ),
)
