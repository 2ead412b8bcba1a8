"""One function for each command of the command line; results are plain values, ready for JSON.

Imports of torch, onnx, h5py and matplotlib stay inside the functions that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Progress = Callable[[str], None]


def _silent(text: str) -> None:
    """Progress that nobody reads."""


def train(
    config: Path | None,
    words: Sequence[str] = (),
    *,
    out: Path = Path("runs"),
    resume: Path | None = None,
    command: Sequence[str] = (),
) -> dict[str, Any]:
    """Train a network into a new folder below `out`, or continue one.

    Args:
        config: TOML file, or None for the defaults.
        words: key=value settings that win over the file.
        resume: an interrupted run; goes on to the weights of an uninterrupted one.
    Raises:
        ConfigError, DataError, CheckpointError, OutputError.
    """
    from neurodeploy.config import read_config
    from neurodeploy.errors import ConfigError
    from neurodeploy.train.config import RunConfig
    from neurodeploy.train.run_dir import load_run
    from neurodeploy.train.training import resume_run, train_run

    if resume is not None:
        if config is not None or words:
            found = " ".join([str(config or ""), *words]).strip()
            raise ConfigError(key="--resume", found=found, allowed="no other settings: a resumed run keeps its own")
        folder = resume_run(resume)
    else:
        folder = train_run(read_config(RunConfig, config, words), out, command=list(command))
    return {"run": str(folder), "metrics": load_run(folder).metrics}


def evaluate(
    source: Path, words: Sequence[str] = (), *, runtime: str = "", run: Path | None = None, limit: int = 0
) -> dict[str, Any]:
    """Accuracy on test recordings.

    Args:
        source: a run or an artefact.
        runtime: "torch" (runs; float and integer), "reference" (the integer simulator), or a runtime of the artefact's
            target; default torch for runs, the target's first runtime for artefacts.
        run: run whose recordings an artefact is tried on; default the ones kept in it.
        limit: at most so many recordings; 0 takes all.
    """
    from neurodeploy import evaluation, subject

    samples = subject.samples(source, words, run=run, limit=limit)
    if subject.is_artefact(source):
        return evaluation.artefact(source, samples, runtime)
    return evaluation.trained(source, samples, runtime or "torch")


def export(
    run: Path, target: str, out: Path, *, check: bool = True, samples: int = 32, progress: Progress = _silent
) -> dict[str, Any]:
    """Write a run's network for a target, and check what was written.

    Args:
        samples: test recordings kept in the artefact, so that it can be checked without the run.
        check: run every runtime at hand on them and record the verdicts in the manifest and in the run's folder.
    Raises:
        UnsupportedNodeError, RangeError: not expressible; nothing was written.
    """
    from neurodeploy import subject
    from neurodeploy.targets import find, record, write_artefact
    from neurodeploy.train.run_dir import record_export
    from neurodeploy.verify import verify as run_verify

    exporter = find(target)
    network = subject.deployment(run)
    kept = subject.samples(run, limit=samples)
    artefact = write_artefact(exporter, network, out, {subject.SAMPLES: kept.to_bytes()})
    verdicts = [v.as_dict() for v in run_verify(artefact, kept.frames, progress=progress)] if check else []
    artefact = record(artefact, "verdicts", verdicts)
    result = {
        "target": target,
        "artefact": str(out),
        "files": sorted(artefact.manifest["files"]),
        "notes": dict(artefact.manifest["notes"]),
        "samples": kept.source,
        "verdicts": verdicts,
    }
    record_export(run, target, result)
    return result


def verify(
    artefact: Path,
    words: Sequence[str] = (),
    *,
    run: Path | None = None,
    runtimes: Sequence[str] = (),
    samples: int = 0,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """Whether the files compute what was trained.

    Args:
        run: take recordings from this run's test split, and check that the artefact holds this run's network.
        runtimes: names; empty means all.
        samples: at most so many recordings; 0 takes all.
    """
    from neurodeploy import subject
    from neurodeploy.targets import read_artefact
    from neurodeploy.verify import same_network
    from neurodeploy.verify import verify as run_verify

    found = read_artefact(artefact)
    data = subject.samples(artefact, words, run=run, limit=samples)
    verdicts = run_verify(found, data.frames, runtimes=runtimes, progress=progress)
    if run is not None:
        verdicts.insert(0, same_network(found, subject.deployment(run)))
    return {"artefact": str(artefact), "samples": data.source, "verdicts": [v.as_dict() for v in verdicts]}


def doctor() -> dict[str, Any]:
    """Versions found, and what each missing part would enable."""
    from neurodeploy.doctor import examine

    return examine()
