"""Commands. Everything heavy is imported inside `neurodeploy.api`, so that `--help` answers at once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from neurodeploy import api
from neurodeploy.cli import (
    evidence,
    formats,
    models,
    reports,
    show,
    show_condensed,
    show_evidence,
    show_exit,
    show_fit,
    show_smaller,
)
from neurodeploy.cli.printing import SCHEMA_VERSION, Json
from neurodeploy.cli.printing import print_result as _print
from neurodeploy.cli.profiles import profiles_app
from neurodeploy.errors import ConfigError, NeuroDeployError
from neurodeploy.train.launch import launch

THREADS = {"OMP_WAIT_POLICY": "passive", "OPENBLAS_NUM_THREADS": "1"}
"""Set before torch and numpy are loaded, unless the user did. Threads that wait actively for one another made training
many times slower on a machine with another busy process; the simulator is no faster with two threads."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Train spiking networks, export them, prove that the export is the trained network, and say what it costs.",
)
data_app = typer.Typer(no_args_is_help=True, help="Data sets: list, fetch, stats.")
app.add_typer(data_app, name="data")
app.add_typer(profiles_app, name="profiles")
bench_app = typer.Typer(no_args_is_help=True, help="Comparisons that train many networks.")
app.add_typer(bench_app, name="bench")
app.command(context_settings={"allow_interspersed_args": False})(evidence.measure)
app.command()(reports.report)
app.command()(reports.compare)

Overrides = Annotated[list[str] | None, typer.Argument(help="key=value settings, for instance train.epochs=10")]
Samples = Annotated[int, typer.Option(min=0, help="Test recordings to use; 0 uses all.")]
Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write.")]


def main() -> None:
    """Run the command line; one clear message and the error's exit code, never a traceback."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    try:
        app()
    except NeuroDeployError as error:
        if "--json" in sys.argv:
            print(json.dumps({"schema_version": SCHEMA_VERSION, "error": error.facts()}))
        else:
            print(f"error: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options(words: list[str]) -> dict[str, str]:
    for word in words:
        if "=" not in word:
            raise ConfigError(key="--option", found=word, allowed="key=value")
    return {key: value for key, _, value in (word.partition("=") for word in words)}


def _config(words: list[str] | None, seed: int | None) -> tuple[Path | None, list[str]]:
    """The TOML file, where one is given first, and the key=value words with the seed."""
    given = list(words or [])
    config = Path(given.pop(0)) if given and "=" not in given[0] else None
    return config, given + ([f"seed={seed}"] if seed is not None else [])


@app.command()
def train(
    words: Annotated[list[str] | None, typer.Argument(help="[CONFIG.toml] [key=value ...]")] = None,
    out: Out = Path("runs"),
    resume: Annotated[Path | None, typer.Option(help="Continue this run.")] = None,
    seed: Annotated[int | None, typer.Option(help="Same as seed=N.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu or cuda; same as device=...")] = None,
    as_json: Json = False,
) -> None:
    """Train a network; writes a new folder below --out."""
    config, given = _config(words, seed)
    given += [f"device={device}"] if device is not None else []
    command = ["neurodeploy", *sys.argv[1:]]
    result = api.train(config, given, out=out, resume=resume, command=command)
    if launch().rank == 0:
        _print(result, as_json, show.train)
    if launch().size > 1:
        _leave()


def _leave() -> None:
    """End one of several processes at once, when all is written.

    Torch's threads for talking to the others may still run, and then an interpreter that shuts down in order aborts now
    and then ("terminate called without an active exception").
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


@app.command()
def tune(
    source: Annotated[Path, typer.Argument(metavar="RUN|IMPORT")],
    overrides: Overrides = None,
    reset: Annotated[str, typer.Option(help="zero (all that Loihi has) or subtract.")] = "zero",
    out: Out = Path("runs"),
    as_json: Json = False,
) -> None:
    """Fine-tune a network to another reset; a new run, with the accuracy before and after."""
    result = api.tune(source, overrides or [], reset=reset, out=out, command=["neurodeploy", *sys.argv[1:]])
    _print(result, as_json, show.tune)


