"""The integer rule: leads, what answers are read from, and exits that know nothing of what comes later."""

import numpy as np
import pytest

from neurodeploy.conformance import RngChoose, draw_network
from neurodeploy.early_exit import ExitRule, exits, margins, prefix_scores, probes, rule_work
from neurodeploy.errors import ConfigError, GraphError
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, predictions, simulate
from neurodeploy.graph.latency import longest_delay
from neurodeploy.graph.nodes import Cuba, Dense, Flatten, Input, Readout

STEPS, SAMPLES = 6, 12


def network(readout: bool, delay: int = 0) -> IntGraph:
    rng = np.random.default_rng(5)
    nodes = [
        Input("input", (), (6,)),
        Dense("fc1", (Ref("input"),), 2 * rng.integers(-30, 60, (8, 6))),
        Cuba("lif1", (Ref("fc1"),), 4096, 700, 90),
        Dense("fc2", (Ref("lif1", delay),), 2 * rng.integers(-40, 60, (4, 8))),
    ]
    last = Readout("answer", (Ref("fc2"),)) if readout else Cuba("answer", (Ref("fc2"),), 4096, 500, 60)
    return IntGraph(Graph((*nodes, last)))


def frames(samples: int = SAMPLES) -> np.ndarray:
    return np.random.default_rng(8).integers(0, 2, (STEPS, samples, 6)).astype(np.uint8)


def stopped(integer: IntGraph, rule: ExitRule, sample: np.ndarray) -> tuple[int, int]:
    """Timestep and answer of a loop that is fed one frame more only while the answer is not final."""
    for steps in range(1, len(sample) + 1):
        trace = simulate(integer, sample[:steps, None])
        output = trace[integer.graph.output.name][:, 0]
        scores = sorted((output.sum(0) if isinstance(integer.graph.output, Cuba) else output[-1]).tolist())
        if rule.is_final(scores[-1] - scores[-2], steps):
            break
    return steps, int(predictions(integer.graph, trace)[0])


@pytest.mark.parametrize("readout", [True, False])
@pytest.mark.parametrize("min_steps", [1, 3])
def test_exits_are_those_of_a_loop_that_really_stops(readout: bool, min_steps: int) -> None:
    integer, data = network(readout), frames()
    prefix = prefix_scores(integer.graph, simulate(integer, data))
    rule = ExitRule(int(np.median(margins(prefix))), min_steps)
    found = exits(rule, prefix)
    assert len(set(found.steps.tolist())) > 2
    for sample in range(SAMPLES):
        assert (found.steps[sample], found.answers[sample]) == stopped(integer, rule, data[:, sample])


def test_later_frames_change_no_earlier_exit() -> None:
    integer, data = network(True), frames()
    prefix = prefix_scores(integer.graph, simulate(integer, data))
    rule = ExitRule(int(np.median(margins(prefix))))
    before = exits(rule, prefix)
    for sample, steps in enumerate(before.steps):
        data[steps:, sample] = 1 - data[steps:, sample]
    after = exits(rule, prefix_scores(integer.graph, simulate(integer, data)))
    early = before.steps < STEPS
    assert early.any()
    np.testing.assert_array_equal(after.steps[early], before.steps[early])
    np.testing.assert_array_equal(after.answers, before.answers)


@pytest.mark.parametrize("readout", [True, False])
def test_the_last_answer_is_the_networks(readout: bool) -> None:
    integer = network(readout)
    trace = simulate(integer, frames())
    never = exits(ExitRule((1 << 24) - 1), prefix_scores(integer.graph, trace))
    assert (never.steps == STEPS).all()
    np.testing.assert_array_equal(never.answers, predictions(integer.graph, trace))


def test_a_margin_below_every_lead_lets_all_leave_at_the_first_allowed_timestep() -> None:
    integer = network(True)
    prefix = prefix_scores(integer.graph, simulate(integer, frames()))
    assert (exits(ExitRule(-1), prefix).steps == 1).all()
    assert (exits(ExitRule(-1, 4), prefix).steps == 4).all()
    assert (exits(ExitRule(-1, 99), prefix).steps == STEPS).all()


def test_a_lead_is_the_highest_less_the_second_highest() -> None:
    prefix = np.array([[[3, 9, 5], [9, 9, 1], [-4, -6, -9]]])
    assert margins(prefix).tolist() == [[4, 0, 2]]


