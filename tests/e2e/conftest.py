"""One tiny trained run and its exports, shared by all end-to-end tests; and the command line called in this process."""

import contextlib
import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest

# a low threshold, so that every layer spikes before it has learned anything
TINY = [
    "data.limit=200",
    "train.epochs=4",
    "train.quantize_from=0.5",
    "model.channels=[8, 8, 8]",
    "neuron.threshold=0.3",
]

SPIKING = [
    "data.limit=60",
    "data.window=count",
    "data.binary=false",
    "data.timesteps=5",
    "train.epochs=1",
    "model.channels=[4, 4, 4]",
    "neuron.kind=cuba",
    "neuron.reset=subtract",
    "neuron.readout=spikes",
    "neuron.threshold=0.3",
]
"""What the tiny run is not: other windows, event counts, two states, an answer that is summed over time."""


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return json.loads(self.out)


def call(*words: object) -> Answer:
    """`neurodeploy WORDS` in this process; a traceback would raise here and fail the test."""
    from neurodeploy.cli import main

    out, err, code = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO()), 0
    arguments = mock.patch.object(sys, "argv", ["neurodeploy", *map(str, words)])
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), arguments:
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return Answer(code, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.buffer.getvalue().decode()


@pytest.fixture(scope="session")
def cli() -> Callable[..., Answer]:
    return call


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"data.cache={tmp_path_factory.mktemp('cache')}"


@pytest.fixture(scope="session")
def tiny(cache: str) -> list[str]:
    """Settings of a training that takes seconds."""
    return [*TINY, cache]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory, cache: str) -> Path:
    """A run that has hardly learned, on the embedded data."""
    answer = call("train", *TINY, cache, "--out", tmp_path_factory.mktemp("runs"), "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


@pytest.fixture(scope="session")
def spiking_run(tmp_path_factory: pytest.TempPathFactory, cache: str) -> Path:
    """A run that is all that the other is not."""
    answer = call("train", *SPIKING, cache, "--out", tmp_path_factory.mktemp("spiking"), "--json")
    assert answer.code == 0, answer.err
    return Path(answer.json["run"])


@pytest.fixture(scope="session")
def artefacts(tmp_path_factory: pytest.TempPathFactory, run: Path) -> dict[str, Path]:
    """The run exported to every target, unchecked."""
    folder = tmp_path_factory.mktemp("build")
    for target in ("loihi", "onnx"):
        answer = call("export", run, "--target", target, "--out", folder / target, "--no-verify", "--samples", 8)
        assert answer.code == 0, answer.err
    return {target: folder / target for target in ("loihi", "onnx")}
