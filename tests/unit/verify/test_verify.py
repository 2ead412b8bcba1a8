"""verify() with a target of our own, whose faults are chosen."""

from pathlib import Path

import numpy as np
import pytest

from neurodeploy import targets
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, BoardTooSmallError, ConfigError, DataError, ToolchainMissingError
from neurodeploy.graph import Graph, IntGraph, Ref, Trace, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.graph.numeric import Array
from neurodeploy.targets import Artefact, Emitted, Exporter, Runtime, write_artefact
from neurodeploy.verify import Status, same_network, verify


class Echo(Exporter):
    """Runs the reference itself; `fault` bends what comes back."""

    target = "echo"
    runtimes = (Runtime("echo"),)

    def __init__(self, fault: str = "") -> None:
        self.fault = fault

    def emit(self, deployment: Deployment) -> Emitted:
        return Emitted({"net.txt": b"net"})

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        if self.fault == "missing":
            raise ToolchainMissingError(tool="echo", install="pip install echo")
        if self.fault == "too large":
            raise BoardTooSmallError(board="tiny", memory="RAM of 16 bytes", reason="2 bytes too many")
        if self.fault == "unreadable":
            raise ArtefactError(path="net.txt", reason="no net")
        values = {k: v for k, v in simulate(artefact.integer_graph(), frames).values.items() if "cuba" in k}
        if self.fault == "late":
            values = {k: np.roll(v, 1, axis=0) for k, v in values.items()}
        if self.fault == "hides":
            values = {k: v for k, v in values.items() if not k.startswith("cuba2")}
        if self.fault == "spikes-only":
            values = {k: v for k, v in values.items() if "." not in k}
        return Trace(values)


def network(threshold: int = 80, timesteps: int = 4) -> Deployment:
    nodes = (
        Input("input", (), (2,)),
        Dense("fc1", (Ref("input"),), np.array([[100, 0], [0, 60]])),
        Cuba("cuba1", (Ref("fc1"),), 4096, 0, threshold),
        Dense("fc2", (Ref("cuba1"),), np.array([[90, 90]])),
        Cuba("cuba2", (Ref("fc2"),), 4096, 0, threshold),
    )
    return Deployment(IntGraph(Graph(nodes)), None, timesteps, ("a",))


FRAMES = np.ones((4, 3, 2), np.uint8)


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str = "", frames: np.ndarray = FRAMES, **settings):
    exporter = Echo(fault)
    monkeypatch.setattr("neurodeploy.verify.check.find", lambda name: exporter)
    artefact = write_artefact(exporter, network(), tmp_path / "out")
    return verify(artefact, frames, **settings)


def test_exact_says_what_was_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (verdict,) = run(tmp_path, monkeypatch, batch=2)
    assert verdict.status is Status.EXACT
    assert (verdict.samples, verdict.steps, verdict.layers) == (3, 4, 2)
    assert verdict.values == 3 * 4 * 3 * 3
    assert verdict.spikes == int(sum(simulate(network().integer, FRAMES)[name].sum() for name in ("cuba1", "cuba2")))


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("late", Status.MISMATCH, "timestep 0"),
        ("unreadable", Status.MISMATCH, "no net"),
        ("missing", Status.NOT_RUN, "pip install echo"),
        ("too large", Status.NOT_RUN, "it does not fit tiny: RAM of 16 bytes: 2 bytes too many"),
        ("hides", Status.NOT_PROVEN, "not compared: cuba2"),
    ],
)
def test_faults_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, status: Status, reason: str
) -> None:
    (verdict,) = run(tmp_path, monkeypatch, fault)
    assert verdict.status is status
    assert reason in verdict.reason


def test_a_target_measures_nothing_unless_it_says_so(tmp_path: Path) -> None:
    artefact = write_artefact(Echo(), network(), tmp_path / "out")
    assert Echo().measure(artefact, np.zeros((4, 1, 3), np.uint8)) == {}


def test_states_that_a_runtime_hides_are_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (verdict,) = run(tmp_path, monkeypatch, "spikes-only")
    assert verdict.status is Status.EXACT
    assert set(verdict.not_exposed) == {"cuba1.current", "cuba1.voltage", "cuba2.current", "cuba2.voltage"}


def test_silence_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (verdict,) = run(tmp_path, monkeypatch, frames=np.zeros_like(FRAMES))
    assert verdict.status is Status.NOT_PROVEN
    assert "never spiked on this data: cuba1, cuba2" in verdict.reason


def test_a_changed_file_is_red_even_if_it_still_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exporter = Echo()
    monkeypatch.setattr("neurodeploy.verify.check.find", lambda name: exporter)
    artefact = write_artefact(exporter, network(), tmp_path / "out")
    (tmp_path / "out" / "net.txt").write_bytes(b"nex")
    files, echo = verify(artefact, FRAMES)
    assert files.status is Status.MISMATCH
    assert "net.txt" in files.reason
    assert echo.status is Status.EXACT
    (tmp_path / "out" / "reference" / "integer.npz").write_bytes(b"")
    (only,) = verify(artefact, FRAMES)
    assert "reference/integer.npz" in only.reason


def test_unknown_runtimes_and_frames_that_do_not_fit_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="allowed: echo"):
        run(tmp_path, monkeypatch, runtimes=["other"])
    with pytest.raises(DataError, match="frames"):
        run(tmp_path, monkeypatch, frames=np.ones((4, 3, 5), np.uint8))


def test_frames_must_have_the_timesteps_of_the_artefact(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="4 timesteps"):
        run(tmp_path, monkeypatch, frames=np.ones((5, 3, 2), np.uint8))


def test_an_artefact_of_another_network_is_noticed(tmp_path: Path) -> None:
    artefact = write_artefact(Echo(), network(), tmp_path / "out")
    assert same_network(artefact, network()).status is Status.EXACT
    assert same_network(artefact, network(threshold=81)).status is Status.MISMATCH
    assert same_network(artefact, network(timesteps=5)).status is Status.MISMATCH


def test_an_unknown_target_lists_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="Did you mean 'loihi'"):
        targets.find("loihy")
