import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data.config import DataConfig
from neurodeploy.data.datasets.dataset import Dataset, Opened, Recording
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.data.frame_set import open_frames
from neurodeploy.errors import ConfigError, DataError, OutputError

SENSOR = (3, 5)


class Spy:
    """A data set of 12 + 4 random recordings that counts how often one is read."""

    def __init__(self) -> None:
        self.reads = 0
        self.sensor, self.content, self.train, self.seed = SENSOR, "content", 12, 0
        self.details: dict[str, object] = {}

    def load(self, number: int) -> EventStream:
        self.reads += 1
        rng = np.random.default_rng([self.seed, number])
        events = np.zeros(60, EVENT)
        events["t"], events["p"] = np.sort(rng.integers(0, 1000, 60)), rng.integers(0, 2, 60)
        events["x"], events["y"] = rng.integers(0, 5, 60), rng.integers(0, 3, 60)
        return EventStream(events, SENSOR)

    def recordings(self, numbers: range) -> tuple[Recording, ...]:
        return tuple(Recording(f"r{n}", n % 3, lambda n=n: self.load(n)) for n in numbers)

    def open(self, path: Path | None, sensor: tuple[int, int] | None) -> Opened:
        train, test = self.recordings(range(self.train)), self.recordings(range(100, 104))
        return Opened(train, test, ("a", "b", "c"), sensor or self.sensor, self.content, "a split", self.details)

    def dataset(self, name: str) -> Dataset:
        return Dataset(name, None, (), "", "", "", "", self.open, needs_path=False)


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch) -> Spy:
    made = Spy()
    monkeypatch.setattr("neurodeploy.data.frame_set.find", made.dataset)
    return made


@pytest.fixture
def config(tmp_path: Path) -> DataConfig:
    return DataConfig(dataset="spy", timesteps=4, cache=str(tmp_path / "cache"))