def test_a_lead_equal_to_the_margin_is_not_enough() -> None:
    prefix = np.array([[[3, 9, 5], [2, 9, 3], [0, 9, 0]]])
    assert exits(ExitRule(4), prefix).steps.tolist() == [2]
    assert exits(ExitRule(5), prefix).steps.tolist() == [2]
    assert exits(ExitRule(6), prefix).steps.tolist() == [3]


def test_of_equal_scores_the_lowest_class_answers() -> None:
    assert exits(ExitRule(-1), np.array([[[2, 7, 7]]])).answers.tolist() == [1]


def test_spikes_are_counted_and_a_readout_adds_up_by_itself() -> None:
    output = np.array([[[1, 0]], [[1, 1]]])
    nodes = Input("input", (), (2,)), Dense("fc", (Ref("input"),), np.ones((2, 2), int))
    counted = Graph((*nodes, Cuba("answer", (Ref("fc"),), 4096, 0, 1)))
    summed = Graph((*nodes, Readout("answer", (Ref("fc"),))))
    assert prefix_scores(counted, Trace({"answer": output})).tolist() == [[[1, 0], [2, 1]]]
    assert prefix_scores(summed, Trace({"answer": output})).tolist() == [[[1, 0], [1, 1]]]


def test_random_networks_leave_as_a_loop_does() -> None:
    tried = 0
    for seed in range(10):
        drawn = draw_network(RngChoose(np.random.default_rng(seed))).network
        graph = drawn.graph
        rng = np.random.default_rng(seed)
        data = rng.integers(0, graph.input.high + 1, (4, 2, *graph.input.shape)).astype(np.uint8)
        try:
            prefix = prefix_scores(graph, simulate(drawn, data))
        except GraphError:
            continue
        tried += 1
        rule = ExitRule(int(np.median(margins(prefix))), 1 + seed % 3)
        found = exits(rule, prefix)
        for sample in range(2):
            assert (found.steps[sample], found.answers[sample]) == stopped(drawn, rule, data[:, sample])
    assert tried >= 3


@pytest.mark.parametrize("margin", [-2, 1 << 24])
def test_margins_out_of_range_are_refused(margin: int) -> None:
    with pytest.raises(ConfigError, match="margin"):
        ExitRule(margin)


def test_an_exit_before_the_first_timestep_is_refused() -> None:
    with pytest.raises(ConfigError, match="min_steps"):
        ExitRule(5, 0)


@pytest.mark.parametrize(
    "last",
    [
        (Dense("answer", (Ref("input"),), np.ones((3, 2), int)),),
        (Dense("fc", (Ref("input"),), np.ones((1, 2), int)), Readout("answer", (Ref("fc"),))),
    ],
)
def test_answers_without_a_lead_are_refused(last: tuple) -> None:
    graph = Graph((Input("input", (), (2,)), *last))
    with pytest.raises(GraphError, match="answer"):
        prefix_scores(graph, simulate(graph, np.ones((2, 1, 2))))


def test_maps_of_neurons_are_no_classes() -> None:
    graph = Graph((Input("input", (), (1, 2, 2)), Cuba("answer", (Ref("input"),), 4096, 0, 1)))
    with pytest.raises(GraphError, match="two or more classes"):
        prefix_scores(graph, simulate(graph, np.ones((2, 1, 1, 2, 2))))
    flat = Graph((*graph.nodes[:1], Flatten("flat", (Ref("input"),)), Cuba("answer", (Ref("flat"),), 4096, 0, 1)))
    assert prefix_scores(flat, simulate(flat, np.ones((2, 1, 1, 2, 2)))).shape == (1, 2, 4)


@pytest.mark.parametrize("rule", [ExitRule(100, 1), ExitRule(0, 3), ExitRule(-1, 2)])
def test_probes_lie_on_both_sides_of_every_limit(rule: ExitRule) -> None:
    asked = {(int(lead), int(steps)) for lead, steps in probes(rule)}
    assert (rule.margin + 1, rule.min_steps) in asked
    assert rule.margin < 0 or (rule.margin, rule.min_steps) in asked
    assert rule.min_steps == 1 or (rule.margin + 1, rule.min_steps - 1) in asked


def test_the_rule_takes_two_comparisons_a_class_at_most() -> None:
    assert rule_work(10).comparisons == 19
    assert rule_work(10).operations == 20


def test_before_the_longest_delay_no_lead_says_anything() -> None:
    late = network(True, delay=3)
    prefix = prefix_scores(late.graph, simulate(late, frames()))
    assert longest_delay(late.graph) == 3
    assert (margins(prefix)[:, :3] == 0).all()
    assert (exits(ExitRule(-1, longest_delay(late.graph) + 1), prefix).steps == 4).all()
