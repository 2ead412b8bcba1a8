"""MNIST-DVS: MNIST digits moved over a screen, seen by a DVS128. 3 sizes x 10 x 1,000 recordings.

Besides the official .aedat files, text exports `m<digit><number>.txt` are read (lines `x y t p`), whose last line is a
mark and no event.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from neurodeploy.data.class_folders import make_opened
from neurodeploy.data.datasets.dataset import Dataset, Opened, Source
from neurodeploy.data.events import EventStream
from neurodeploy.data.formats import aedat2, text
from neurodeploy.data.labelled import Labelled
from neurodeploy.data.opening import open_tree
from neurodeploy.data.upright import upright
from neurodeploy.errors import DataError

_CLASSES = tuple("0123456789")
_NAME = re.compile(r"mnist_(\d)_scale\d+_(\d+)\.aedat|m(\d)(\d+)\.txt")
_ADDRESS = "http://www2.imse-cnm.csic.es/caviar/MNIST_DVS"

# size and SHA-256 as recorded in jackd/events-tfds 2d1fc831, events_tfds/events/mnist_dvs/checksums.tsv
_FILES = (
    (790469447, "4263ec792b86015b52533d0a34970b7d0fbf26d3245e5a705515021050165b65"),
    (456285815, "aad599ba4c96c9ed4484adaf4c0a49138d87a7ff4b1ff759f999f46b04ecf620"),
    (579069198, "872089b93263c7cf9a7f5d105df4bccf00b7c600a7c7ee960f453559e4718e36"),
    (555396246, "82b120d031af135b3006d17c07a861508bb2c98e3919d41d2556fd20f6dbe7c7"),
    (491628272, "4e0f87859743233e0f587f963c7a05931cf61cd4f26b647abf02794a4651673c"),
    (636477424, "d11345b2d282367f2836e9ba94fe1bfd3bbc707094d15298364bf9c905ed43b3"),
    (520197908, "9144d1f80d6e5e2ddd5ebcc5e98ea33b50974c54776ecd800dcd86b06196ed3d"),
    (633912358, "b498053366b6b6ab979ac3dedbbc4417041e203569ecac8287cf018e9836ce67"),
    (802631746, "dbce305d64f9f2bda87dae58966289e0070102f56ef1506b2f5c27f9e86b947d"),
    (739912195, "c9d9087a1db0b4e4af1904b3481c8d9bdc8fb6b4ea757d51d4b0c6341b8dd280"),
)


def _open(path: Path | None, sensor: tuple[int, int] | None) -> Opened:
    if path is None or sensor is None:
        raise DataError(source="mnist_dvs", reason="a path and a sensor are needed")
    tree = open_tree(path, archives=("grabbed_data?.zip",))
    files = [one for name in tree.files if (one := _labelled(name))]
    if not files:
        reason = "no mnist_<digit>_scale<size>_<number>.aedat and no m<digit><number>.txt"
        raise DataError(source=path, reason=reason, hint=DATASET.by_hand)
    split = "no official split; ours: every fifth recording of a digit and size (number mod 5 = 4) is test"
    return make_opened("mnist_dvs", tree, files, classes=_CLASSES, sensor=sensor, decode=_decode, split=split)


def _labelled(name: str) -> Labelled | None:
    """Digit and split of a file from its name; None if it is no recording."""
    match = _NAME.fullmatch(PurePosixPath(name).name.lower())
    if match is None:
        return None
    digit, number = [group for group in match.groups() if group is not None]
    return Labelled(name, digit, "test" if int(number) % 5 == 4 else "train")


def _decode(content: bytes, sensor: tuple[int, int] | None, source: Path | str) -> EventStream:
    if not str(source).lower().endswith(".txt"):
        return upright(aedat2.decode(content, sensor, source))
    stream = text.decode(content, sensor, source)
    last = stream.events[-1]
    is_mark = last["x"] == last["y"] == last["p"] == 0
    return upright(EventStream(stream.events[:-1] if is_mark else stream.events, stream.sensor, source))


DATASET = Dataset(
    name="mnist_dvs",
    sensor=(128, 128),
    classes=_CLASSES,
    licence="none stated; the authors ask for citation",
    citation="Serrano-Gotarredona, Linares-Barranco, Front. Neurosci. 9:481, 2015, doi:10.3389/fnins.2015.00481",
    home="http://www2.imse-cnm.csic.es/caviar/MNISTDVS.html",
    by_hand=(
        "Get grabbed_data0.zip to grabbed_data9.zip from http://www2.imse-cnm.csic.es/caviar/MNISTDVS.html and give "
        "the folder that holds them, or unpacked parts (for one size only: a folder with just the scale4 folders)."
    ),
    opener=_open,
    sources=tuple(
        Source(f"grabbed_data{digit}.zip", (f"{_ADDRESS}/grabbed_data{digit}.zip",), size, sha256)
        for digit, (size, sha256) in enumerate(_FILES)
    ),
)
