"""A condensed data set: exact frames through events, its files, and the settings that it decides."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from neurodeploy.config import build
from neurodeploy.data.condensed import Condensed, read_condensed, to_events, with_ends, write_condensed
from neurodeploy.data.condensed_facts import FACTS, FRAMES, LABELS, Facts, Source
from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets import find
from neurodeploy.data.frame_set import open_frames
from neurodeploy.data.frames import bin_by_duration, to_frames
from neurodeploy.errors import ConfigError, DataError, OutputError

DIGITS = Source("digits-dvs", "", 0, 0, find("digits-dvs").open().content_key, 1442)
FACTS_OF_TEST = Facts("pace", tuple("0123456789"), 1, 15, 3, 0, False, 100_000, (34, 34), DIGITS)


def condensed(facts: Facts = FACTS_OF_TEST) -> Condensed:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, facts.levels + 1, facts.shape, np.uint8) * (rng.random(facts.shape) < 0.05)
    labels = np.repeat(np.arange(len(facts.classes)), facts.per_class)
    return Condensed(facts, with_ends(frames.astype(np.uint8)), labels)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_condensed(tmp_path / "set", condensed(), {"seconds": {"matching": 1.0}})
    return tmp_path / "set"


def opened_with(folder: Path, tmp_path: Path, **more: object) -> DataConfig:
    return build(DataConfig, {"dataset": str(folder), "cache": str(tmp_path / "cache"), **more})


@given(arrays(np.uint8, (4, 2, 3, 2), elements=st.integers(0, 255)), st.integers(4, 10**6))
@settings(max_examples=60, deadline=None)
def test_events_of_an_item_give_its_frames_whether_the_duration_is_stated_or_its_own(
    frames: np.ndarray, span: int
) -> None:
    item = with_ends(frames[None])[0]
    stream = to_events(item, span, "item")
    np.testing.assert_array_equal(bin_by_duration(stream, 4), item)
    np.testing.assert_array_equal(bin_by_duration(stream, 4, span), item)


@pytest.mark.parametrize("steps", [1, 2, 7])
def test_every_number_of_windows_comes_back(steps: int) -> None:
    item = with_ends(np.random.default_rng(steps).integers(0, 3, (1, steps, 2, 5, 4)).astype(np.uint8))[0]
    np.testing.assert_array_equal(to_frames(to_events(item, 1000, "item"), steps, high=255), item)


def test_an_item_without_events_stays_without() -> None:
    assert len(to_events(with_ends(np.zeros((1, 3, 2, 4, 4), np.uint8))[0], 300, "item")) == 0


def test_a_silent_end_gets_one_event_where_the_item_has_most() -> None:
    frames = np.zeros((1, 3, 2, 4, 4), np.uint8)
    frames[0, 1, 1, 2, 3] = 9
    filled = with_ends(frames)
    assert filled[0, :, 1, 2, 3].tolist() == [1, 9, 1]
    assert filled.sum() == 11


def test_the_events_of_a_cell_are_spread_over_its_window() -> None:
    frames = np.zeros((3, 2, 2, 2), np.uint8)
    frames[[0, 1, 2], 0, 0, 0] = [1, 4, 1]
    assert to_events(frames, 3000, "item").events["t"].tolist() == [0, 1000, 1250, 1500, 1750, 2999]


def test_frames_written_and_read_are_equal(folder: Path) -> None:
    found = read_condensed(folder)
    np.testing.assert_array_equal(found.frames, condensed().frames)
    np.testing.assert_array_equal(found.labels, condensed().labels)
    assert found.facts == FACTS_OF_TEST


def test_frames_opened_as_a_data_set_are_the_items(folder: Path, tmp_path: Path) -> None:
    config = opened_with(folder, tmp_path)
    found = open_frames(config).train
    np.testing.assert_array_equal(found.batch(), condensed().frames)
    np.testing.assert_array_equal(found.labels, condensed().labels)


def test_a_stated_duration_gives_the_items_too(tmp_path: Path) -> None:
    facts = replace(FACTS_OF_TEST, duration_us=70_001)
    write_condensed(tmp_path / "set", condensed(facts), {})
    config = opened_with(tmp_path / "set", tmp_path)
    assert config.duration_us == 70_001
    np.testing.assert_array_equal(open_frames(config).train.batch(), condensed(facts).frames)


def test_binary_items_come_back_as_binary_frames(tmp_path: Path) -> None:
    facts = replace(FACTS_OF_TEST, levels=1, binary=True)
    write_condensed(tmp_path / "set", condensed(facts), {})
    config = opened_with(tmp_path / "set", tmp_path)
    assert config.binary
    np.testing.assert_array_equal(open_frames(config).train.batch(), condensed(facts).frames)


def test_the_file_of_frames_is_as_large_as_its_cells(folder: Path) -> None:
    cells = int(np.prod(FACTS_OF_TEST.shape))
    assert cells <= (folder / FRAMES).stat().st_size <= 1.05 * cells


def test_the_folder_and_the_name_with_a_path_are_the_same_settings(folder: Path) -> None:
    assert build(DataConfig, {"dataset": str(folder)}) == build(
        DataConfig, {"dataset": "condensed", "path": str(folder)}
    )


def test_the_set_decides_windows_counts_and_that_nothing_is_split_off(folder: Path) -> None:
    config = build(DataConfig, {"dataset": str(folder)})
    assert (config.dataset, config.path, config.timesteps, config.binary) == ("condensed", str(folder), 3, False)
    assert config.validation == 0.0
    assert build(DataConfig, {"dataset": str(folder), "validation": 0.5}).validation == 0.5


@pytest.mark.parametrize(
    ("key", "value"), [("timesteps", 8), ("binary", True), ("window", "count"), ("duration_us", 300_000)]
)
def test_settings_that_the_items_were_not_made_for_are_refused(folder: Path, key: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"data\.{key}.*Leave it out"):
        build(DataConfig, {"dataset": str(folder), key: value})


def test_other_settings_are_left_as_they_are() -> None:
    assert build(DataConfig, {"dataset": "nmnist", "timesteps": 5}) == DataConfig(dataset="nmnist", timesteps=5)


def test_a_saved_configuration_is_its_own_completion(folder: Path) -> None:
    config = build(DataConfig, {"dataset": str(folder)})
    assert build(DataConfig, vars(config)) == config


def test_the_test_split_is_that_of_the_source(folder: Path) -> None:
    opened = find("condensed").open(folder)
    source = find("digits-dvs").open()
    assert [recording.id for recording in opened.test] == [recording.id for recording in source.test]
    assert "test recordings are theirs" in opened.split


def test_frames_of_the_test_split_are_kept_once_for_set_and_source(folder: Path, tmp_path: Path) -> None:
    config = opened_with(folder, tmp_path)
    digits = DataConfig("digits-dvs", timesteps=3, binary=False, cache=config.cache)
    first = open_frames(config).test
    second = open_frames(digits).test
    assert len(list((tmp_path / "cache").glob("digits-dvs-test-*.frames"))) == 1
    np.testing.assert_array_equal(first.batch(slice(0, 3)), second.batch(slice(0, 3)))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"dataset": "nmnist", "path": "/nowhere/at/all"}, "no test recordings.*/nowhere/at/all"),
        ({"dataset": "gone"}, "no data set has this name"),
        ({"content_key": "other"}, "have changed since"),
    ],
)
def test_a_source_that_is_not_at_hand_leaves_the_test_split_empty_and_says_so(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    facts = replace(FACTS_OF_TEST, source=replace(DIGITS, **change))
    write_condensed(tmp_path / "set", condensed(facts), {})
    opened = find("condensed").open(tmp_path / "set")
    assert opened.test == ()
    assert re.search(said, opened.split)


def test_another_sensor_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"sensor \(10, 10\)"):
        find("condensed").open(folder, (10, 10))


def test_the_key_changes_with_the_items(folder: Path, tmp_path: Path) -> None:
    other = condensed()
    changed = other.frames.copy()
    changed[0, 0, 0, 0, 0] += 1
    write_condensed(tmp_path / "other", Condensed(other.facts, changed, other.labels), {})
    assert find("condensed").open(folder).content_key != find("condensed").open(tmp_path / "other").content_key


def test_a_folder_without_facts_is_no_condensed_set(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"condensed\.json cannot be read.*distill-data"):
        find("condensed").open(tmp_path)


@pytest.mark.parametrize("name", [FRAMES, LABELS])
def test_a_file_that_is_missing_or_changed_is_noticed(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(DataError, match="not the file"):
        read_condensed(folder)
    (folder / name).unlink()
    with pytest.raises(DataError, match="cannot be read"):
        read_condensed(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda facts: facts.pop("levels"), "incomplete or wrong"),
        (lambda facts: facts.update(levels=300), "incomplete or wrong"),
        (lambda facts: facts.update(levels=1), "a count is above 1"),
        (lambda facts: facts.update(per_class=2), "wanted"),
        (lambda facts: facts.update(sensor=[34]), "incomplete or wrong"),
        (lambda facts: facts["source"].update(more=1), "incomplete or wrong"),
        (lambda facts: facts.update(classes=[]), "no classes"),
        (lambda facts: facts.update(method=3), "method is 3"),
        (lambda facts: facts.update(binary="no"), "binary is 'no'"),
        (lambda facts: facts.update(duration_us="long"), "duration_us is 'long'"),
        (lambda facts: facts.update(duration_us=-1), "below 0"),
        (lambda facts: facts["source"].update(dataset=None), "dataset is None"),
        (lambda facts: facts["source"].update(height=True), "height is True"),
        (lambda facts: facts["source"].update(content_key=5), "content_key is 5"),
    ],
)
def test_facts_that_do_not_fit_are_refused(folder: Path, change: object, said: str) -> None:
    found = json.loads((folder / FACTS).read_text())
    change(found["facts"])  # type: ignore[operator]
    (folder / FACTS).write_text(json.dumps(found))
    with pytest.raises(DataError, match=said):
        read_condensed(folder)


@pytest.mark.parametrize("digests", [None, 3, "x", [], {}])
def test_files_without_a_digest_are_refused(folder: Path, digests: object) -> None:
    found = json.loads((folder / FACTS).read_text())
    (folder / FACTS).write_text(json.dumps({**found, "sha256": digests}))
    with pytest.raises(DataError, match="Distil again"):
        read_condensed(folder)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other", "version": 1}', "{"])
def test_another_json_is_refused(folder: Path, text: str) -> None:
    (folder / FACTS).write_text(text)
    with pytest.raises(DataError, match=FACTS):
        build(DataConfig, {"dataset": str(folder)})


def test_labels_must_be_balanced() -> None:
    found = condensed()
    with pytest.raises(DataError, match="not balanced"):
        Condensed(found.facts, found.frames, np.zeros_like(found.labels))


def test_a_silent_end_is_refused() -> None:
    found = condensed()
    frames = found.frames.copy()
    frames[4, -1] = 0
    with pytest.raises(DataError, match="item 4 has no event"):
        Condensed(found.facts, frames, found.labels)


def test_a_folder_with_other_content_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(OutputError, match="not empty"):
        write_condensed(tmp_path, condensed(), {})
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_counts_of_other_recordings_are_cut_to_the_levels_so_that_wide_layers_can_be_deployed(
    folder: Path, tmp_path: Path
) -> None:
    config = opened_with(folder, tmp_path)
    assert config.high == 15
    assert open_frames(config).test.batch().max() <= 15
