from typing import Any

import pytest

from neurodeploy.train.plots import plots


def record(epoch: int, phase: str = "float", validated: bool = True) -> dict[str, Any]:
    measured = {
        "validation_accuracy_float": 0.5,
        "validation_accuracy_integer": 0.4,
        "validation_loss": 1.0,
        "firing_rate": {"cuba1": 0.1},
    }
    return {"epoch": epoch, "phase": phase, "loss": 2.0, "accuracy": 0.3, **(measured if validated else {})}


@pytest.mark.parametrize("epochs", [1, 5])
def test_three_png_files_are_drawn(epochs: int) -> None:
    found = plots([record(n, "integer" if n > 2 else "float") for n in range(1, epochs + 1)])
    assert sorted(found) == ["accuracy.png", "firing_rate.png", "loss.png"]
    assert all(content.startswith(b"\x89PNG") for content in found.values())


def test_what_was_not_measured_is_left_out() -> None:
    assert sorted(plots([record(1, validated=False)])) == ["accuracy.png", "loss.png"]


def test_the_same_history_gives_the_same_bytes() -> None:
    history = [record(1), record(2)]
    assert plots(history) == plots(history)
    assert plots(history) != plots([record(1), {**record(2), "loss": 3.0}])
