"""One function for each command of the command line; results are plain values, ready for JSON.

Imports of torch, onnx, h5py and matplotlib stay inside the functions that need them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    progress: Progress = _silent,
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


def evaluate(
    source: Path, words: Sequence[str] = (), *, runtime: str = "", run: Path | None = None, limit: int = 0
) -> dict[str, Any]:
    """Accuracy on test recordings.

    Args:
        source: a run, an import or an artefact.
        runtime: "torch" (runs; float and integer), "fast" (the integer simulator), "reference" (the slow one that
            specifies it), or a runtime of the artefact's target; default torch for runs, fast for imports, the target's
            first runtime for artefacts.
        run: run whose recordings an artefact is tried on; default the ones kept in it.
        limit: at most so many recordings; 0 takes all.
    """
    from neurodeploy import evaluation, subject

    samples = subject.samples(source, words, run=run, limit=limit)
    if subject.is_artefact(source):
        return evaluation.artefact(source, samples, runtime)
    return evaluation.trained(source, samples, runtime or ("fast" if subject.is_import(source) else "torch"))


def export(
    run: Path,
    target: str,
    out: Path,
    *,
    options: Mapping[str, str] | None = None,
    check: bool = True,
    samples: int = 32,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """Write a run's network for a target, and check what was written.

    Args:
        options: choices of the target, for instance {"reset": "zero"} of nir.
        samples: test recordings kept in the artefact, so that it can be checked without the run.
        check: run every runtime at hand on them and record the verdicts in the manifest and in the run's folder.
    Raises:
        UnsupportedNodeError, RangeError: not expressible; nothing was written.
        ConfigError: an unknown target or option.
    """
    from neurodeploy import evaluation, subject
    from neurodeploy.targets import configure, find, record, write_artefact
    from neurodeploy.train.run_dir import record_export
    from neurodeploy.verify import verify as run_verify

    exporter = configure(find(target), options or {})
    network = subject.deployment(run)
    kept = subject.samples(run, limit=samples)
    artefact = write_artefact(exporter, network, out, {subject.SAMPLES: kept.to_bytes()})
    verdicts = [v.as_dict() for v in run_verify(artefact, kept.frames, progress=progress)] if check else []
    artefact = record(artefact, "verdicts", verdicts)
    measured = dict(exporter.measure(artefact, kept.frames[:, :])) if check else {}
    measured |= evaluation.change(artefact, kept)
    artefact = record(artefact, "measured", measured) if measured else artefact
    result = {
        "target": target,
        "artefact": str(out),
        "files": sorted(artefact.manifest["files"]),
        "notes": dict(artefact.manifest["notes"]),
        "samples": kept.source,
        "verdicts": verdicts,
        "measured": measured,
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


def energy(
    source: Path,
    words: Sequence[str] = (),
    *,
    profiles: Sequence[str] = (),
    every: bool = False,
    run: Path | None = None,
    samples: int = 0,
    csv: Path | None = None,
) -> dict[str, Any]:
    """Estimated energy of one inference, from counts on test recordings; with an exit rule also up to each exit.

    Args:
        source: a run or an artefact; its integer network is simulated and counted.
        profiles: names of shipped profiles or paths of TOML files; none means "loihi1".
        every: all shipped profiles; not together with `profiles`.
        csv: also write every priced line there.
    """
    from neurodeploy import activity, subject
    from neurodeploy.energy import report as shown
    from neurodeploy.energy.price import price
    from neurodeploy.profile.catalogue import chosen_profiles

    loaded = chosen_profiles(profiles, every, default=("loihi1",))
    data = subject.samples(source, words, run=run, limit=samples)
    network = subject.deployment(source)
    counts, early = activity.count_activity(network, data), activity.early_activity(network, data, loaded)
    estimates = [*(price(counts, profile) for profile in loaded), *(early.estimates if early else ())]
    if csv is not None:
        activity.write_csv(csv, estimates)
    columns, rows = shown.energy_table(estimates)
    return {
        "label": shown.LABEL,
        "samples": data.source,
        "counts": shown.counts_dict(counts),
        "estimates": [shown.as_dict(estimate) for estimate in estimates],
        "early_exit": None if early is None else early.as_dict(counts),
        "table": {"columns": list(columns), "rows": [list(row) for row in rows]},
    }


def early_exit(
    run: Path, words: Sequence[str] = (), *, max_loss: int | float | None = None, steps: int | float | None = None
) -> dict[str, Any]:
    """Choose on a run's validation recordings when its network may answer early; `export` and `energy` follow that.

    Args:
        max_loss: share of right answers that may get lost; default 0.005.
        steps: average timesteps that may be used, in place of `max_loss`.
    """
    from neurodeploy.exiting import calibrate_run

    return calibrate_run(run, words, max_loss, steps)


def fit(
    source: Path,
    *,
    profiles: Sequence[str] = (),
    every: bool = False,
    flash: int | None = None,
    ram: int | None = None,
) -> dict[str, Any]:
    """Whether a network fits chips: cores used and how full they are, what is too much, and what would fit.

    Args:
        source: a run or an artefact; its integer network is placed.
        profiles: names of shipped profiles or paths of TOML files.
        every: all shipped profiles that say how a network is put on the chip; not together with `profiles`.
        flash, ram: bytes of a microcontroller's memories, instead of the profile's.
    Raises:
        ConfigError: no profile or too many, or memories without a profile of a microcontroller.
        ProfileError: an unknown profile, or one that says nothing about placement.
    """
    from neurodeploy import fitting, subject
    from neurodeploy.placement import as_dict, fit_table
    from neurodeploy.profile.catalogue import chosen_profiles

    loaded = chosen_profiles(profiles, every)
    placed = [profile for profile in loaded if profile.rules is not None] if every else loaded
    given = fitting.memories(flash, ram, placed)
    found = fitting.fits(subject.deployment(source), placed, given)
    columns, rows = fit_table(found)
    return {
        "source": str(source),
        "every": every,
        "fits": [as_dict(each) for each in found],
        "not_placed": [profile.name for profile in loaded if profile not in placed],
        "table": {"columns": list(columns), "rows": [list(row) for row in rows]},
    }


def report(run: Path, *, out: Path | None = None, samples: int = 0) -> dict[str, Any]:
    """One offline HTML file about a run: curves, rasters, confusion matrix, energy, export checks.

    Args:
        out: default `report.html` in the run's folder.
        samples: test recordings for the energy counts; 0 takes all.
    """
    from neurodeploy import subject
    from neurodeploy.errors import CheckpointError
    from neurodeploy.files import write_file
    from neurodeploy.run_report import render_run

    if subject.is_import(run):
        hint = "Its proof is in import.json; eval, energy, export and verify take imports."
        raise CheckpointError(path=run, reason="an import has no training to report on", hint=hint)
    path = out or run / "report.html"
    write_file(path, render_run(run, samples))
    return {"report": str(path)}


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


def data_list() -> dict[str, Any]:
    """Data sets by name, with what they hold and where they come from."""
    from neurodeploy.data.datasets import find, names

    found = [find(name) for name in names()]
    rows = [
        {
            "name": d.name,
            "classes": list(d.classes),
            "sensor": d.sensor,
            "licence": d.licence,
            "path": d.needs_path,
            "home": d.home,
        }
        for d in found
    ]
    return {"datasets": rows}


def data_fetch(name: str, *, out: Path = Path("data"), progress: Progress = _silent) -> dict[str, Any]:
    """Download the files of a data set, or give the instructions for doing it by hand.

    Raises:
        DataError: a download failed or is not the expected file.
    """
    from neurodeploy.data.datasets import find
    from neurodeploy.data.fetch import fetch_all, instructions

    dataset = find(name)
    text = instructions(dataset, out)
    progress(text)
    files = fetch_all(dataset, out)
    return {"name": name, "instructions": text, "files": [str(path) for path in files]}


def data_stats(words: Sequence[str] = ()) -> dict[str, Any]:
    """Recordings, events, classes and rates of a data set given by key=value settings of `data`."""
    from neurodeploy.config import read_config
    from neurodeploy.data.datasets import find
    from neurodeploy.data.stats import stats
    from neurodeploy.train.config import RunConfig

    config = read_config(RunConfig, None, words).data
    path = Path(config.path).expanduser() if config.path else None
    return {"dataset": config.dataset, **stats(find(config.dataset).open(path, config.sensor))}


def profiles_list() -> dict[str, Any]:
    """Shipped hardware profiles."""
    from neurodeploy.profile import load_profile, profile_names

    loaded = [load_profile(name) for name in profile_names()]
    rows = [
        {
            "name": p.name,
            "title": p.title,
            "boundary": p.boundary,
            "stand_in": p.stand_in,
            "prices": bool(p.prices),
            "placement": p.rules is not None,
        }
        for p in loaded
    ]
    return {"profiles": rows}


def profiles_show(name: str) -> dict[str, Any]:
    """Every number of a profile (a name or a TOML file) with unit, scope, kind, interval and source."""
    from dataclasses import asdict

    from neurodeploy.profile import load_profile

    profile = load_profile(name)
    rows = [{"key": key, **asdict(quantity)} for key, quantity in profile.quantities().items()]
    return {
        "name": profile.name,
        "title": profile.title,
        "notes": list(profile.notes),
        "quantities": rows,
        "placement": None if profile.rules is None else asdict(profile.rules),
        "unknown": dict(profile.unknown),
    }


def profiles_check(path: Path) -> dict[str, Any]:
    """Whether a profile file is complete and consistent.

    Raises:
        ProfileError: it is not; file, key and reason are named.
    """
    from neurodeploy.profile import check_profile

    profile = check_profile(path)
    return {"name": profile.name, "quantities": len(profile.quantities()), "valid": True}


def conformance(
    target: str,
    *,
    options: Mapping[str, str] | None = None,
    runtimes: Sequence[str] = (),
    cases: Sequence[str] = (),
    networks: int = 50,
    seed: int = 0,
    jobs: int = 1,
    keep: Path | None = None,
    progress: Progress = _silent,
) -> dict[str, Any]:
    """Whether an installed target computes what networks mean: every case, and random networks.

    Args:
        options: choices of the target, as for `export`; one that changes the network shows as a mismatch.
        runtimes: names; empty means all of the target.
        cases: parts of the names of cases; empty means all.
        networks: random networks to check beside those that the target refuses.
        jobs: checks at a time.
        keep: folder for the files of whatever went wrong.
    Raises:
        ConfigError: an unknown target, option, runtime or case;
            an exporter whose target is not its entry point's name.
    """
    from neurodeploy.conformance import as_dict, named, run_suite
    from neurodeploy.errors import ConfigError
    from neurodeploy.targets import configure, find

    exporter = find(target)
    if exporter.target != target:
        hint = "An artefact is read by the exporter that has the name in its manifest."
        raise ConfigError(key="target", found=exporter.target, allowed=f"'{target}', its entry point's name", hint=hint)
    report = run_suite(
        configure(exporter, options or {}),
        runtimes=runtimes,
        cases=named(cases),
        networks=networks,
        seed=seed,
        jobs=jobs,
        keep=keep,
        progress=progress,
    )
    return as_dict(report)


def doctor() -> dict[str, Any]:
    """Versions found, and what each missing part would enable."""
    from neurodeploy.doctor import examine

    return examine()


def bench_methods(config: Path, *, out: Path, progress: Progress = _silent) -> dict[str, Any]:
    """Train and compare the methods of a plan; writes methods.md, methods.json and accuracy-energy.png into `out`.

    Raises:
        ConfigError, DataError: the plan is wrong or missing.
    """
    from neurodeploy.bench.methods import compare_methods

    return compare_methods(config, out, progress)
