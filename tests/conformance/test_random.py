"""Random valid networks on every target: written, read with other code, run, equal in every value."""

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, find, given, reject, settings

sys.path.insert(0, str(Path(__file__).parent))
from groups import is_slow
from shrinking import trials

from neurodeploy.conformance import ALL, Answer, Feature, RngChoose, Trial, check, draw_network, expressible
from neurodeploy.graph import IntGraph, simulate
from neurodeploy.graph.nodes import Cuba
from neurodeploy.targets import find as find_target
from neurodeploy.targets import names

NETWORKS = 40
"""For each target, beside the 160 of the command in test_targets.py."""

SETTINGS = settings(derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))

# beartype, which is on in tests, looks at a random element of each list
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")


@pytest.mark.parametrize("target", names())
def test_random_networks_are_equal_in_every_value(target: str, count: Callable[[str], None]) -> None:
    exporter = find_target(target)
    runtimes = [runtime for runtime in exporter.runtimes if not is_slow(runtime.name)]
    values = []

    @settings(SETTINGS, max_examples=NETWORKS)
    @given(trials(expressible(exporter)))
    def run(trial: Trial) -> None:
        with tempfile.TemporaryDirectory() as name:
            found = check(exporter, runtimes, trial, Path(name) / "out")
        if found[0].answer is Answer.REFUSED:
            reject()
        missing = [result.reason for result in found if result.answer is Answer.NOT_RUN]
        if missing:
            pytest.skip(missing[0])
        assert [result for result in found if result.answer.is_wrong] == []
        values.append(sum(result.values for result in found))

    run()
    count(f"{target}: {len(values)} random networks by hypothesis: {sum(values)} values equal")
    assert len(values) >= NETWORKS


def test_the_networks_reach_every_feature_and_most_of_them_spike() -> None:
    drawn = [draw_network(RngChoose(np.random.default_rng([0, n]))) for n in range(150)]
    assert frozenset().union(*(each.used for each in drawn)) == ALL
    rng, spiking, layers = np.random.default_rng(1), 0, 0
    for each in drawn:
        graph = each.network.graph
        trace = simulate(each.network, rng.integers(0, graph.input.high + 1, (6, 3, *graph.input.shape)))
        neurons = [node.name for node in graph.nodes if isinstance(node, Cuba)]
        spiking, layers = spiking + sum(bool(trace[name].any()) for name in neurons), layers + len(neurons)
    assert spiking > layers / 2


def test_a_network_that_fails_shrinks_to_a_small_one() -> None:
    def fires(trial: Trial) -> bool:
        return any(isinstance(n, Cuba) and trial.expected[n.name].any() for n in trial.network.graph.nodes)

    features = frozenset({Feature.MAPS, Feature.RECURRENCE, Feature.NEURON_BIAS})
    smallest = find(trials(features), fires, settings=settings(SETTINGS, max_examples=100))
    assert isinstance(smallest.network, IntGraph)
    assert len(smallest.network.graph.nodes) <= 3
    assert smallest.frames.shape[0] == 1
