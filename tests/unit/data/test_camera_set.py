import hashlib
import json

import numpy as np

from neurodeploy.data.camera import record
from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.camera_set import CameraSplit, StillImages, open_images
from neurodeploy.data.datasets.dataset import Opened

LABELS = np.array([0, 1, 1], np.uint8)


def images(seed: int = 0, count: int = 3) -> np.ndarray:
    small = np.random.default_rng(seed).integers(0, 2, (count, 4, 4)) * 255
    return np.kron(small, np.ones((1, 3, 3))).astype(np.uint8)


def opened(seed: int = 5, content: str = "abc", sensor: tuple[int, int] = (16, 18)) -> Opened:
    train, test = StillImages(LABELS, lambda: images(0)), StillImages(LABELS[:2], lambda: images(1, 2))
    return open_images(train, test, ("a", "b"), sensor, seed, content, "how")


def digest(data: Opened) -> str:
    streams = [recording.load() for recording in data.train + data.test]
    return hashlib.sha256(b"".join(stream.events.tobytes() for stream in streams)).hexdigest()


def test_recordings_are_those_of_the_camera() -> None:
    data = opened()
    config = CameraConfig(height=16, width=18)
    expected = record(images(0), range(3), 5, config) + record(images(1, 2), range(3, 5), 5, config)
    for recording, stream in zip(data.train + data.test, expected, strict=True):
        np.testing.assert_array_equal(recording.load().events, stream.events)


def test_names_and_labels_follow_the_images() -> None:
    data = opened()
    assert [(r.id, r.label) for r in data.train] == [("train/00000", 0), ("train/00001", 1), ("train/00002", 1)]
    assert [(r.id, r.label) for r in data.test] == [("test/00000", 0), ("test/00001", 1)]
    assert (data.classes, data.sensor, data.split) == (("a", "b"), (16, 18), "how")


def test_events_do_not_depend_on_the_order_of_asking() -> None:
    split = CameraSplit(lambda: images(0, 70), 0, 5, CameraConfig(height=16, width=18))
    forward = [split.load(index).events for index in (0, 63, 64, 69)]
    for index, events in zip((69, 64, 63, 0), reversed(forward), strict=True):
        np.testing.assert_array_equal(split.load(index).events, events)


def test_images_are_read_once_and_only_when_asked_for() -> None:
    reads: list[int] = []

    def read() -> np.ndarray:
        reads.append(1)
        return images(0, 70)

    split = CameraSplit(read, 0, 5, CameraConfig(height=16, width=18))
    recordings = split.recordings("train", np.zeros(70, np.int64))
    assert reads == []
    assert recordings[0].load().sensor == recordings[69].load().sensor
    assert reads == [1]


def test_train_and_test_recordings_of_one_image_differ() -> None:
    data = open_images(StillImages(LABELS, images), StillImages(LABELS, images), ("a", "b"), (16, 18), 5, "abc", "how")
    assert data.train[0].load().events.tolist() != data.test[0].load().events.tolist()


def test_the_content_key_follows_seed_content_and_sensor() -> None:
    keys = [opened().content_key, opened(6).content_key, opened(content="b").content_key]
    keys.append(opened(sensor=(16, 16)).content_key)
    assert len(set(keys)) == 4
    assert opened().content_key == keys[0]


def test_details_hold_all_settings_seed_and_images() -> None:
    details = json.loads(json.dumps(opened().details))
    assert (details["seed"], details["images"], details["height"]) == (5, "abc", 16)
    assert {"threshold_on", "mismatch", "path", "version"} <= details.keys()


def test_same_seed_same_set() -> None:
    assert digest(opened()) == digest(opened()) != digest(opened(6))
