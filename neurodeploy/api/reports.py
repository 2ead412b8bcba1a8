"""Reports: one run, or several side by side, as files that need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


def report(
    run: Path,
    *,
    out: Path | None = None,
    samples: int = 0,
    profiles: Sequence[str] = (),
    json: Path | None = None,
    csv: Path | None = None,
    latex: Path | None = None,
    bibtex: Path | None = None,
) -> dict[str, Any]:
    """One offline HTML file about a run: training, answers, spikes, energy, export checks; and its figures as files.

    Args:
        out: default `report.html` in the run's folder.
        samples: test recordings for the energy counts; 0 takes all.
        profiles: those of the figures, names or TOML files; none means those that price events one by one.
        json: everything that is a number, a source or a reason, as `neurodeploy/report/schema.json` describes it.
        csv: every priced line, and everything that was not covered or refused.
        latex: the methods paragraph and the table of all profiles.
        bibtex: what the paragraph cites.
    """
    from neurodeploy import subject
    from neurodeploy.errors import CheckpointError
    from neurodeploy.report import render
    from neurodeploy.report.methods import methods
    from neurodeploy.report.tables import report_csv, report_latex
    from neurodeploy.report.values import json_bytes, report_values
    from neurodeploy.runs.report import report_data

    if subject.is_import(run):
        hint = "Its proof is in import.json; eval, energy, export and verify take imports."
        raise CheckpointError(path=run, reason="an import has no training to report on", hint=hint)
    data = report_data(run, samples, profiles)
    found = methods(data)
    wanted: dict[str, tuple[Path | None, Callable[[], bytes]]] = {
        "report": (out or run / "report.html", lambda: render(data)),
        "json": (json, lambda: json_bytes(report_values(data, found))),
        "csv": (csv, lambda: report_csv(data)),
        "latex": (latex, lambda: report_latex(data, found)),
        "bibtex": (bibtex, lambda: b"" if found is None else found.bibtex.encode()),
    }
    return _written({kind: (path, make()) for kind, (path, make) in wanted.items() if path is not None})


def compare(
    runs: Sequence[Path],
    *,
    out: Path,
    samples: int = 0,
    profiles: Sequence[str] = (),
    json: Path | None = None,
    csv: Path | None = None,
    latex: Path | None = None,
) -> dict[str, Any]:
    """Runs side by side: accuracy, work, energy, time, bit budget; a run that fails is a row that says why.

    Args:
        profiles: names or TOML files; the first is that of the figures. None means "loihi1" and "truenorth".
    Raises:
        ConfigError: fewer than two runs, or one of them twice.
    """
    from neurodeploy.report.compare import render_comparison
    from neurodeploy.report.tables import comparison_csv, comparison_latex
    from neurodeploy.report.values import comparison_values, json_bytes
    from neurodeploy.runs.energy import has_prices, profiles_for
    from neurodeploy.runs.points import points_of

    _refuse_unfit(runs)
    loaded = profiles_for(profiles or ("loihi1", "truenorth"), shipped=False)
    _refuse_without_prices([profile.name for profile in loaded if not has_prices(profile)])
    names = [profile.name for profile in loaded]
    points = points_of(runs, loaded, samples)
    wanted: dict[str, tuple[Path | None, Callable[[], bytes]]] = {
        "comparison": (out, lambda: render_comparison(points, names[0])),
        "json": (json, lambda: json_bytes(comparison_values(points, names))),
        "csv": (csv, lambda: comparison_csv(points, names)),
        "latex": (latex, lambda: comparison_latex(points, names)),
    }
    files = _written({kind: (path, make()) for kind, (path, make) in wanted.items() if path is not None})
    return {**files, "runs": [{"run": point.name, "error": point.error or None} for point in points]}


def _written(files: dict[str, tuple[Path, bytes]]) -> dict[str, Any]:
    """Every file, after all of them could be made."""
    from neurodeploy.files import write_file

    for path, content in files.values():
        write_file(path, content)
    return {kind: str(path) for kind, (path, _) in files.items()}


def _refuse_unfit(runs: Sequence[Path]) -> None:
    from neurodeploy.errors import ConfigError

    if len(runs) < 2:
        raise ConfigError(key="RUN", found=[str(run) for run in runs], allowed="two runs or more, to compare")
    seen = [run.resolve() for run in runs]
    twice = [str(run) for place, run in enumerate(runs) if run.resolve() in seen[:place]]
    if twice:
        raise ConfigError(key="RUN", found=twice, allowed="every run once")


def _refuse_without_prices(names: Sequence[str]) -> None:
    from neurodeploy.errors import ConfigError

    if names:
        hint = "`neurodeploy profiles list` shows which have prices."
        raise ConfigError(key="--profile", found=list(names), allowed="profiles that price work", hint=hint)
