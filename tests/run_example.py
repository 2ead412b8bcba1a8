"""Starts an example as a user does, and damages what it made."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def command(name: str, *words: object) -> list[str]:
    """The command line of an example."""
    return [sys.executable, str(EXAMPLES / name / "run.py"), *map(str, words)]


def example(name: str, *words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The example's whole run."""
    return subprocess.run(
        command(name, *words),
        capture_output=True,
        text=True,
        cwd=EXAMPLES.parent,
        env={**os.environ, **environment},
        timeout=300,
    )


def damage(source: Path, target: Path) -> None:
    """`source` with the sign of its first weights changed."""
    model = onnx.load(source)
    weights = next(tensor for tensor in model.graph.initializer if numpy_helper.to_array(tensor).size > 100)
    values = -np.clip(numpy_helper.to_array(weights), -127, None)
    weights.CopyFrom(numpy_helper.from_array(values.astype(numpy_helper.to_array(weights).dtype), weights.name))
    onnx.save(model, target)
