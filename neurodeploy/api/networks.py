"""Networks: trained, imported, trained further, made smaller, compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from neurodeploy.api.progress import Progress, silent


def train(
    config: Path | None,
    words: Sequence[str] = (),
    *,
    out: Path = Path("runs"),
    resume: Path | None = None,
    command: Sequence[str] = (),
) -> dict[str, Any]:
    """Train a network into a new folder below `out`, or continue one; in all processes that torchrun started.

    Args:
        config: TOML file, or None for the defaults.
        words: key=value settings that win over the file.
        resume: an interrupted run; goes on to the weights of an uninterrupted one.
    Raises:
        ConfigError, DataError, CheckpointError, OutputError.
    """
    from neurodeploy.config import read_config
    from neurodeploy.errors import ConfigError
    from neurodeploy.train import ranks
    from neurodeploy.train.config import RunConfig
    from neurodeploy.train.run_dir import load_run
    from neurodeploy.train.training import resume_run, train_run

    with ranks.together():
        if resume is not None:
            if config is not None or words:
                found = " ".join([str(config or ""), *words]).strip()
                raise ConfigError(key="--resume", found=found, allowed="no other settings: a resumed run keeps its own")
            folder = resume_run(resume)
        else:
            folder = train_run(read_config(RunConfig, config, words), out, command=list(command))
        return {"run": str(folder), "metrics": load_run(folder).metrics}


def import_model(
    model: str,
    words: Sequence[str] = (),
    *,
    out: Path,
    framework: str = "auto",
    weights: Path | None = None,
    dt: float | None = None,
    shape: tuple[int, ...] | None = None,
    weight_bits: int = 8,
    timesteps: int | None = None,
    samples: int = 0,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Import a network of another tool into the folder `out`, which commands then take where they take a run.

    Args:
        model: file.py:name (a torch module, or a function that returns one; the file is run), file.nir or file.net.
        words: key=value settings of `data`: recordings to prove the import on; without any, random frames stand in.
        framework: "auto", "snntorch", "norse", "spikingjelly", "nir" or "netx".
        weights: a state dict for the module, safetensors or by torch.save.
        dt: seconds of a timestep.
        shape: of a frame, where no data set and no Linear says it.
        weight_bits: stored bits per weight of the integer graph, 2..8.
        timesteps: T; default the data set's.
        samples: test recordings for the accuracy; 0 takes all.
    Raises:
        UnsupportedNodeError: a part of the network has no form in the graph; nothing was written.
    """
    from neurodeploy.importing import Settings, import_network

    settings = Settings(framework, weights, dt, shape, weight_bits, timesteps, samples)
    return import_network(model, words, out, settings, progress)


def tune(
    source: Path,
    words: Sequence[str] = (),
    *,
    reset: str = "zero",
    out: Path = Path("runs"),
    command: Sequence[str] = (),
) -> dict[str, Any]:
    """Train a network that exists further, with another reset, into a new run below `out`.

    Args:
        source: a run, an import or an artefact that keeps its float network.
        words: key=value settings; a source that is no run needs dataset=... and data.path=...
        reset: "zero" (all that Loihi has) or "subtract".
    Raises:
        UnsupportedNodeError: the network cannot be trained.
        ConfigError, DataError, CheckpointError, OutputError.
    """
    from neurodeploy.tuning import tune as run_tuning

    return run_tuning(source, reset, out, words, command)


def compress(source: Path, budget: float, words: Sequence[str] = (), **options: Any) -> dict[str, Any]:
    """Fewer weight bits and timesteps under a mean bit budget, trained into a new run: `compressing.compress`."""
    from neurodeploy.compressing import compress as run_compression

    return run_compression(source, budget, words, **options)


def prune(source: Path, words: Sequence[str] = (), **options: Any) -> dict[str, Any]:
    """A run without its dead, hyperactive or least important neurons: `pruning.prune`."""
    from neurodeploy.pruning import prune as run_pruning

    return run_pruning(source, words, **options)


def distill_data(config: Path | None, words: Sequence[str] = (), **options: Any) -> dict[str, Any]:
    """Condense recordings into a few integer items per class: `condensing.distill_data`."""
    from neurodeploy.condensing import distill_data as run_distillation

    return run_distillation(config, words, **options)


def bench_methods(
    config: Path, words: Sequence[str] = (), *, out: Path, seeds: Sequence[int] = (), progress: Progress = silent
) -> dict[str, Any]:
    """Train and compare the methods of a plan; writes methods.md, methods.json and accuracy-energy.png into `out`.

    Args:
        words: key=value settings that win over those of every method.
        seeds: instead of those of the plan.
    Raises:
        ConfigError, DataError: the plan is wrong or missing.
    """
    from neurodeploy.bench.methods import compare_methods

    return compare_methods(config, out, progress, words, seeds)