@app.command()
def compress(
    source: Annotated[Path, typer.Argument(metavar="RUN")],
    bit_budget: Annotated[float, typer.Option(help="Mean of timesteps x weight bits x input bits of a synapse.")],
    overrides: Overrides = None,
    out: Out = Path("runs"),
    samples: Samples = 0,
    as_json: Json = False,
) -> None:
    """Choose bits per weight of every layer and timesteps under one bit budget, and fine-tune into a new run."""
    options = {"out": out, "samples": samples, "command": ["neurodeploy", *sys.argv[1:]], "progress": _note}
    _print(api.compress(source, bit_budget, overrides or [], **options), as_json, show_smaller.compress)


@app.command()
def prune(
    source: Annotated[Path, typer.Argument(metavar="RUN")],
    overrides: Overrides = None,
    dead: Annotated[bool, typer.Option("--dead", help="Neurons that never fire on the training recordings.")] = False,
    hyperactive: Annotated[float | None, typer.Option(help="Neurons with more spikes per timestep, 0..1.")] = None,
    channels: Annotated[float, typer.Option(help="This share of every layer, the least important first.")] = 0.0,
    epochs: Annotated[int, typer.Option(min=0, help="Of fine-tuning into a new run; 0: no fine-tuning.")] = 0,
    out: Out = Path("runs"),
    samples: Samples = 0,
    as_json: Json = False,
) -> None:
    """Take neurons or channels out of a network, with all their weights; each layer keeps at least one.

    Without --epochs the folder that is written stands wherever other commands take an IMPORT.
    """
    wanted: dict[str, Any] = {"dead": dead, "hyperactive": hyperactive, "channels": channels, "epochs": epochs}
    options = {"out": out, "samples": samples, "command": ["neurodeploy", *sys.argv[1:]], "progress": _note}
    _print(api.prune(source, overrides or [], **wanted, **options), as_json, show_smaller.prune)


@app.command("distill-data")
def distill_data(
    out: Out,
    words: Annotated[list[str] | None, typer.Argument(help="[CONFIG.toml] [key=value ...]")] = None,
    seed: Annotated[int | None, typer.Option(help="Same as seed=N.")] = None,
    as_json: Json = False,
) -> None:
    """Condense recordings into a few integer items per class (PACE-style); the folder --out is then a dataset=..."""
    config, given = _config(words, seed)
    _print(api.distill_data(config, given, out=out, progress=_note), as_json, show_condensed.distill_data)


@app.command("import")
def import_model(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="FILE.py:NAME (the file is run), FILE.nir or FILE.net.")
    ],
    out: Out,
    overrides: Overrides = None,
    framework: Annotated[str, typer.Option(help="auto, snntorch, norse, spikingjelly, nir or netx.")] = "auto",
    weights: Annotated[Path | None, typer.Option(help="State dict: safetensors, or by torch.save.")] = None,
    dt: Annotated[float | None, typer.Option(help="Seconds of a timestep, for instance 1e-4.")] = None,
    shape: Annotated[str, typer.Option(help="Of a frame without a data set, for instance 2,34,34.")] = "",
    weight_bits: Annotated[int, typer.Option(help="Stored bits per weight of the integer network, 2..8.")] = 8,
    timesteps: Annotated[int | None, typer.Option(help="Timesteps of a sample; same as data.timesteps=N.")] = None,
    samples: Samples = 0,
    as_json: Json = False,
) -> None:
    """Import a snnTorch, Norse, SpikingJelly, NIR or NetX network, proved on a data set (dataset=...) if one is given.

    The folder --out then stands wherever other commands take a RUN.
    """
    result = api.import_model(
        model,
        overrides or [],
        out=out,
        framework=framework,
        weights=weights,
        dt=dt,
        shape=_shape(shape),
        weight_bits=weight_bits,
        timesteps=timesteps,
        samples=samples,
        progress=_note,
    )
    _print(result, as_json, show.import_model)


def _shape(text: str) -> tuple[int, ...] | None:
    if not text:
        return None
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        allowed = "integers with commas between them, for instance 2,34,34"
        raise ConfigError(key="shape", found=text, allowed=allowed) from None


