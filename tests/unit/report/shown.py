"""A small network with everything that a report says about it, for the tests of reports."""

from dataclasses import replace
from functools import cache

import numpy as np

from neurodeploy.energy import Counts, count
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.profile import OperatingPoint, Profile, load_profile, profile_names
from neurodeploy.report import ReportData
from neurodeploy.report.points import RunPoint, work_of
from neurodeploy.runs.energy import costs, has_prices

HOSTILE = '<script>alert("x")</script> & $\\frac{ =1+1 {{ 7*7 }}'


def network() -> IntGraph:
    nodes = (
        Input("x", (), (2, 6, 6)),
        Conv2d("conv", (Ref("x"),), np.full((4, 2, 3, 3), 30), padding=(1, 1), stride=(2, 2)),
        Cuba("cuba", (Ref("conv"),), 4096, 1024, 50),
        Flatten("flatten", (Ref("cuba"),)),
        Dense("dense", (Ref("flatten"),), np.arange(108).reshape(3, 36) - 50),
        Readout("out", (Ref("dense"),)),
    )
    return IntGraph(Graph(nodes, timestep_us=1000.0))


@cache
def counted() -> Counts:
    graph, rng = network(), np.random.default_rng(5)
    return count(graph, simulate(graph, rng.integers(0, 2, (4, 2, 2, 6, 6))))


def all_in(profile: Profile, rate: float = 1e30) -> Profile:
    """The profile with an all-in price far away from the rate of any network."""
    quantity = replace(profile.prices["accumulate"], scope="all_in", at=OperatingPoint(rate, 0.1))
    return replace(profile, name="far", prices={"accumulate": quantity}, static=None)


def point(name: str, accuracy: float | None, counts: Counts, profiles: list[Profile]) -> RunPoint:
    found = costs(network().graph, counts, [profile for profile in profiles if has_prices(profile)])
    refused = tuple(each for each in found.refused if each.model == "affine")
    return RunPoint(
        name, "", "digits", accuracy, 10, work_of(counts, "test split"), found.estimates, refused, found.latencies
    )


@cache
def everything() -> ReportData:
    """All shipped profiles, one that is refused, all models, two runs and one that failed."""
    counts = counted()
    profiles = [load_profile(name) for name in profile_names()]
    profiles.append(all_in(load_profile("truenorth")))
    found = costs(network().graph, counts, profiles)
    compared = [load_profile("loihi1"), load_profile("truenorth"), all_in(load_profile("truenorth"))]
    half = replace(counts, steps=counts.steps / 2)
    return ReportData(
        title="digits-0001",
        summary={},
        config={},
        counts=counts,
        estimates=found.estimates,
        energy_source="test split of digits",
        environment={"neurodeploy": "1.2.3"},
        refused=found.refused,
        models=found.models,
        comparisons=found.comparisons,
        latencies=found.latencies,
        points=(
            point("digits-0001", 0.9, counts, compared),
            point("digits-0002", 0.95, half, compared),
            RunPoint("digits-0003", error="runs/digits-0003: there is no checkpoint."),
        ),
        accuracy=0.9,
    )
