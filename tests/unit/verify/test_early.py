"""Early exits in verdicts, with a target of our own whose faults are chosen."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import EarlyRun, ExitRule, Exits, exits, prefix_scores
from neurodeploy.errors import ArtefactError, GraphError
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import EXIT_RULE, Artefact, Emitted, Exporter, Runtime, write_artefact
from neurodeploy.verify import Status, Verdict, same_network, verify

RULE = ExitRule(1, 2)


class Early(Exporter):
    """Runs the reference itself; `fault` bends where samples leave."""

    target = "early"
    runtimes = (Runtime("early"),)
    has_exit = True

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def emit(self, deployment: Deployment) -> Emitted:
        return Emitted({"net.txt": b"net"})

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        return Trace({k: v for k, v in simulate(artefact.integer_graph(), frames).values.items() if "cuba" in k})

    def run_early(self, artefact: Artefact, runtime: Runtime, frames: Array, probes: Array) -> EarlyRun | None:
        if self.fault == "none":
            return None
        integer, rule = artefact.integer_graph(), artefact.exit_rule()
        assert rule is not None
        if self.fault in ("margin", "min_steps"):
            rule = replace(rule, **{self.fault: getattr(rule, self.fault) + 1})
        found = exits(RULE if self.fault else rule, prefix_scores(integer.graph, simulate(integer, frames)))
        steps, answers = found.steps.copy(), found.answers.copy()
        steps[-1] -= self.fault == "step"
        answers[-1] += self.fault == "answer"
        decided = np.array([rule.is_final(int(lead), int(when)) for lead, when in probes])
        return EarlyRun(Exits(steps, answers), decided)


class Plain(Early):
    target = "plain"
    has_exit = False


def network(rule: ExitRule | None = RULE) -> Deployment:
    nodes = (
        Input("input", (), (2,)),
        Dense("fc", (Ref("input"),), np.array([[100, 0], [0, 60]])),
        Cuba("cuba1", (Ref("fc"),), 4096, 0, 90),
    )
    return Deployment(IntGraph(Graph(nodes)), None, 6, ("a", "b"), "run", rule)


FRAMES = np.ones((6, 3, 2), np.uint8)
FRAMES[:, 1, 0] = 0


def verdict(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exporter: Exporter, rule: ExitRule | None) -> Verdict:
    monkeypatch.setattr("neurodeploy.verify.check.find", lambda name: exporter)
    (found,) = verify(write_artefact(exporter, network(rule), tmp_path / "out"), FRAMES, batch=2)
    return found


def test_exits_of_every_sample_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(tmp_path, monkeypatch, Early(), RULE)
    assert (found.status, found.exits) == (Status.EXACT, 3)
    assert "3 early exits" in str(found)
    assert found.as_dict()["exits"] == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("step", "early exit of the sample"),
        ("answer", "early answer of the sample"),
        ("margin", "early exit with a lead of 2"),
        ("min_steps", "early exit with a lead of"),
    ],
)
def test_another_exit_is_a_mismatch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, reason: str) -> None:
    found = verdict(tmp_path, monkeypatch, Early(fault), RULE)
    assert found.status is Status.MISMATCH
    assert reason in found.reason


def test_a_runtime_of_all_timesteps_proves_no_exit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(tmp_path, monkeypatch, Early("none"), RULE)
    assert (found.status, found.exits) == (Status.EXACT, 0)
    assert "early" not in str(found).removeprefix("early: early: ")


def test_without_a_rule_nobody_leaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdict(tmp_path, monkeypatch, Early("step"), None)
    assert (found.status, found.exits) == (Status.EXACT, 0)


def test_the_rule_lies_beside_the_reference_network(tmp_path: Path) -> None:
    artefact = write_artefact(Early(), network(), tmp_path / "out")
    assert artefact.exit_rule() == RULE
    assert EXIT_RULE in artefact.manifest["files"]
    assert write_artefact(Early(), network(None), tmp_path / "out").exit_rule() is None


def test_a_changed_rule_is_noticed_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neurodeploy.verify.check.find", lambda name: Early())
    artefact = write_artefact(Early(), network(), tmp_path / "out")
    path = tmp_path / "out" / EXIT_RULE
    path.write_text(path.read_text().replace('"margin": 1', '"margin": 2'))
    (found,) = verify(artefact, FRAMES)
    assert found.status is Status.MISMATCH
    assert EXIT_RULE in found.reason
    path.write_text("{}")
    with pytest.raises(ArtefactError, match="Export again"):
        artefact.exit_rule()


def test_a_target_without_exits_says_whose_task_it_is(tmp_path: Path) -> None:
    artefact = write_artefact(Plain(), network(), tmp_path / "out")
    assert artefact.exit_rule() is None
    (warning,) = artefact.manifest["notes"]["warnings"]
    assert "plain computes all timesteps" in warning
    assert "warnings" not in write_artefact(Plain(), network(None), tmp_path / "out").manifest["notes"]


def test_an_artefact_with_another_rule_is_not_the_runs(tmp_path: Path) -> None:
    artefact = write_artefact(Early(), network(), tmp_path / "out")
    assert same_network(artefact, network()).status is Status.EXACT
    other = same_network(artefact, network(ExitRule(2, 2)))
    assert other.status is Status.MISMATCH
    assert "another exit rule" in other.reason
    without = write_artefact(Early(), network(None), tmp_path / "without")
    assert same_network(without, network()).status is Status.EXACT


def test_a_rule_for_a_network_without_classes_is_refused() -> None:
    nodes = Input("input", (), (2,)), Dense("fc", (Ref("input"),), np.ones((1, 2), int))
    graph = IntGraph(Graph((*nodes, Cuba("cuba1", (Ref("fc"),), 4096, 0, 9))))
    with pytest.raises(GraphError, match="two or more classes"):
        Deployment(graph, None, 4, ("a",), exit_rule=RULE)
