"""Work of samples that stop early: counted up to each exit, equal to runs that really stop there."""

import numpy as np
import pytest

from neurodeploy.early_exit import ExitRule, exits, margins, prefix_scores
from neurodeploy.energy import Counts, count
from neurodeploy.energy.early import count_early, price_early
from neurodeploy.energy.node_counts import Uses
from neurodeploy.fast import Simulator
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.profile import load_profile
from neurodeploy.profile.quantity import WORK

STEPS, SAMPLES = 6, 14


def network(delay: int = 0) -> IntGraph:
    rng = np.random.default_rng(3)
    nodes = (
        Input("input", (), (2, 5, 5)),
        Conv2d("conv", (Ref("input"),), 2 * rng.integers(-30, 50, (3, 2, 3, 3))),
        Cuba("lif", (Ref("conv"),), 4096, 600, 140, bias=np.array([3, -5, 9])),
        Flatten("flat", (Ref("lif"),)),
        Dense("fc", (Ref("flat", delay),), 2 * rng.integers(-40, 60, (4, 27))),
        Readout("answer", (Ref("fc"),)),
    )
    return IntGraph(Graph(nodes))


def case(delay: int = 0) -> tuple[IntGraph, np.ndarray, Trace, ExitRule]:
    integer = network(delay)
    frames = (np.random.default_rng(4).random((STEPS, SAMPLES, 2, 5, 5)) < 0.2).astype(np.uint8)
    trace = Simulator(integer).trace(frames)
    lead = margins(prefix_scores(integer.graph, trace))
    return integer, frames, trace, ExitRule(int(np.median(lead)), 1 + delay)


def operations(counts: Counts) -> int:
    return sum((counts.total(kind) for kind in ("accumulate", "multiply_accumulate")), Uses()).stored


@pytest.mark.parametrize("delay", [0, 2])
def test_counts_are_those_of_runs_that_really_stop(delay: int) -> None:
    integer, frames, trace, rule = case(delay)
    left = exits(rule, prefix_scores(integer.graph, trace)).steps
    assert len(set(left.tolist())) > 2
    alone = [count(integer, simulate(integer, frames[:steps, [n]])) for n, steps in enumerate(left)]
    found = count_early(integer, trace, rule)
    assert found.samples == SAMPLES
    assert found.steps == pytest.approx(left.mean())
    for kind in WORK:
        assert found.total(kind) == sum((one.total(kind) for one in alone), Uses())
    for node in found.nodes:
        assert node.values_in == sum(one[node.name].values_in for one in alone)
        assert node.values_out == sum(one[node.name].values_out for one in alone)
        assert node.active_updates == sum(one[node.name].active_updates for one in alone)


def test_an_exit_never_adds_work() -> None:
    integer, _, trace, _ = case()
    full = count(integer, trace)
    lead = margins(prefix_scores(integer.graph, trace))
    before = 0
    for margin in [-1, *np.quantile(lead, [0.2, 0.5, 0.8]).astype(int).tolist(), 1 << 23]:
        found = operations(count_early(integer, trace, ExitRule(margin)))
        assert before <= found <= operations(full)
        before = found
    assert before == operations(full)


def test_a_rule_that_never_fires_counts_everything() -> None:
    integer, _, trace, _ = case()
    never, full = count_early(integer, trace, ExitRule(1 << 23)), count(integer, trace)
    assert never.steps == STEPS
    assert type(never.steps) is int
    assert all(never.total(kind) == full.total(kind) for kind in WORK)


def test_estimates_are_of_the_mean_time_and_name_the_rule_as_not_priced() -> None:
    integer, _, trace, rule = case()
    counts = count_early(integer, trace, rule)
    (found,) = price_early(counts, 4, [load_profile("loihi1")])
    assert found.profile.name == "loihi1, early exit"
    assert found.duration_s == pytest.approx(counts.steps * integer.graph.timestep_us * 1e-6)
    first = found.not_covered[0]
    assert first.term == "early_exit_rule"
    assert first.amount == pytest.approx((7 + 1) * counts.steps)
    assert "7 comparisons and 1 subtraction" in first.reason
