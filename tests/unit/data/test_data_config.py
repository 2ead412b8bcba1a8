from pathlib import Path

import pytest

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError


def changed(**values: object) -> DataConfig:
    """A configuration with these values, whatever their type: what a reader without type checks would build."""
    config = DataConfig()
    for name, value in values.items():
        object.__setattr__(config, name, value)
    return config


def test_defaults_are_in_range() -> None:
    assert DataConfig().check() is None


@pytest.mark.parametrize(
    "values",
    [
        {"timesteps": 1},
        {"timesteps": 1024},
        {"window": "count"},
        {"duration_us": 1},
        {"validation": 0.0},
        {"limit": 10},
        {"height": 34, "width": 34},
    ],
)
def test_limits_are_allowed(values: dict[str, object]) -> None:
    assert changed(**values).check() is None


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"dataset": ""}, r"data\.dataset"),
        ({"timesteps": 0}, r"data\.timesteps.*found 0.*1\.\.1024"),
        ({"timesteps": 1025}, r"data\.timesteps.*found 1025"),
        ({"window": "week"}, r"data\.window.*'week'.*duration or count"),
        ({"duration_us": -1}, r"data\.duration_us.*found -1"),
        ({"duration_us": 5, "window": "count"}, r"data\.duration_us.*found 5.*0 when data\.window is count"),
        ({"validation": 1.0}, r"data\.validation.*found 1\.0"),
        ({"validation": -0.1}, r"data\.validation"),
        ({"validation": float("nan")}, r"data\.validation"),
        ({"limit": -1}, r"data\.limit"),
        ({"height": 34}, r"data\.height, data\.width.*both"),
        ({"height": -1, "width": -1}, r"data\.height, data\.width"),
    ],
)
def test_what_is_out_of_range_is_named(values: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        changed(**values).check()


def test_sensor_is_the_data_sets_own_unless_given() -> None:
    assert (DataConfig().sensor, DataConfig(height=3, width=4).sensor) == (None, (3, 4))


def test_cache_folder_follows_the_setting_then_xdg_then_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert DataConfig(cache="/mine").cache_folder == Path("/mine")
    assert DataConfig().cache_folder == Path("/somewhere/neurodeploy")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert DataConfig().cache_folder == Path.home() / ".cache" / "neurodeploy"
