"""Fits of a deployment: memories that the user gives, and the bytes of generated C."""

import shutil
from collections.abc import Mapping

import pytest
from unit.placement.chips import dense_graph, map_graph

from neurodeploy import fitting
from neurodeploy.deployment import Deployment
from neurodeploy.errors import ArtefactError, ConfigError, ProfileError, UnsupportedNodeError
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.placement import Answer, Footprint, Problem, fit, read_network
from neurodeploy.profile import load_profile
from neurodeploy.targets import Artefact, Emitted, Exporter, Runtime
from neurodeploy.targets import names as target_names

HEADER = b"#define mine_STATE_BYTES  456u\n#define mine_CONST_BYTES 1234u\n#define mine_CONST_BYTES_2 9u\n"


def deployment(bits: int = 8) -> Deployment:
    return Deployment(IntGraph(dense_graph(bits=bits)), None, 4, ("a", "b", "c", "d", "e"), "mine")


class FakeC(Exporter):
    """Writes a header of known sizes, or refuses."""

    target = "c"
    runtimes: tuple[Runtime, ...] = ()

    def __init__(self, refuses: bool = False) -> None:
        self.refuses = refuses

    def emit(self, deployment: Deployment) -> Emitted:
        if self.refuses:
            raise UnsupportedNodeError(target="c", node="fc1", kind="Dense", reason="no place for it")
        return Emitted({"mine.h": HEADER, "mine.c": b""}, {"prefix": "mine"})

    def run(self, artefact: Artefact, runtime: Runtime, frames: object) -> object:
        raise NotImplementedError


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, object]:
    state: dict[str, object] = {"exporter": FakeC(), "code": 77}
    monkeypatch.setattr(fitting, "names", lambda: ("c",))
    monkeypatch.setattr(fitting, "find", lambda name: state["exporter"])
    monkeypatch.setattr(fitting, "code_bytes", lambda artefact: state["code"])
    return state


def test_bytes_come_from_the_generated_header_and_the_compiler(fake: dict[str, object]) -> None:
    network = read_network(deployment().integer.graph)
    found = fitting.footprint(deployment(), network)
    assert isinstance(found, Footprint)
    assert (found.constants, found.state, found.code, found.of) == (1234, 456, 77, network)
    assert "compiled for cortex-m4" in found.source
    fake["code"] = None
    bare = fitting.footprint(deployment(), network)
    assert isinstance(bare, Footprint)
    assert (bare.code, bare.source) == (None, "generated C")


def test_given_memories_count_for_microcontrollers_only(fake: dict[str, object]) -> None:
    profiles = [load_profile("cortex_m"), load_profile("loihi1")]
    given = fitting.memories(1311, 456, profiles)
    micro, loihi = fitting.fits(deployment(), profiles, given)
    assert (micro.answer, loihi.answer) == (Answer.FITS, Answer.FITS)
    assert micro.plan.totals["flash_bytes"].limit == 1311
    tight, _ = fitting.fits(deployment(), profiles, fitting.memories(1310, 456, profiles))
    assert [(v.limit, v.value, v.allowed) for v in tight.violations] == [("flash_bytes", 1311, 1310)]


def test_a_network_that_c_refuses_does_not_fit_and_says_why(fake: dict[str, object]) -> None:
    fake["exporter"] = FakeC(refuses=True)
    found = fitting.footprint(deployment(), read_network(deployment().integer.graph))
    assert isinstance(found, Problem)
    assert (found.node, "no place for it" in found.reason) == ("fc1", True)
    (answer,) = fitting.fits(deployment(), [load_profile("cortex_m4")])
    assert answer.answer is Answer.DOES_NOT_FIT


def test_without_a_c_exporter_the_bytes_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "names", lambda: ("loihi",))
    (found,) = fitting.fits(deployment(), [load_profile("cortex_m4")])
    assert found.answer is Answer.UNKNOWN
    assert "could not be had" in found.reasons[0]


def test_a_header_without_the_macro_is_an_error() -> None:
    assert fitting.header_bytes(HEADER.decode(), "mine_CONST_BYTES") == 1234
    with pytest.raises(ArtefactError, match="mine_FLASH_BYTES"):
        fitting.header_bytes(HEADER.decode(), "mine_FLASH_BYTES")


@pytest.mark.parametrize(("flash", "ram", "key"), [(0, None, "--flash"), (10, -1, "--ram")])
def test_sizes_are_positive(flash: int | None, ram: int | None, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        fitting.memories(flash, ram, [load_profile("cortex_m")])


def test_memories_need_a_profile_that_has_them() -> None:
    with pytest.raises(ConfigError, match="with a profile of a microcontroller only"):
        fitting.memories(None, 100, [load_profile("loihi1"), load_profile("cmos45")])
    assert fitting.memories(None, None, [load_profile("loihi1")]) == {}


def test_a_profile_without_placement_is_refused() -> None:
    with pytest.raises(ProfileError, match="cmos45"):
        fitting.fits(deployment(), [load_profile("cmos45")])


def real(graph: Graph) -> Footprint:
    """Bytes of the C that this installation generates, without compiling it."""
    if "c" not in target_names():
        pytest.skip("no C exporter in this installation")
    found = fitting.footprint(Deployment(IntGraph(graph), None, 4, ("a",) * 5, "mine"), read_network(graph))
    assert isinstance(found, Footprint)
    return found


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "code_bytes", lambda artefact: 1000)


def test_the_real_exporter_states_its_bytes(uncompiled: None) -> None:
    found = real(dense_graph())
    # 20 x 30 and 30 x 5 weights of one byte, outputs perhaps padded to eight; 35 neurons of four bytes and more
    assert 750 <= found.constants <= 750 + 8 * 50 + 500
    assert 35 * 4 <= found.state <= 4000


@pytest.mark.parametrize(("flash", "ram"), [(9_000, 100_000), (100_000, 14_000)])
def test_a_suggested_change_fits_when_its_c_is_generated(uncompiled: None, flash: int, ram: int) -> None:
    sizes = {"side": 16, "channels": 16, "classes": 5, "bits": 8}
    graph = map_graph(**sizes)
    given = {"flash_bytes": flash, "ram_bytes": ram}
    found = fit(read_network(graph), load_profile("cortex_m"), given=given, footprint=real(graph))
    assert found.answer is Answer.DOES_NOT_FIT
    keys = {"channels": "channels", "stride": "stride", "input": "side"}
    changes = [change for change in found.changes if change.kind in keys and change.layer in ("map", "x")]
    assert changes
    for change in changes:
        smaller = map_graph(**{**sizes, keys[change.kind]: change.new[0]})
        again = fit(read_network(smaller), load_profile("cortex_m"), given=given, footprint=real(smaller))
        assert again.answer is Answer.FITS, (change.text, again.plan.totals)


def test_code_is_measured_where_there_is_a_compiler() -> None:
    if shutil.which("arm-none-eabi-gcc") is None:
        pytest.skip("arm-none-eabi-gcc is not installed")
    code = real(dense_graph()).code
    assert code is not None
    assert 300 < code < 5000
