from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from neurodeploy.config import as_tree, build, override, read_config
from neurodeploy.errors import ConfigError, DataError


@dataclass(frozen=True)
class Data:
    dataset: str = "digits-dvs"
    timesteps: int = 8

    def check(self) -> None:
        if self.timesteps < 1:
            raise ConfigError(key="data.timesteps", found=self.timesteps, allowed="1 or more")


@dataclass(frozen=True)
class Settings:
    data: Data = field(default_factory=Data)
    sizes: tuple[int, ...] = (16, 32)
    rate: float = 1e-3
    loss: Literal["mean", "tet"] = "mean"
    on: bool = True
    seed: int = 0


def test_defaults_then_file_then_words(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('rate = 2\nseed = 5\ndataset = "nmnist"\n[data]\ntimesteps = 4\n')
    made = read_config(Settings, path, ["data.timesteps=6", "sizes=[1, 2]", "loss=tet", "on=false"])
    assert made == Settings(Data("nmnist", 6), (1, 2), 2.0, "tet", False, 5)
    assert type(made.rate) is float


def test_dataset_may_be_written_without_its_table() -> None:
    assert read_config(Settings, None, ["dataset=ncars"]).data.dataset == "ncars"


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("data.timestep=3", "unknown key.*Did you mean 'data.timesteps'"),
        ("data.timesteps=0", "data.timesteps.*found 0.*1 or more"),
        ("data.timesteps=many", "data.timesteps.*an integer"),
        ("data.timesteps=true", "an integer"),
        ("rate=fast", "a number"),
        ("on=1", "true or false"),
        ("loss=mse", "mean, tet"),
        ("sizes=3", "a list of int"),
        ("sizes=[1, 'x']", r"sizes\[1\]"),
        ("data=3", "a table"),
        ("seed.x=3", "a table named|an integer"),
        ("nonsense", "key=value"),
        ("=3", "key=value"),
    ],
)
def test_bad_words_name_the_key_and_what_is_allowed(word: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        read_config(Settings, None, [word])


def test_a_file_that_is_missing_or_no_toml_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent.toml"):
        read_config(Settings, tmp_path / "absent.toml")
    (tmp_path / "bad.toml").write_text("= 3")
    with pytest.raises(ConfigError, match="bad.toml"):
        read_config(Settings, tmp_path / "bad.toml")


def test_a_saved_tree_builds_the_same_configuration() -> None:
    made = Settings(Data("x", 3), (7,), 0.5, "tet", False, 9)
    assert build(Settings, as_tree(made)) == made


def test_words_override_a_saved_configuration() -> None:
    assert override(Settings(seed=4), ["data.timesteps=2"]) == Settings(Data(timesteps=2), seed=4)