@app.command("eval")
def evaluate(
    source: Annotated[Path, typer.Argument(metavar="RUN|IMPORT|ARTEFACT")],
    overrides: Overrides = None,
    runtime: Annotated[str, typer.Option(help="torch, fast, reference, or a runtime of the artefact's target.")] = "",
    run: Annotated[Path | None, typer.Option(help="Run whose data an artefact is evaluated on.")] = None,
    samples: Samples = 0,
    measure: Annotated[bool, typer.Option("--measure", help="Also the energy that this machine uses for it.")] = False,
    as_json: Json = False,
) -> None:
    """Accuracy on the test split, of a run or of exported files."""

    def work() -> dict[str, Any]:
        return api.evaluate(source, overrides or [], runtime=runtime, run=run, limit=samples)

    result = api.measured(work) if measure else work()
    _print(result, as_json, show_evidence.evaluate)
    raise typer.Exit(show_evidence.measured_code(result["measured"]) if measure else 0)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(metavar="RUN|IMPORT")],
    target: Annotated[str, typer.Option(help="loihi, onnx, nir, c, or an installed target.")],
    out: Out,
    verify: Annotated[bool, typer.Option(help="Check the files with every runtime at hand.")] = True,
    samples: Annotated[int, typer.Option(min=1, help="Test recordings kept in the artefact for later checks.")] = 32,
    option: Annotated[list[str] | None, typer.Option(help="key=value choice of the target, e.g. reset=zero.")] = None,
    as_json: Json = False,
) -> None:
    """Write a trained network for a target and check what was written."""
    options = _options(option or [])
    result = api.export(run, target, out, options=options, check=verify, samples=samples, progress=_note)
    _print(result, as_json, show.export)
    raise typer.Exit(show.exit_code(result["verdicts"]) if verify else 0)


@app.command()
def verify(
    artefact: Annotated[Path, typer.Argument(metavar="ARTEFACT")],
    overrides: Overrides = None,
    run: Annotated[Path | None, typer.Option(help="Take the test recordings, and the network, from this run.")] = None,
    runtime: Annotated[list[str] | None, typer.Option(help="Only this runtime; may be given several times.")] = None,
    samples: Samples = 0,
    as_json: Json = False,
) -> None:
    """Do the files compute what was trained? EXACT, MISMATCH (where), NOT_PROVEN or NOT_RUN (why)."""
    found = api.verify(artefact, overrides or [], run=run, runtimes=runtime or [], samples=samples, progress=_note)
    _print(found, as_json, show.verify)
    raise typer.Exit(show.exit_code(found["verdicts"]))


@app.command()
def energy(
    source: Annotated[Path | None, typer.Argument(metavar="RUN|IMPORT|ARTEFACT")] = None,
    overrides: Overrides = None,
    profile: Annotated[list[str] | None, typer.Option(help="Name or TOML file; may be given several times.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All shipped profiles.")] = False,
    run: Annotated[Path | None, typer.Option(help="Run whose data an artefact is counted on.")] = None,
    samples: Samples = 0,
    csv: Annotated[Path | None, typer.Option(help="Also write the lines as CSV.")] = None,
    activity: Annotated[Path | None, typer.Option(help="Take what was recorded from here, or keep it here.")] = None,
    per_sample: Annotated[
        bool, typer.Option("--per-sample", help="Keep the work of each recording, not only sums.")
    ] = False,
    model: models.ModelNames = None,
    option: models.ModelOptions = None,
    ann: models.Ann = False,
    latency: models.Latency = False,
    validate: evidence.Validate = False,
    form: formats.Format = formats.ESTIMATES,
    as_json: Json = False,
) -> None:
    """Estimated energy per inference, from counts on real recordings."""
    priced = [profile, every, csv, model, option, ann, latency]
    if validate:
        others = [*priced, run, samples, activity, per_sample, form != formats.ESTIMATES]
        evidence.validate(source, overrides, others=others, as_json=as_json)
    names = profile or []
    source = evidence.needed(source)
    if form != formats.ESTIMATES:
        formats.print_work(form, source, overrides, run=run, samples=samples, others=priced)
    kept: dict[str, Any] = {"activity_file": activity, "per_sample": per_sample}
    data: dict[str, Any] = {"run": run, "samples": samples}
    kept |= {"models": model or [], "options": _options(option or [])}
    result = api.energy(source, overrides or [], profiles=names, every=every, csv=csv, **data, **kept)
    _print(result, as_json, models.energy(ann, latency))


