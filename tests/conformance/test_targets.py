"""Every case on the simulator and on every runtime of every target: EXACT, or refused and listed in refusals.toml."""

import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent / "cases"))
import maps
import neurons
from case import Case

from neurodeploy.deployment import Deployment
from neurodeploy.errors import ToolchainMissingError, UnsupportedNodeError
from neurodeploy.graph import simulate
from neurodeploy.targets import Reference, Runtime, find, names, write_artefact
from neurodeploy.verify.compare import compare

CASES = [*neurons.CASES, *maps.CASES]
REFUSALS = tomllib.loads((Path(__file__).parent / "refusals.toml").read_text())
RUNTIMES = [(target, r) for target in names() for r in find(target).runtimes if r.reference is Reference.INTEGER]


def deployment(case: Case) -> Deployment:
    classes = tuple(str(n) for n in range(case.graph.shapes[case.graph.output.name][0]))
    return Deployment(case.integer, None, timesteps=len(case.spikes), classes=classes, name="case")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_simulator_gives_what_was_worked_out_by_hand(case: Case) -> None:
    trace = simulate(case.integer, case.frames)
    for name, expected in case.expect.items():
        for sample in (0, 2):
            np.testing.assert_array_equal(trace[name][:, sample].reshape(len(expected), -1), expected)


def _lava(runtime: Runtime) -> list[pytest.MarkDecorator]:
    return [pytest.mark.lava] if "lava" in runtime.name else []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize(
    ("target", "runtime"),
    [pytest.param(target, runtime, id=runtime.name, marks=_lava(runtime)) for target, runtime in RUNTIMES],
)
def test_a_target_computes_the_case_or_refuses_it_by_name(
    case: Case, target: str, runtime: Runtime, tmp_path: Path
) -> None:
    exporter, listed = find(target), REFUSALS.get(target, {})
    if case.name in listed:
        with pytest.raises(UnsupportedNodeError):
            write_artefact(exporter, deployment(case), tmp_path / "out")
        assert not (tmp_path / "out").exists()
        return
    artefact = write_artefact(exporter, deployment(case), tmp_path / "out")
    try:
        found = exporter.run(artefact, runtime, case.frames)
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))
    expected = simulate(case.integer, case.frames)
    assert compare(expected, found, expected.values).values > 0
    neurons_compared = {node.name for node in case.graph.nodes if node.states}
    assert neurons_compared <= set(found.values)


@pytest.mark.parametrize("target", names())
def test_every_listed_refusal_is_a_case(target: str) -> None:
    assert set(REFUSALS.get(target, {})) <= {case.name for case in CASES}
