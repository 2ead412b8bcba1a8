"""A set that `neurodeploy distill-data` condensed: its items are for training, the test is that of their source.

`dataset=DIR` and `dataset=condensed data.path=DIR` are the same.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from neurodeploy.data.condensed import Condensed, read_condensed, to_events
from neurodeploy.data.condensed_facts import FACTS, NAME, Source
from neurodeploy.data.datasets.dataset import Dataset, Opened, Recording
from neurodeploy.data.events import EventStream
from neurodeploy.errors import ConfigError, DataError
from neurodeploy.files import sha256


def _open(path: Path | None, sensor: tuple[int, int] | None) -> Opened:
    if path is None:
        raise DataError(source=NAME, reason="a path is needed")
    found = read_condensed(path)
    facts = found.facts
    if sensor not in (None, facts.sensor):
        raise DataError(source=path, reason=f"sensor {sensor} is wanted, its items have {facts.sensor}")
    train = tuple(
        Recording(f"condensed/{facts.classes[label]}/{place:05d}", int(label), partial(_events, found, place, path))
        for place, label in enumerate(found.labels)
    )
    test, text, lent = _test(facts.source, path)
    key = sha256(found.frames.tobytes() + found.labels.tobytes() + repr(facts).encode())
    return Opened(train, test, facts.classes, facts.sensor, key, text, lent=lent)


def _events(found: Condensed, place: int, path: Path) -> EventStream:
    return to_events(found.frames[place], found.facts.span_us, f"{path}, item {place}")


def _test(source: Source, path: Path) -> tuple[tuple[Recording, ...], str, dict[str, tuple[str, str]]]:
    """Test recordings of the source, what to say about them, and whose frames they are.

    None where the source is not at hand: the items alone are enough for training.
    """
    name = f"{source.dataset}{f' at {source.path}' if source.path else ''}"
    made = f"items condensed from {source.recordings} training recordings of {name}"
    try:
        opened = open_source(source)
    except DataError as error:
        return (), f"{made}; no test recordings: {error} Correct 'source' in {path / FACTS}.", {}
    if opened.content_key != source.content_key:
        return (), f"{made}; no test recordings: those of {name} have changed since", {}
    text = f"{made}; test recordings are theirs ({opened.split})"
    return opened.test, text, {"test": (source.dataset, opened.content_key)}


def open_source(source: Source) -> Opened:
    """The recordings that a set was condensed from.

    Raises:
        DataError: they are not at hand any more.
    """
    # here and not above: the package imports this file when a condensed set is asked for
    from neurodeploy.data.datasets import find

    try:
        dataset = find(source.dataset)
    except ConfigError as error:
        raise DataError(source=source.dataset, reason=f"no data set has this name ({error})") from error
    sensor = (source.height, source.width) if source.height else None
    return dataset.open(Path(source.path).expanduser() if source.path else None, sensor)


DATASET = Dataset(
    name=NAME,
    sensor=None,
    classes=(),
    licence="that of its source",
    citation="Ye et al., Learning from Dense Events, 2025, arXiv:2511.12095 (the method PACE)",
    home="",
    by_hand="Make one: neurodeploy distill-data dataset=... --out DIR; then dataset=DIR.",
    opener=_open,
)
