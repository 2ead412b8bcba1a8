"""All formats: discovery, choice by name and first bytes, round trip, and no other error for any bytes at all."""

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurodeploy.data import formats
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import ConfigError, EventFormatError

NAMES = ("aedat2", "aedat31", "dat", "nmnist_bin", "npz", "text")


def make_stream(rng: np.random.Generator, count: int = 200) -> EventStream:
    events = np.zeros(count, EVENT)
    events["t"] = np.sort(rng.integers(0, 300_000, count))
    events["x"], events["y"] = rng.integers(0, 34, count), rng.integers(0, 34, count)
    events["p"] = rng.integers(0, 2, count)
    return EventStream(events, (34, 34))


def test_every_file_of_the_folder_is_a_format():
    assert formats.names() == NAMES
    assert [formats.find(name).name for name in NAMES] == list(NAMES)


def test_listing_imports_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "neurodeploy.data.formats.dat")
    formats.names()
    assert "neurodeploy.data.formats.dat" not in sys.modules


def test_an_unknown_format_is_refused_with_a_close_one():
    with pytest.raises(ConfigError, match="Did you mean 'aedat31'"):
        formats.find("aedat-3")


@pytest.mark.parametrize("name", NAMES)
def test_encode_then_decode_gives_the_same_events(name: str, rng: np.random.Generator):
    stream = make_stream(rng)
    form = formats.find(name)
    content = form.encode(stream)
    np.testing.assert_array_equal(form.decode(content, (34, 34), "x").events, stream.events)


@pytest.mark.parametrize("name", NAMES)
def test_the_ending_and_the_first_bytes_choose_the_format(name: str, rng: np.random.Generator):
    stream = make_stream(rng)
    form = formats.find(name)
    for suffix in form.suffixes:
        source = f"folder/file{suffix.upper()}"
        np.testing.assert_array_equal(formats.decode(form.encode(stream), (34, 34), source).events, stream.events)


def test_an_unknown_ending_is_refused_with_the_known_ones():
    with pytest.raises(EventFormatError, match=r"known endings are \.aedat, \.bin"):
        formats.decode(b"abc", None, "a.raw")


def test_an_aedat_of_unknown_version_is_refused():
    with pytest.raises(EventFormatError, match="aedat2, aedat31"):
        formats.decode(b"#!AER-DAT4.0\r\n", None, "a.aedat")


def test_an_empty_aedat_is_refused():
    with pytest.raises(EventFormatError, match="the file is empty"):
        formats.decode(b"", None, "a.aedat")


def test_a_wrong_first_byte_is_explained_by_the_only_format_of_that_ending():
    with pytest.raises(EventFormatError, match="Prophesee"):
        formats.decode(b"abc", None, "a.dat")


@pytest.mark.parametrize("name", NAMES)
def test_a_file_cut_anywhere_is_read_short_or_refused(name: str, rng: np.random.Generator):
    form = formats.find(name)
    content = form.encode(make_stream(rng, 20))
    for length in range(len(content)):
        count, offset = read_or_refuse(form, content[:length])
        assert count <= 20
        assert 0 <= offset <= length


def read_or_refuse(form: formats.Format, content: bytes) -> tuple[int, int]:
    """Number of events and 0, or 0 and the byte of the refusal."""
    try:
        return len(form.decode(content, (34, 34), "x")), 0
    except EventFormatError as error:
        return 0, error.offset


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(place=st.integers(0, 10_000), value=st.integers(0, 255), seed=st.integers(0, 3))
def test_a_changed_byte_gives_a_checked_stream_or_an_event_format_error(name: str, place: int, value: int, seed: int):
    form = formats.find(name)
    content = bytearray(form.encode(make_stream(np.random.default_rng(seed), 20)))
    content[place % len(content)] = value
    try:
        stream = form.decode(bytes(content), (34, 34), "x")
    except EventFormatError:
        return
    assert EventStream(stream.events, (34, 34)).sensor == (34, 34)  # checked anew, by other code


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(tail=st.binary(max_size=200))
def test_random_bytes_give_a_checked_stream_or_an_event_format_error(name: str, tail: bytes):
    form = formats.find(name)
    for start in form.starts or (b"",):
        try:
            stream = form.decode(start + tail, None, "x")
        except EventFormatError:
            continue
        assert len(EventStream(stream.events, stream.sensor)) > 0


def test_files_are_written_and_read_by_path(tmp_path: Path, rng: np.random.Generator):
    stream = make_stream(rng)
    path = tmp_path / "deep" / "a.npz"
    formats.find("npz").write(path, stream)
    np.testing.assert_array_equal(formats.find("npz").read(path).events, stream.events)
