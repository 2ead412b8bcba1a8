"""What one inference costs by every means there is: prices, other models, an ordinary network, time; and what fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from neurodeploy.deployment import Deployment
from neurodeploy.energy import Counts, Estimate
from neurodeploy.energy.activity_file import Kept
from neurodeploy.energy.ann import AnnComparison
from neurodeploy.energy.latency import Latency
from neurodeploy.energy.models import MODELS
from neurodeploy.energy.priced import Refused, price_all
from neurodeploy.energy.report import AFFINE
from neurodeploy.errors import ProfileError
from neurodeploy.graph import Graph
from neurodeploy.profile import Profile, load_profile, profile_names
from neurodeploy.runs import activity, estimating


@final
@dataclass(frozen=True)
class Costs:
    """Of one network on some profiles.

    Args:
        estimates: by the affine model.
        models: by the others, as far as they say anything.
        refused: profiles, and models, that give no figure for this work.
    """

    estimates: tuple[Estimate, ...]
    models: tuple[Estimate, ...]
    refused: tuple[Refused, ...]
    comparisons: tuple[AnnComparison, ...]
    latencies: tuple[Latency, ...]


def profiles_for(chosen: Sequence[str], *, shipped: bool = True) -> list[Profile]:
    """The profiles that were asked for, and with `shipped` all that come with the package; one of a name.

    Raises:
        ProfileError: one does not exist or breaks a rule.
    """
    own = {profile.name: profile for profile in map(load_profile, chosen)}
    others = {name: load_profile(name) for name in profile_names() if name not in own} if shipped else {}
    return [*own.values(), *others.values()]


def has_prices(profile: Profile) -> bool:
    """Whether the affine model has anything to say; cycles alone are only ever given by a user."""
    return bool(set(profile.prices) - {"cycle"})


def costs(
    graph: Graph, counts: Counts, profiles: Sequence[Profile], instructions: Mapping[str, Any] | None = None
) -> Costs:
    """Everything about these counts.

    Args:
        graph: the integer network's, to be placed where times depend on its cores.
        instructions: board -> instructions of one inference, as an export to C counted them.
    """
    estimates, refused = price_all(counts, [profile for profile in profiles if has_prices(profile)])
    models, silent = other_models(counts, profiles, instructions)
    compared = [profile for profile in profiles if profile.ann or has_prices(profile)]
    return Costs(
        estimates=estimates,
        models=models,
        refused=(*refused, *silent),
        comparisons=estimating.comparisons(counts, compared),
        latencies=estimating.latencies(graph, counts, profiles, models),
    )


def other_models(
    counts: Counts, profiles: Sequence[Profile], instructions: Mapping[str, Any] | None = None
) -> tuple[tuple[Estimate, ...], tuple[Refused, ...]]:
    """Estimates under all models but the affine one, with their first choices; where one gives none, every reason."""
    others: list[estimating.Choice] = [(model, {}) for model in MODELS.values() if model.name != AFFINE]
    found, refused = estimating.estimates(counts, profiles, others, instructions)
    said = {each.model for each in found}
    silent = {(each.model, each.reason): each for each in reversed(refused) if each.model not in said}
    return found, tuple(reversed(silent.values()))


def stopping_early(
    network: Deployment, kept: Kept, profiles: Sequence[Profile]
) -> tuple[activity.Early | None, tuple[Refused, ...]]:
    """Work and energy of inferences that stop early; profiles whose numbers do not hold there are refused."""
    early = activity.early(network, kept, ())
    if early is None:
        return None, ()
    estimates, refused = list[Estimate](), list[Refused]()
    for profile in profiles:
        try:
            found = activity.early(network, kept, [profile])
        except ProfileError as error:
            refused.append(Refused(profile, f"{error.key}: {error.reason}"))
        else:
            estimates += found.estimates if found is not None else ()
    return replace(early, estimates=tuple(estimates)), tuple(refused)
