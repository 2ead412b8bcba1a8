"""Every setting of the event camera model, with its unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

from neurodeploy.data.saccade import NMNIST_SACCADES, Saccades
from neurodeploy.errors import ConfigError

_SMALL_POSITIVE = {"gamma": 10.0, "ambient": 100.0, "threshold_on": 10.0, "threshold_off": 10.0}
_NOT_NEGATIVE = {
    "mismatch": 1.0,
    "contrast_spread": 1.0,
    "noise_on_hz": 1e4,
    "noise_off_hz": 1e4,
    "shift_px": 10.0,
    "delay_us": 1e5,
    "duration_spread_us": 1e5,
}


@final
@dataclass(frozen=True)
class CameraConfig:
    """Settings of the camera; the defaults are tuned on pairs of MNIST images and N-MNIST recordings.

    Args:
        height, width: pixels of the sensor, 4..1024.
        inverted: the display shows ink (255) dark on a bright ground; so it is in N-MNIST, where ink sends OFF events
            where it arrives.
        gamma: exponent of the display, from grey value to light.
        ambient: light that the display cannot switch off, relative to its white.
        blur_px: standard deviation of the image of a point, in sensor pixels, at least 0.4.
        threshold_on, threshold_off: change of the natural logarithm of the light that sends an event.
        mismatch: standard deviation of the thresholds from pixel to pixel, relative.
        contrast_spread: standard deviation of all thresholds of a recording together, relative.
        refractory_us: time after an event in which a pixel follows the light and sends nothing.
        noise_on_hz, noise_off_hz: events per pixel and second that no light has caused.
        shift_px: standard deviation of the place of the image, each direction, in pixels.
        delay_us: standard deviation of the start of the saccades.
        duration_us, duration_spread_us: length of a recording, and the standard deviation of it.
        step_us: time step in which the light of a pixel is taken to change at a constant rate.
        path: where the image lies at which time.
    """

    height: int = 34
    width: int = 34
    inverted: bool = True
    gamma: float = 1.2
    ambient: float = 0.26
    blur_px: float = 0.57
    threshold_on: float = 0.213
    threshold_off: float = 0.207
    mismatch: float = 0.12
    contrast_spread: float = 0.045
    refractory_us: int = 430
    noise_on_hz: float = 0.37
    noise_off_hz: float = 0.015
    shift_px: float = 0.11
    delay_us: float = 1_500.0
    duration_us: int = 310_000
    duration_spread_us: float = 2_800.0
    step_us: int = 2_500
    path: Saccades = NMNIST_SACCADES

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        for name, high in _SMALL_POSITIVE.items():
            value = float(getattr(self, name))
            _within(name, value, 0 < value <= high, f"more than 0, at most {high:g}")
        for name, high in _NOT_NEGATIVE.items():
            value = float(getattr(self, name))
            _within(name, value, 0 <= value <= high, f"0..{high:g}")
        _within("blur_px", self.blur_px, 0.4 <= self.blur_px <= 10, "0.4..10 pixels (below, pixels see gaps)")
        for name in ("height", "width"):
            _within(name, getattr(self, name), 4 <= getattr(self, name) <= 1024, "4..1024 pixels")
        _within("refractory_us", self.refractory_us, 0 <= self.refractory_us <= 10**6, "0..1000000 µs")
        _within("step_us", self.step_us, 100 <= self.step_us <= 20_000, "100..20000 µs")
        _within("duration_us", self.duration_us, 1 <= self.duration_us <= 10**7, "1..10000000 µs")


def _within(name: str, found: float | int, fits: bool, allowed: str) -> None:
    if not fits or not math.isfinite(found):
        raise ConfigError(key=f"camera.{name}", found=found, allowed=allowed)