@app.command("early-exit")
def early_exit(
    run: Annotated[Path, typer.Argument(metavar="RUN")],
    overrides: Overrides = None,
    max_loss: Annotated[float | None, typer.Option(help="Share of right answers that may get lost [0.005].")] = None,
    steps: Annotated[float | None, typer.Option(help="Instead: average timesteps that may be used.")] = None,
    as_json: Json = False,
) -> None:
    """Let a network answer before its last timestep: choose when on the validation recordings, then test it once.

    Writes early_exit.json into the run; export, verify and energy follow it until that file is removed.
    """
    _print(api.early_exit(run, overrides or [], max_loss=max_loss, steps=steps), as_json, show_exit.early_exit)


@app.command()
def fit(
    source: Annotated[Path, typer.Argument(metavar="RUN|IMPORT|ARTEFACT")],
    profile: Annotated[list[str] | None, typer.Option(help="Name or TOML file; may be given several times.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All shipped profiles with limits.")] = False,
    flash: Annotated[int | None, typer.Option(min=1, help="Bytes of flash of a microcontroller.")] = None,
    ram: Annotated[int | None, typer.Option(min=1, help="Bytes of RAM of a microcontroller.")] = None,
    as_json: Json = False,
) -> None:
    """Does the network fit a chip? Cores and their fill, what is too much, the smallest change that would fit.

    Exit code 0: it fits every profile given (with --all: at least one). 4: it does not fit, the network is not
    expressible there. 5: nothing exceeds a known limit, but sources disagree or a number is unknown.
    """
    found = api.fit(source, profiles=profile or [], every=every, flash=flash, ram=ram)
    _print(found, as_json, show_fit.fit)
    raise typer.Exit(show_fit.fit_code(found))


@app.command()
def conformance(
    target: Annotated[str, typer.Option(help="Any installed target, also one from another package.")],
    option: Annotated[list[str] | None, typer.Option(help="key=value choice of the target.")] = None,
    runtime: Annotated[list[str] | None, typer.Option(help="Only this runtime; may be given several times.")] = None,
    case: Annotated[list[str] | None, typer.Option(help="Only cases with this in their name; may be repeated.")] = None,
    random: Annotated[int, typer.Option(min=0, help="Random networks to check beside the cases.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Of the random networks.")] = 0,
    jobs: Annotated[int, typer.Option(min=1, help="Checks at a time; helps where a runtime starts programs.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Folder for the files of whatever goes wrong.")] = None,
    as_json: Json = False,
) -> None:
    """Does a target compute what networks mean? Cases worked out by hand, then random networks."""
    found = api.conformance(
        target,
        options=_options(option or []),
        runtimes=runtime or [],
        cases=case or [],
        networks=random,
        seed=seed,
        jobs=jobs,
        keep=keep,
        progress=_note,
    )
    _print(found, as_json, show.conformance)
    raise typer.Exit(show.CONFORMANCE_CODES[found["verdict"]])


@app.command()
def doctor(as_json: Json = False) -> None:
    """Versions, and what each missing part would enable."""
    _print(api.doctor(), as_json, show.doctor)


@data_app.command("list")
def data_list(as_json: Json = False) -> None:
    """Data sets that can be used by name."""
    _print(api.data_list(), as_json, show.data_list)


@data_app.command("fetch")
def data_fetch(
    name: str, out: Annotated[Path, typer.Option("--out", "-o")] = Path("data"), as_json: Json = False
) -> None:
    """Download a data set, or say how to do it by hand."""
    _print(api.data_fetch(name, out=out, progress=_note), as_json, show.data_fetch)


@data_app.command("stats")
def data_stats(overrides: Overrides = None, as_json: Json = False) -> None:
    """Events, classes and rates of a data set, for instance dataset=nmnist data.path=..."""
    _print(api.data_stats(overrides or []), as_json, show.data_stats)


@bench_app.command("methods")
def bench_methods(
    config: Annotated[Path, typer.Argument(metavar="PLAN.toml", help="See examples/methods/config.toml.")],
    out: Out,
    overrides: Overrides = None,
    seed: Annotated[list[int] | None, typer.Option(help="Instead of the plan's; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Train every method of a plan with every seed; one table of accuracy, work, energy, time and data.

    Goes on where an earlier call with the same --out stopped; a method that fails does not stop the others.
    Exit code 1: all of them failed.
    """
    found = api.bench_methods(config, overrides or [], out=out, seeds=seed or [], progress=_note)
    _print(found, as_json, show.bench_methods)
    raise typer.Exit(show.bench_code(found))