def by_hand(spy: Spy, number: int, timesteps: int = 4) -> np.ndarray:
    counts = np.zeros((timesteps, 2, *SENSOR), np.uint8)
    events = spy.load(number).events
    span = int(events["t"][-1] - events["t"][0]) + 1
    for t, x, y, p in events.tolist():
        counts[(t - int(events["t"][0])) * timesteps // span, p, y, x] += 1
    return counts


def test_frames_labels_and_names_are_those_of_the_recordings(spy: Spy, config: DataConfig) -> None:
    data = open_frames(replace(config, binary=False))
    np.testing.assert_array_equal(data.train.batch(), [by_hand(spy, number) for number in range(12)])
    np.testing.assert_array_equal(data.train.labels, np.arange(12) % 3)
    assert data.train.ids == tuple(f"r{number}" for number in range(12))
    assert (data.classes, data.sensor, data.content_key, data.split) == (("a", "b", "c"), SENSOR, "content", "a split")


def test_counts_are_cut_when_they_are_read_so_one_cache_serves_all(spy: Spy, config: DataConfig) -> None:
    whole, cut = (open_frames(replace(config, binary=False, max_count=most)).train for most in (255, 2))
    assert whole.batch().max() > 2
    np.testing.assert_array_equal(cut.batch(), np.minimum(whole.batch(), 2))
    np.testing.assert_array_equal(cut.records, whole.records)


def test_binary_frames_are_kept_as_bits_and_read_as_bytes(spy: Spy, config: DataConfig) -> None:
    split = open_frames(replace(config, binary=True)).train
    assert split.records.shape == (12, 15)  # 4 * 2 * 3 * 5 = 120 bits
    np.testing.assert_array_equal(split.batch(), [by_hand(spy, number) > 0 for number in range(12)])


def test_cells_that_do_not_fill_the_last_byte_are_kept(spy: Spy, config: DataConfig) -> None:
    split = open_frames(replace(config, timesteps=3)).train
    assert split.records.shape == (12, 12)  # 90 bits
    np.testing.assert_array_equal(split.batch(), [by_hand(spy, number, 3) > 0 for number in range(12)])


def test_a_batch_comes_in_the_order_asked_for(spy: Spy, config: DataConfig) -> None:
    split = open_frames(config).train
    np.testing.assert_array_equal(split.batch(np.array([7, 0, 7])), split.batch()[[7, 0, 7]])
    assert len(split) == 12


def test_the_second_opening_reads_no_recording(spy: Spy, config: DataConfig) -> None:
    first = open_frames(config).train.batch()
    assert spy.reads == 12
    np.testing.assert_array_equal(open_frames(config).train.batch(), first)
    assert spy.reads == 12


def test_records_are_memory_mapped(spy: Spy, config: DataConfig) -> None:
    assert isinstance(open_frames(config).train.records, np.memmap)


def test_opening_reads_nothing_and_the_test_split_waits_until_asked_for(spy: Spy, config: DataConfig) -> None:
    data = open_frames(config)
    assert spy.reads == 0
    assert len(data.train) == 12
    assert spy.reads == 12
    assert data.test is data.test
    assert spy.reads == 16


@pytest.mark.parametrize(
    "changed",
    [
        {"timesteps": 5},
        {"binary": False},
        {"window": "count"},
        {"duration_us": 700},
        {"limit": 7},
        {"dataset": "other"},
    ],
)
def test_each_setting_has_its_own_frames(spy: Spy, config: DataConfig, changed: dict[str, object]) -> None:
    open_frames(config).train.batch()
    again = open_frames(replace(config, **changed)).train
    assert spy.reads == 12 + len(again)


def test_settings_that_do_not_touch_frames_share_them(spy: Spy, config: DataConfig) -> None:
    open_frames(config).train.batch()
    open_frames(replace(config, validation=0.3)).train.batch()
    assert spy.reads == 12


def test_other_content_or_labels_or_code_are_never_answered_from_the_cache(
    spy: Spy, config: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = open_frames(config).train.batch()
    spy.content, spy.seed = "other content", 1
    assert (open_frames(config).train.batch() != before).any()
    spy.train = 9
    assert len(open_frames(config).train.batch()) == 9
    monkeypatch.setattr("neurodeploy.data.frames.VERSION", 10**6)
    open_frames(config).train.batch()
    assert spy.reads == 12 + 12 + 9 + 9


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


def flip(content: bytes) -> bytes:
    return content[:10] + bytes([content[10] ^ 1]) + content[11:]


@pytest.mark.parametrize("damage", [cut, flip, lambda content: b""])
def test_a_damaged_cache_is_computed_again(spy: Spy, config: DataConfig, damage: Callable[[bytes], bytes]) -> None:
    before = open_frames(config).train.batch()
    [path] = Path(config.cache).glob("*.frames")
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(damage(whole))
    np.testing.assert_array_equal(open_frames(config).train.batch(), before)
    assert path.read_bytes() == whole


def test_a_limit_takes_training_recordings_of_all_classes_and_all_test_recordings(spy: Spy, config: DataConfig) -> None:
    data = open_frames(replace(config, limit=7))
    np.testing.assert_array_equal(np.bincount(data.train.labels), [3, 2, 2])
    assert len(data.test) == 4
    np.testing.assert_array_equal(data.train.batch()[6], open_frames(config).train.batch()[6])


def test_progress_is_told(spy: Spy, config: DataConfig) -> None:
    told: list[tuple[str, int, int]] = []
    spy.train = 70
    open_frames(config, lambda *facts: told.append(facts)).train.batch()
    assert told == [("train", 64, 70), ("train", 70, 70)]


def test_how_recordings_were_made_is_kept_beside_the_frames(spy: Spy, config: DataConfig) -> None:
    spy.details = {"seed": 7}
    open_frames(config).train.batch()
    [path] = Path(config.cache).glob("*.camera.json")
    assert json.loads(path.read_text()) == {"seed": 7}


def test_a_set_without_test_recordings_has_an_empty_test_split(
    spy: Spy, config: DataConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = spy.open(None, None)
    monkeypatch.setattr(spy, "open", lambda path, sensor: replace(whole, test=()))
    split = open_frames(config).test
    assert (len(split), split.batch().shape) == (0, (0, 4, 2, *SENSOR))


def test_no_training_recordings_are_an_error(spy: Spy, config: DataConfig) -> None:
    spy.train = 0
    with pytest.raises(DataError, match=r"spy: no training recordings"):
        open_frames(config)


def test_a_recording_of_another_sensor_is_named_and_nothing_is_written(spy: Spy, config: DataConfig) -> None:
    data = open_frames(replace(config, height=4, width=4))
    with pytest.raises(DataError, match=r"r0: sensor \(3, 5\), but the data set has \(4, 4\)"):
        assert data.train
    assert list(Path(config.cache).iterdir()) == []


def test_a_cache_that_cannot_be_written_is_named(spy: Spy, config: DataConfig, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match=r"data\.cache"):
        assert open_frames(replace(config, cache=str(tmp_path / "file"))).train


def test_settings_are_checked_first(spy: Spy, config: DataConfig) -> None:
    with pytest.raises(ConfigError, match=r"data\.timesteps"):
        open_frames(replace(config, timesteps=0))


def test_an_unknown_data_set_is_named(config: DataConfig) -> None:
    with pytest.raises(ConfigError, match=r"digits_dvs|digits-dvs"):
        open_frames(replace(config, dataset="digit-dvs"))
