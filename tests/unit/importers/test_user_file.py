"""A user's file is run for its module; whatever is wrong with it is one clear error."""

from pathlib import Path

import pytest
import safetensors.torch
import torch
from torch import nn

from neurodeploy.errors import CheckpointError, ConfigError, DataError
from neurodeploy.importers.user_file import load_module, load_weights

GOOD = """
import torch
from torch import nn
from helper import WIDTH

net = nn.Linear(3, WIDTH)

def made():
    return nn.Linear(3, 4)

class Net(nn.Module):
    pass

number = 7
def broken():
    return 1 / 0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "helper.py").write_text("WIDTH = 2\n")
    path = tmp_path / "model.py"
    path.write_text(GOOD)
    return path


def test_a_module_a_function_and_a_class_are_taken(file: Path) -> None:
    assert load_module(file, "net").out_features == 2
    assert load_module(file, "made").out_features == 4
    assert type(load_module(file, "Net")).__name__ == "Net"


@pytest.mark.parametrize(("name", "found"), [("number", "int"), ("absent", "nothing")])
def test_anything_else_is_refused(file: Path, name: str, found: str) -> None:
    with pytest.raises(ConfigError, match=rf"model.py:{name}: found '{found}'"):
        load_module(file, name)


def test_a_function_that_fails_names_its_line(file: Path) -> None:
    with pytest.raises(DataError, match=r"running it failed \(model.py line 16: ZeroDivisionError: division by zero\)"):
        load_module(file, "broken")


def test_a_file_that_cannot_be_parsed_says_so(tmp_path: Path) -> None:
    path = tmp_path / "model.py"
    path.write_text("def net(:\n")
    with pytest.raises(DataError, match="SyntaxError"):
        load_module(path, "net")


def test_an_absent_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such file"):
        load_module(tmp_path / "model.py", "net")


@pytest.mark.parametrize("suffix", ["safetensors", "pt"])
def test_weights_are_put_into_the_module(tmp_path: Path, suffix: str) -> None:
    source, target, path = nn.Linear(3, 2), nn.Linear(3, 2), tmp_path / f"weights.{suffix}"
    if suffix == "pt":
        torch.save(source.state_dict(), path)
    else:
        safetensors.torch.save_file(source.state_dict(), path)
    load_weights(target, path)
    assert torch.equal(target.weight, source.weight)


def test_weights_of_another_model_name_what_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save({"weight": torch.zeros(2, 3), "extra": torch.zeros(1)}, path)
    with pytest.raises(CheckpointError, match=r"Missing: bias\. Unknown: extra"):
        load_weights(nn.Linear(3, 2), path)


def test_weights_of_another_shape_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    torch.save(nn.Linear(4, 2).state_dict(), path)
    with pytest.raises(CheckpointError, match="it is of another model"):
        load_weights(nn.Linear(3, 2), path)


class Evil:
    """Would create a file if it were unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return Path.touch, (self.path,)  # type: ignore[return-value]


def test_a_pickle_is_not_run(tmp_path: Path) -> None:
    path, trap = tmp_path / "weights.pt", tmp_path / "trap"
    torch.save({"weight": Evil(trap)}, path)
    with pytest.raises(CheckpointError, match="it is no state dict"):
        load_weights(nn.Linear(3, 2), path)
    assert not trap.exists()


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
def test_a_damaged_file_of_weights_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"not weights at all")
    with pytest.raises(CheckpointError, match="it is no state dict"):
        load_weights(nn.Linear(3, 2), path)
