"""An import from the source to its folder: read, quantized, proved on frames, written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from neurodeploy.config import as_tree, read_config
from neurodeploy.data.frame_set import FrameData, open_frames
from neurodeploy.errors import ConfigError
from neurodeploy.fast import Simulator
from neurodeploy.files import sha256
from neurodeploy.graph import Graph, IntGraph, Shape
from neurodeploy.graph.numeric import Array
from neurodeploy.import_folder import ImportConfig, write_import
from neurodeploy.importers.origin import Asked, Origin, open_origin
from neurodeploy.importers.source_run import BATCH, Candidate, answers, compare
from neurodeploy.quantize import Quantized, quantize
from neurodeploy.subject import Samples, SplitFrames

RANDOM, DENSITY, SEED = 32, 0.25, 0
"""Random samples, the share of their inputs that is 1, and the seed."""
PROVED = 64
"""Recordings on which every layer is compared; accuracy is measured on all that are asked for."""


@final
@dataclass(frozen=True)
class Settings:
    """How to import.

    Args:
        framework, weights, dt, shape: see `importers.origin.Asked`.
        weight_bits: stored bits per weight of the integer graph, 2..8.
        timesteps: T; None takes the data set's, or its default.
        samples: test recordings for the accuracy; 0 takes all.
    """

    framework: str = "auto"
    weights: Path | None = None
    dt: float | None = None
    shape: Shape | None = None
    weight_bits: int = 8
    timesteps: int | None = None
    samples: int = 0


def import_network(
    model: str, words: Sequence[str], out: Path, settings: Settings, progress: Callable[[str], None]
) -> dict[str, Any]:
    """Import `model` into the folder `out`; returns what import.json holds.

    Args:
        model: file.py:name, file.nir or file.net.
        words: key=value settings of `data`; none: no data set, random frames stand in.
    Raises:
        UnsupportedNodeError: a part of the network has no form in the graph; nothing was written.
    """
    steps = [] if settings.timesteps is None else [f"data.timesteps={settings.timesteps}"]
    config = read_config(ImportConfig, None, [*words, *steps])
    data = open_frames(config.data) if words else None
    origin = open_origin(model, _asked(settings, config, data))
    progress(f"read: {origin.imported.source}")
    network = _Network.of(origin, settings.weight_bits, config.data.steps)
    classes = _classes(network.integer.graph, data)
    random = _random(network.integer.graph, config.data.steps)
    proofs, accuracy = [network.proof(random, progress)], None
    if data is not None:
        recordings = _recordings(data, config, settings.samples)
        proofs.append(network.proof(_spread(recordings, PROVED), progress))
        accuracy = network.accuracy(recordings, progress)
    head = {
        "name": out.name,
        "model": Path(model).name,
        "model_sha256": sha256(origin.file.read_bytes()),
        "source": origin.imported.source,
        "timesteps": config.data.steps,
        "classes": list(classes),
        "weight_bits": None if origin.is_integer else settings.weight_bits,
        "data": None if data is None else as_tree(config.data),
        "paths": dict(origin.imported.paths),
        "notes": [*origin.imported.notes],
        "proof": proofs,
        "accuracy": accuracy,
    }
    write_import(out, head, network.integer, network.plain, random.to_bytes() if data is None else None)
    return {"import": str(out), **head}


def _asked(settings: Settings, config: ImportConfig, data: FrameData | None) -> Asked:
    asked = Asked(settings.framework, settings.weights, settings.dt, settings.shape)
    if data is None:
        return asked
    shape = (2, *data.sensor)
    if settings.shape not in (None, shape):
        raise ConfigError(key="shape", found=settings.shape, allowed=f"{shape}, which the recordings have")
    from neurodeploy.train.training import timestep_us

    return replace(asked, shape=shape, high=config.data.high, timestep_us=timestep_us(config.data))


def _classes(graph: Graph, data: FrameData | None) -> tuple[str, ...]:
    outputs = int(np.prod(graph.shapes[graph.output.name]))
    if data is None:
        return tuple(str(number) for number in range(outputs))
    if len(data.classes) != outputs:
        allowed = f"recordings of {outputs} classes, as many as the network has outputs"
        raise ConfigError(key="data.dataset", found=f"{len(data.classes)} classes", allowed=allowed)
    return data.classes


def _random(graph: Graph, timesteps: int) -> Samples:
    shape = (timesteps, RANDOM, *graph.input.shape)
    frames = (np.random.default_rng(SEED).random(shape) < DENSITY).astype(np.uint8)
    names = tuple(f"random {number}" for number in range(RANDOM))
    source = f"{RANDOM} random samples (seed {SEED}, {DENSITY:.0%} of the inputs 1), no recordings"
    return Samples(frames, np.full(RANDOM, -1), names, source)


def _recordings(data: FrameData, config: ImportConfig, limit: int) -> Samples:
    found = data.test
    frames = SplitFrames(found, np.arange(len(found)))
    source = f"{len(found)} recordings of the test split of {config.data.dataset}"
    return _spread(Samples(frames, np.asarray(found.labels), tuple(found.ids), source), limit)


def _spread(samples: Samples, limit: int) -> Samples:
    """At most `limit` of the samples, spread evenly; 0 takes all."""
    total = len(samples.labels)
    if not 0 < limit < total:
        return samples
    chosen = np.linspace(0, total - 1, limit).round().astype(np.int64)
    return samples.take(chosen, f"{limit} of the {samples.source}")


@final
@dataclass(frozen=True, eq=False)
class _Network:
    """The source, and the graphs made of it; `plain` is None where the source held integers."""

    origin: Origin
    integer: IntGraph
    plain: Graph | None
    quantized: Quantized | None

    @classmethod
    def of(cls, origin: Origin, bits: int, timesteps: int) -> _Network:
        graph = origin.imported.graph
        if origin.is_integer:
            return cls(origin, IntGraph(graph), None, None)
        quantized = quantize(graph, bits, timesteps)
        return cls(origin, quantized.graph, graph, quantized)

    def proof(self, samples: Samples, progress: Callable[[str], None]) -> dict[str, Any]:
        """The source beside both graphs, layer by layer."""
        progress(f"proof: {samples.source}")
        candidates = self._candidates()
        given, found = compare(self.origin.run, list(candidates.values()), samples.frames)
        result: dict[str, Any] = {"samples": samples.source}
        for name, compared in zip(candidates, found, strict=True):
            result[name] = {
                "layers": [drift.as_dict() for drift in compared.drifts],
                "answers_differing": int((compared.answers != given).sum()),
                "answers": len(samples.labels),
            }
        return result

    def accuracy(self, samples: Samples, progress: Callable[[str], None]) -> dict[str, Any]:
        """Share of right answers of the source and of the graphs."""
        progress(f"accuracy: {samples.source}")
        starts = range(0, len(samples.labels), BATCH)
        found = [self.origin.run(samples.frames[:, start : start + BATCH]).answers for start in starts]
        shares = {"source": _share(np.concatenate(found), samples)}
        if self.plain is not None:
            shares["float"] = _share(answers(self.plain, samples.frames), samples)
        simulator = Simulator(self.integer)
        integers = [simulator.predictions(samples.frames[:, start : start + BATCH]) for start in starts]
        shares["integer"] = _share(np.concatenate(integers), samples)
        return {"recordings": samples.source, **shares}

    def _candidates(self) -> dict[str, Candidate]:
        integer = Candidate(self.integer, self.quantized.scales if self.quantized else None)
        return {"integer": integer} if self.plain is None else {"float": Candidate(self.plain), "integer": integer}


def _share(answers: Array, samples: Samples) -> float:
    return float((answers == samples.labels).mean())
