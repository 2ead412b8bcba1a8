"""What is done with a network: exported, verified, run, estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neurodeploy.api.progress import Progress, silent


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
    progress: Progress = silent,
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
    progress: Progress = silent,
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


def energy(
    source: Path,
    words: Sequence[str] = (),
    *,
    profiles: Sequence[str] = (),
    every: bool = False,
    run: Path | None = None,
    samples: int = 0,
    csv: Path | None = None,
    activity_file: Path | None = None,
    per_sample: bool = False,
    models: Sequence[str] = (),
    options: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Estimated energy of one inference, from counts on test recordings; with an exit rule also up to each exit.

    Args:
        source: a run or an artefact; its integer network is simulated and counted.
        profiles: names of shipped profiles or paths of TOML files; none means "loihi1".
        every: all shipped profiles; not together with `profiles`.
        csv: also write every priced line there.
        activity_file: what was recorded is taken from there, or recorded and kept there where no such file exists;
            by default a run keeps it as activity.npz, and records anew for other recordings or another network.
        per_sample: record the work of every recording, not of all together.
        models: names of models of energy; none means "affine".
        options: choices of these models, key or MODEL.key -> value.
    Raises:
        ArtefactError: `activity_file` is damaged, or of another network.
        ConfigError: an unknown model or option.
        ProfileError: the only model on the only profile cannot be used with it; of several, the others go on.
    """
    from neurodeploy import subject
    from neurodeploy.energy import report as shown
    from neurodeploy.energy.ann import comparison_dict
    from neurodeploy.energy.latency import latency_dict
    from neurodeploy.profile.catalogue import chosen_profiles
    from neurodeploy.runs import activity, estimating

    loaded, wanted = (
        chosen_profiles(profiles, every, default=("loihi1",)),
        estimating.chosen_models(models, options or {}),
    )
    network = subject.deployment(source)
    if activity_file is not None and activity_file.exists():
        kept = activity.read_of(activity_file, network)
    else:
        data = subject.samples(source, words, run=run, limit=samples)
        kept = activity.recorded(source, network, data, activity_file, per_sample)
    counts = kept.full.counts()
    found, refused = estimating.estimates(counts, loaded, wanted, estimating.counted_instructions(source))
    # what a rule saves is said by the affine model alone
    failed = {each.profile.name for each in refused}
    early = activity.early(network, kept, [] if models else [each for each in loaded if each.name not in failed])
    estimates = [*found, *(early.estimates if early else ())]
    if csv is not None:
        activity.write_csv(csv, estimates)
    # of all profiles, those without any price would bury the others
    silent = [each.profile.name for each in estimates if every and each.is_silent]
    columns, rows = shown.energy_table([each for each in estimates if not (every and each.is_silent)], refused)
    return {
        "label": shown.LABEL,
        "samples": kept.source,
        "counts": shown.counts_dict(counts),
        "models": {model.name: model.as_dict() for model, _ in wanted},
        "estimates": [shown.as_dict(estimate) for estimate in estimates],
        "silent": silent,
        "refused": [{"model": r.model, "profile": r.profile.name, "reason": r.reason} for r in refused],
        "ann": [comparison_dict(each) for each in estimating.comparisons(counts, loaded, wanted)],
        "latency": [latency_dict(e) for e in estimating.latencies(network.integer.graph, counts, loaded, found)],
        "early_exit": None if early is None else early.as_dict(counts),
        "table": {"columns": list(columns), "rows": [list(row) for row in rows]},
    }


def neurobench(source: Path, words: Sequence[str] = (), *, run: Path | None = None, samples: int = 0) -> dict[str, Any]:
    """NeuroBench's metrics of a network on test recordings, from our counts; fields that must differ are named.

    Args:
        source: a run, an import or an artefact; its integer network is simulated and counted.
    """
    from neurodeploy import subject
    from neurodeploy.energy.neurobench import neurobench as metrics
    from neurodeploy.runs import activity

    data = subject.samples(source, words, run=run, limit=samples)
    network = subject.deployment(source)
    return {"data": data.source, **metrics(network.integer, activity.count_activity(network, data))}


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
        every: all shipped profiles that say how a network is put on the chip, each chip once; not together with
            `profiles`.
        flash, ram: bytes of a microcontroller's memories, instead of the profile's.
    Raises:
        ConfigError: no profile or too many, or memories without a profile of a microcontroller.
        ProfileError: an unknown profile, or one that says nothing about placement.
    """
    from neurodeploy import fitting, subject
    from neurodeploy.placement import as_dict, fit_table
    from neurodeploy.profile.catalogue import chosen_profiles

    loaded = [profile for profile in chosen_profiles(profiles, every) if not (every and profile.base)]
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
    progress: Progress = silent,
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
