"""Trainings that are interrupted, and how one sees that they end as if they had not been."""

from pathlib import Path

import torch

from neurodeploy.train.checkpoint import load_checkpoint
from neurodeploy.train.progress import Record, Reporter


class InterruptedAt(Reporter):
    """Ctrl-C after so many steps."""

    def __init__(self, steps: int) -> None:
        self.left, self.notes = steps, []

    def begin(self, epochs: int, done: int, steps: int) -> None: ...

    def step(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt

    def epoch(self, record: Record) -> None: ...

    def note(self, text: str) -> None:
        self.notes.append(text)

    def end(self) -> None: ...


def weights(run: Path, which: str = "last") -> dict[str, torch.Tensor]:
    return dict(load_checkpoint(run / "checkpoints" / which).weights)


def assert_same_weights(found: Path, wanted: Path) -> None:
    for which in ("last", "best"):
        ours, theirs = weights(found, which), weights(wanted, which)
        assert ours.keys() == theirs.keys()
        for name, value in ours.items():
            assert torch.equal(value, theirs[name]), name
