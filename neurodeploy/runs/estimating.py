"""A network's recorded work under models of energy, beside an ordinary network of the same layers; time and memory."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from neurodeploy import subject
from neurodeploy.energy.ann import AnnComparison, compare_ann
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Estimate
from neurodeploy.energy.latency import Latency, Range, latency
from neurodeploy.energy.models import Model, find_model
from neurodeploy.energy.models.model import NONE
from neurodeploy.energy.priced import Refused
from neurodeploy.errors import ConfigError, DataError, GraphError, ProfileError
from neurodeploy.graph import Graph
from neurodeploy.placement import fit, read_network
from neurodeploy.profile import Profile
from neurodeploy.profile.quantity import OPERATION_TIMES
from neurodeploy.targets import read_artefact

AFFINE: Final = "affine"
BOARDS: Final = {"cortex_m4": "cortex-m4", "cortex_m33": "cortex-m33"}
"""Profile -> the emulated board whose instructions are those of its core."""

INSTRUCTIONS: Final = "instructions, QEMU -icount"
"""Where an export to C keeps what it counted."""

Choice = tuple[Model, Mapping[str, str]]
"""A model and the options given for it."""


def chosen_models(names: Sequence[str], options: Mapping[str, str]) -> tuple[Choice, ...]:
    """Models by name (none: affine), each with those of the options that it has; MODEL.key=value is for one model.

    Raises:
        ConfigError: an unknown model, an option that none of them has, or a value that it cannot have.
    """
    models = [find_model(name) for name in dict.fromkeys(names or [AFFINE])]
    for key in options:
        owner, _, own = key.rpartition(".")
        if not any(owner in ("", model.name) and own in model.options for model in models):
            known = "; ".join(f"{model.name}: {', '.join(model.options) or 'none'}" for model in models)
            raise ConfigError(
                key=f"option {key}", found=options[key], allowed=f"options of the chosen models ({known})"
            )
    found = tuple((model, _own(model, options)) for model in models)
    for model, own_options in found:
        model.chosen(own_options)
    return found


def _own(model: Model, options: Mapping[str, str]) -> dict[str, str]:
    plain = {key: value for key, value in options.items() if key in model.options}
    mark = f"{model.name}."
    return plain | {key.removeprefix(mark): value for key, value in options.items() if key.startswith(mark)}


def estimates(
    counts: Counts, profiles: Sequence[Profile], models: Sequence[Choice], counted: Mapping[str, Any] | None = None
) -> tuple[tuple[Estimate, ...], tuple[Refused, ...]]:
    """Every model on every profile; models that do not use the profile once.

    Args:
        counted: board -> instructions of one inference, as an export to C counted them.
    Returns:
        Estimates, model after model, and what was refused and why.
    Raises:
        ProfileError, ConfigError, DataError: the only combination asked for lacks a number, a choice or a count.
    """
    pairs = [(m, o, p) for m, o in models for p in (profiles if m.uses_profile else profiles[:1])]
    found, refused = list[Estimate](), list[Refused]()
    for model, options, profile in pairs:
        try:
            found.append(model.apply(counts, profile, _with_instructions(model, options, profile, counted or {})))
        except (ProfileError, ConfigError, DataError) as error:
            if len(pairs) == 1:
                raise
            refused.append(Refused(profile, _reason(error), model.name))
    return tuple(found), tuple(refused)


def _reason(error: ProfileError | ConfigError | DataError) -> str:
    if isinstance(error, ProfileError):
        return f"{error.key}: {error.reason}"
    return (
        f"{error.source}: {error.reason}" if isinstance(error, DataError) else f"{error.key}: allowed {error.allowed}"
    )


def _with_instructions(
    model: Model, options: Mapping[str, str], profile: Profile, counted: Mapping[str, Any]
) -> Mapping[str, str]:
    """The options, with counted instructions where neither instructions nor cycles were given."""
    board = BOARDS.get(profile.name, "")
    if "instructions" not in model.options or {"instructions", "cycles"} & set(options) or board not in counted:
        return options
    return {**options, "instructions": f"{counted[board]:g}"}


def counted_instructions(source: Path) -> dict[str, int]:
    """Board -> mean instructions of one inference that an export to C counted; empty where there was none.

    Args:
        source: an artefact, or a run that was exported.
    """
    path = source / "exports" / "c.json"
    try:
        if subject.is_artefact(source):
            measured = read_artefact(source).manifest["measured"]
        else:
            measured = json.loads(path.read_text(encoding="utf-8"))["measured"]
        return {board: int(row["inference"]["mean"]) for board, row in measured[INSTRUCTIONS].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}  # never counted, or a file that says nothing: the user is asked for the number


def comparisons(
    counts: Counts, profiles: Sequence[Profile], models: Sequence[Choice] = ()
) -> tuple[AnnComparison, ...]:
    """The ordinary network of the same layers on every profile; empty for a network without weights."""
    movement = next((options for model, options in models if model.name == "movement"), None)
    try:
        return tuple(each for profile in profiles for each in compare_ann(counts, profile, movement))
    except DataError:
        return ()


def latencies(
    graph: Graph, counts: Counts, profiles: Sequence[Profile], found: Sequence[Estimate] = ()
) -> tuple[Latency, ...]:
    """Time and memory on every profile, with the cores of its placement where times depend on them.

    Args:
        graph: the integer network's.
        found: estimates whose cycles and clock are taken.
    """
    return tuple(_latency(graph, counts, profile, found) for profile in profiles)


def _latency(graph: Graph, counts: Counts, profile: Profile, found: Sequence[Estimate]) -> Latency:
    own = [estimate for estimate in found if estimate.profile.name == profile.name]
    cycles = next((cycles for estimate in own if (cycles := _cycles(estimate)) is not None), None)
    clocks = [estimate.options.get("clock_hz", NONE) for estimate in own]
    clock = next((float(text) for text in clocks if text != NONE), None)
    return latency(counts, profile, _cores(graph, profile), cycles=cycles, clock_hz=clock)


def _cycles(estimate: Estimate) -> Range | None:
    """(low, mid, high) of what was priced, or of Xylo's model."""
    priced = next((line for line in estimate.lines if line.term == "cycle"), None)
    if priced is None:
        return None
    low, mid, high = priced.price.range
    return priced.energy.low / low, priced.energy.mid / mid, priced.energy.high / high


def _cores(graph: Graph, profile: Profile) -> int | None:
    """Cores that the placement uses; None where times do not depend on them, or where it cannot be placed."""
    if profile.rules is None or not set(profile.times) & set(OPERATION_TIMES):
        return None
    try:
        return fit(read_network(graph), profile, search=False).plan.used or None
    except GraphError:
        return None
