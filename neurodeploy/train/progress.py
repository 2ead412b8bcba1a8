"""What a user sees of a running training: a bar on a terminal, one line per epoch elsewhere."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import IO, Any, Protocol, cast, final, runtime_checkable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Record = Mapping[str, Any]
"""One line of metrics.jsonl."""


@runtime_checkable
class Stream(Protocol):
    """Where progress is written: sys.stderr, or anything like it (typing.TextIO cannot be checked at run time)."""

    def write(self, text: str, /) -> int:
        """Write `text`."""

    def flush(self) -> None:
        """Send what was written."""

    def isatty(self) -> bool:
        """Whether a person is watching."""


class Reporter(ABC):
    """Told what happens, in this order: begin, then for each epoch step ... step, epoch; at last end."""

    @abstractmethod
    def begin(self, epochs: int, done: int, steps: int) -> None:
        """`done` of `epochs` are behind us; every epoch has `steps`."""

    @abstractmethod
    def step(self) -> None:
        """One more batch was learned."""

    @abstractmethod
    def epoch(self, record: Record) -> None:
        """An epoch is complete."""

    @abstractmethod
    def note(self, text: str) -> None:
        """A sentence for the user."""

    @abstractmethod
    def end(self) -> None:
        """Training is over, in whatever way."""


@final
class Silent(Reporter):
    """Says nothing."""

    def begin(self, epochs: int, done: int, steps: int) -> None: ...

    def step(self) -> None: ...

    def epoch(self, record: Record) -> None: ...

    def note(self, text: str) -> None: ...

    def end(self) -> None: ...


@final
class Lines(Reporter):
    """One line per epoch."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.epochs = 0

    def begin(self, epochs: int, done: int, steps: int) -> None:
        self.epochs = epochs

    def step(self) -> None: ...

    def epoch(self, record: Record) -> None:
        self.note(f"epoch {record['epoch']}/{self.epochs}  {describe(record)}  {record['wall_s']:.1f} s")

    def note(self, text: str) -> None:
        print(text, file=self.stream, flush=True)

    def end(self) -> None: ...


@final
class Bar(Reporter):
    """A progress bar with the newest numbers beside it."""

    def __init__(self, stream: Stream) -> None:
        columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"), TimeRemainingColumn())
        # rich asks for a whole file and uses what Stream has
        console = Console(file=cast("IO[str]", stream))
        self.bar = Progress(*columns, console=console)
        self.task = self.bar.add_task("epoch 1", total=None)
        self.steps = 0

    def begin(self, epochs: int, done: int, steps: int) -> None:
        self.steps = steps
        self.bar.update(self.task, total=epochs * steps, completed=done * steps)
        self.bar.start()

    def step(self) -> None:
        self.bar.advance(self.task)

    def epoch(self, record: Record) -> None:
        # An epoch that leaves recordings out has fewer steps.
        done, text = record["epoch"] * self.steps, f"epoch {record['epoch']}  {describe(record)}"
        self.bar.update(self.task, completed=done, description=text)

    def note(self, text: str) -> None:
        self.bar.console.print(text, highlight=False, markup=False)

    def end(self) -> None:
        self.bar.stop()


def describe(record: Record) -> str:
    """The numbers of an epoch in a few words."""
    words = [record["phase"], f"loss {record['loss']:.4f}"]
    for mode in ("float", "integer"):
        key = f"validation_accuracy_{mode}"
        if key in record:
            words.append(f"{mode} {100 * record[key]:.1f} %")
    return "  ".join(words)


def reporter_for(stream: Stream | None = None) -> Reporter:
    """A bar when `stream`, by default stderr, is a terminal, else lines."""
    stream = sys.stderr if stream is None else stream
    return Bar(stream) if stream.isatty() else Lines(stream)
