"""What a network is imported from, and how the source itself is run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import final

from neurodeploy.errors import ConfigError, DataError
from neurodeploy.graph import Shape
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.imported import Imported
from neurodeploy.importers.source_run import SourceRun

KINDS = ("auto", "snntorch", "norse", "spikingjelly", "nir", "netx")


@final
@dataclass(frozen=True)
class Asked:
    """What the user said about the source.

    Args:
        kind: one of KINDS.
        weights: file of a state dict, or None for the weights that the model comes with.
        dt: seconds of a timestep, or None.
        shape: of a frame, or None.
        high: largest value of a frame.
        timestep_us: mean duration of the data set's timesteps, or None.
    """

    kind: str = "auto"
    weights: Path | None = None
    dt: float | None = None
    shape: Shape | None = None
    high: int = 1
    timestep_us: float | None = None


@final
@dataclass(frozen=True, eq=False)
class Origin:
    """A source that was read.

    Args:
        file: the source.
        is_integer: its graph holds the final integers.
        run: what the source computes on frames (time, samples, *shape).
    """

    file: Path
    imported: Imported
    is_integer: bool
    run: Callable[[Array], SourceRun]


def open_origin(model: str, asked: Asked) -> Origin:
    """The network called `model`: file.py:name, file.nir or file.net.

    Raises:
        ConfigError, DataError, ArtefactError, CheckpointError: it cannot be read as what it should be.
        UnsupportedNodeError: a part of it has no form in the graph.
        ToolchainMissingError: its framework is not installed.
    """
    if asked.kind not in KINDS:
        raise ConfigError(key="framework", found=asked.kind, allowed=", ".join(KINDS))
    file, colon, name = model.rpartition(":")
    path = Path(file if colon and not Path(model).exists() else model)
    kind = {".nir": "nir", ".net": "netx"}.get(path.suffix, "module") if asked.kind == "auto" else asked.kind
    if kind in ("nir", "netx"):
        if asked.weights is not None:
            raise ConfigError(key="weights", found=str(asked.weights), allowed="none: the file holds its weights")
        if not path.is_file():
            raise DataError(source=path, reason="there is no such file")
        return _netx(path, asked) if kind == "netx" else _nir(path, asked)
    if path == Path(model):
        hint = "For instance model.py:net, a torch module or a function that returns one."
        raise ConfigError(key="MODEL", found=model, allowed="file.py:name, file.nir or file.net", hint=hint)
    return _module(path, name, asked)


def _netx(path: Path, asked: Asked) -> Origin:
    from neurodeploy.importers.netx import from_netx, run_netx

    imported = from_netx(path, timestep_us=_timestep_us(asked))
    return Origin(path, imported, True, partial(run_netx, path))


def _nir(path: Path, asked: Asked) -> Origin:
    from neurodeploy.importers.nir import read_nir, run_nir

    imported = read_nir(path, dt=asked.dt)
    return Origin(path, imported, False, lambda frames: run_nir(path, imported, frames, dt=asked.dt))


def _module(path: Path, name: str, asked: Asked) -> Origin:
    from neurodeploy.importers.frameworks import find_framework, framework_of
    from neurodeploy.importers.proof import run_source
    from neurodeploy.importers.torch_module import import_module, read_source
    from neurodeploy.importers.user_file import load_module, load_weights

    module = load_module(path, name)
    weights = "as the file makes them"
    if asked.weights is not None:
        load_weights(module, asked.weights)
        weights = asked.weights.name
    framework = find_framework(framework_of(module) if asked.kind == "auto" else asked.kind)
    source = read_source(module, asked.shape, framework)
    own = framework.timestep_us(module)
    timestep_us = _timestep_us(asked) if own is None else _own(own, asked)
    imported = import_module(source, high=asked.high, timestep_us=timestep_us)
    imported = replace(imported, notes=(f"weights: {weights}", *imported.notes))
    return Origin(path, imported, False, lambda frames: run_source(source, imported, frames))


def _own(own: float, asked: Asked) -> float:
    """The duration of a timestep that the neurons themselves hold."""
    if asked.dt is not None and abs(1e6 * asked.dt - own) > 1e-6 * own:
        raise ConfigError(key="dt", found=asked.dt, allowed=f"{own / 1e6:.9g} s, which the neurons have")
    return own


def _timestep_us(asked: Asked) -> float:
    if asked.dt is not None:
        return 1e6 * asked.dt
    return 1000.0 if asked.timestep_us is None else asked.timestep_us
