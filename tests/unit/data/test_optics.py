import math
from dataclasses import replace

import numpy as np
import pytest

from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.data.optics import Light, log_light
from neurodeploy.data.saccade import Saccades

CONFIG = CameraConfig(height=10, width=12, ambient=0.25, gamma=1.0, path=Saccades(1000, (-150, 150), (-150, 150)))
MARGIN = 3


def seen(light: Light, y: float = 0.0, x: float = 0.0, sensor: tuple[int, int] = (10, 12)) -> np.ndarray:
    out = np.full((*sensor, light.grid.shape[-1]), np.nan, np.float32)
    light.at(y, x, out)
    return out[..., 0]


def image_of(*bright: tuple[int, int]) -> np.ndarray:
    image = np.zeros((1, 6, 6), np.uint8)
    for y, x in bright:
        image[0, y, x] = 255
    return image


def test_an_empty_image_is_even_light() -> None:
    light = log_light(image_of(), np.zeros((1, 2)), CONFIG)
    assert light.margin == MARGIN
    np.testing.assert_allclose(seen(light), math.log(1.25), rtol=1e-6)


def test_full_ink_leaves_the_ambient_light() -> None:
    light = log_light(np.full((1, 6, 6), 255, np.uint8), np.zeros((1, 2)), replace(CONFIG, blur_px=0.45))
    assert seen(light)[5, 6] == pytest.approx(math.log(0.25), abs=0.02)


def test_not_inverted_ink_is_light() -> None:
    config = replace(CONFIG, inverted=False, blur_px=0.45)
    light = log_light(np.full((1, 6, 6), 255, np.uint8), np.zeros((1, 2)), config)
    assert seen(light)[5, 6] == pytest.approx(math.log(1.25), abs=0.02)
    assert seen(light)[0, 0] == pytest.approx(math.log(0.25), abs=1e-6)


def test_the_middle_of_the_image_lies_on_the_middle_of_the_sensor() -> None:
    light = log_light(image_of((2, 2), (2, 3), (3, 2), (3, 3)), np.zeros((1, 2)), CONFIG)
    dark = seen(light)
    np.testing.assert_array_equal(np.argwhere(dark == dark.min()), [[4, 5], [4, 6], [5, 5], [5, 6]])


@pytest.mark.parametrize(("y", "x"), [(1.0, 0.0), (0.0, -1.5), (-1.5, 1.0), (0.5, 0.5)])
def test_a_displacement_moves_the_image(y: float, x: float) -> None:
    image = image_of((1, 1), (1, 2), (4, 3))
    moved = seen(log_light(image, np.zeros((1, 2)), CONFIG), y, x)
    drawn_there = seen(log_light(image, np.array([[y, x]]), CONFIG))
    np.testing.assert_allclose(moved, drawn_there, atol=1e-6)


def test_between_grid_places_light_is_interpolated() -> None:
    light = log_light(image_of((2, 2)), np.zeros((1, 2)), CONFIG)
    between = (seen(light, 0.5, 0.0) + seen(light, 0.0, 0.0)) / 2
    np.testing.assert_allclose(seen(light, 0.25, 0.0), between, atol=1e-6)


def test_recordings_of_a_batch_do_not_mix() -> None:
    images = np.concatenate([image_of((1, 1)), image_of((4, 4))])
    shifts = np.array([[0.0, 0.3], [0.2, 0.0]])
    both = log_light(images, shifts, CONFIG)
    for index in range(2):
        alone = log_light(images[index : index + 1], shifts[index : index + 1], CONFIG)
        np.testing.assert_array_equal(both.grid[..., index], alone.grid[..., 0])


def test_blur_takes_and_gives_the_same_amount() -> None:
    """The light missing on all pixels together is that of one pixel, wherever between pixels it lies."""
    for shift in (0.0, 0.25, 0.5):
        light = log_light(image_of((2, 2)), np.full((1, 2), shift), CONFIG)
        missing = (1.25 - np.exp(seen(light))).sum()
        assert missing == pytest.approx(1.0, abs=0.03)
