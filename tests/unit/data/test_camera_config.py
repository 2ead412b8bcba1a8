import pytest

from neurodeploy.data.camera_config import CameraConfig
from neurodeploy.errors import ConfigError


def test_defaults_are_in_range() -> None:
    assert CameraConfig().check() is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("height", 3),
        ("width", 1025),
        ("gamma", 0.0),
        ("ambient", -0.1),
        ("ambient", float("nan")),
        ("blur_px", 0.39),
        ("blur_px", 11.0),
        ("threshold_on", 0.0),
        ("threshold_off", float("inf")),
        ("mismatch", -0.1),
        ("contrast_spread", 2.0),
        ("refractory_us", -1),
        ("noise_on_hz", -1.0),
        ("noise_off_hz", 1e9),
        ("shift_px", -1.0),
        ("delay_us", -1.0),
        ("duration_us", 0),
        ("duration_spread_us", -1.0),
        ("step_us", 10),
    ],
)
def test_what_is_out_of_range_is_named(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"camera\.{name}"):
        CameraConfig(**{name: value}).check()
