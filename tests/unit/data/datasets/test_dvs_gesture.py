"""DVS128 Gesture: trials cut out of recordings, in the official layout made small."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy.data import formats
from neurodeploy.data.datasets import dvs_gesture as module
from neurodeploy.data.datasets import find
from neurodeploy.data.events import EVENT, EventStream
from neurodeploy.errors import DataError, EventFormatError

EVENTS = np.array([(t, t // 100, 5, t // 100 % 2) for t in range(0, 5000, 100)], EVENT)
TABLE = "class,startTime_usec,endTime_usec\n2,1000,2000\n11,3000,3500\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "DvsGesture"
    for name in ("user01_led", "user24_led"):
        formats.find("aedat31").write(place / f"{name}.aedat", EventStream(EVENTS, (128, 128)))
        (place / f"{name}_labels.csv").write_text(TABLE)
    (place / "trials_to_train.txt").write_text("user01_led.aedat\nuser02_led.aedat\n")
    (place / "trials_to_test.txt").write_text("user24_led.aedat\n")
    return place


def test_each_line_of_the_table_is_a_recording(folder: Path):
    opened = find("dvs_gesture").open(folder.parent)
    assert [one.id for one in opened.train] == ["DvsGesture/user01_led.aedat#0", "DvsGesture/user01_led.aedat#1"]
    assert [opened.classes[one.label] for one in opened.test] == ["right hand wave", "other gestures"]
    assert len(opened.classes) == 11


def test_a_trial_holds_the_events_from_start_to_before_end_and_starts_at_0(folder: Path):
    stream = find("dvs_gesture").open(folder).train[0].load()
    assert stream.events["t"].tolist() == list(range(0, 1000, 100))
    assert stream.events["x"].tolist() == list(range(10, 20))
    assert stream.sensor == (128, 128)


def test_a_recording_is_decoded_once_for_all_its_trials(folder: Path, monkeypatch: pytest.MonkeyPatch):
    decoded = []
    real = module.aedat31.decode
    monkeypatch.setattr(module.aedat31, "decode", lambda *given: decoded.append(given[2]) or real(*given))
    opened = find("dvs_gesture").open(folder)
    for one in opened.train + opened.test:
        one.load()
    assert len(decoded) == 2


def test_recordings_that_are_not_there_are_left_out(folder: Path):
    (folder / "user24_led.aedat").unlink()
    opened = find("dvs_gesture").open(folder)
    assert [len(opened.train), len(opened.test)] == [2, 0]


def refused(folder: Path) -> str:
    with pytest.raises(DataError) as caught:
        find("dvs_gesture").open(folder)
    return str(caught.value)


def test_no_listed_recording_at_all_is_refused(folder: Path):
    for path in folder.glob("*.aedat"):
        path.unlink()
    assert "none of the .aedat files" in refused(folder)


@pytest.mark.parametrize("name", ["trials_to_train.txt", "trials_to_test.txt"])
def test_a_missing_list_is_refused_by_name(folder: Path, name: str):
    (folder / name).unlink()
    assert f"no {name}" in refused(folder)


def test_a_missing_table_is_refused_by_name(folder: Path):
    (folder / "user01_led_labels.csv").unlink()
    assert "user01_led.aedat has no user01_led_labels.csv" in refused(folder)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ("", "the first line is not class,startTime_usec,endTime_usec"),
        ("class,start,end\n", "the first line is not class,startTime_usec,endTime_usec"),
        (TABLE + "1,2\n", "line 4 is ['1', '2']"),
        (TABLE + "1,2,x\n", "line 4 is ['1', '2', 'x']"),
        (TABLE + "12,1,2\n", "line 4: class 12"),
        (TABLE + "0,1,2\n", "line 4: class 0"),
        (TABLE + "1,5,5\n", "from 5 to 5 µs"),
    ],
)
def test_a_malformed_table_is_refused_with_its_line(folder: Path, table: str, reason: str):
    (folder / "user24_led_labels.csv").write_text(table)
    message = refused(folder)
    assert "user24_led_labels.csv" in message
    assert reason in message


def test_a_trial_without_events_is_refused_when_read(folder: Path):
    (folder / "user01_led_labels.csv").write_text(TABLE + "3,8000,9000\n")
    with pytest.raises(DataError, match=r"trial 2 \(8000 to 9000 µs\) holds no event"):
        find("dvs_gesture").open(folder).train[2].load()


def test_a_damaged_recording_is_refused_with_its_byte_when_read(folder: Path):
    path = folder / "user01_led.aedat"
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(EventFormatError, match="the packet needs 4 bytes more"):
        find("dvs_gesture").open(folder).train[0].load()
