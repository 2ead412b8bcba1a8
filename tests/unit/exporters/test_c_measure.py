"""Instructions and bytes of C: exact where the right number is known, and repeatable."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from c_stub import require_tools, spikes, stub

from neurodeploy.errors import ArtefactError, BoardTooSmallError
from neurodeploy.exporters._c_boards import BOARDS, BY_RUNTIME, Board
from neurodeploy.exporters._c_measure import BYTES, INSTRUCTIONS, count_instructions, measure, sizes

Rng = np.random.Generator
M0, M4, RV32 = (BY_RUNTIME[f"qemu-{name}"] for name in ("cortex-m0", "cortex-m4", "rv32"))
NOTHING = '__asm__ volatile(".rept %d\\n nop\\n .endr");'


@pytest.fixture(autouse=True)
def _tools() -> None:
    require_tools()


def named(board: Board) -> str:
    return board.name


@pytest.mark.parametrize("board", BOARDS, ids=named)
def test_two_hundred_more_instructions_are_counted_as_two_hundred(board: Board, rng: Rng, tmp_path: Path) -> None:
    frames = spikes(rng, samples=2)
    plain, longer = (count_instructions(stub(tmp_path / str(n), here=NOTHING % n), board, frames) for n in (100, 300))
    assert plain.shape == (2, 6)
    assert plain.min() > 110
    np.testing.assert_allclose(longer - plain, 200, atol=2)  # a tick is more than one instruction on some


@pytest.mark.parametrize("board", [M0, M4, RV32], ids=named)
def test_counts_are_the_same_each_time(board: Board, rng: Rng, tmp_path: Path) -> None:
    artefact, frames = stub(tmp_path / "stub"), spikes(rng)
    frames[:, -1] = frames[:, 0]
    first, again = (count_instructions(artefact, board, frames) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first[0], first[-1])


@pytest.mark.parametrize("board", [M4, RV32], ids=named)
def test_a_timestep_longer_than_the_clock_is_counted_whole(board: Board, rng: Rng, tmp_path: Path) -> None:
    """SysTick wraps after ten million instructions."""
    loop = '{ uint32_t i; for (i = 0; i < %du; i++) __asm__ volatile(""); }'
    counted = [
        int(count_instructions(stub(tmp_path / str(n), here=loop % n), board, np.zeros((1, 1, 4), np.uint8))[0, 0])
        for n in (1_000_000, 11_000_000)
    ]
    each = round((counted[1] - counted[0]) / 10_000_000)
    assert each in (2, 3)
    assert abs(counted[1] - counted[0] - each * 10_000_000) < 100


def test_sizes_are_those_of_the_network_alone(tmp_path: Path) -> None:
    plain = sizes(stub(tmp_path / "plain", here=NOTHING % 1000), M4)
    assert (plain.constants, plain.state) == (24, 28)
    more = sizes(
        stub(tmp_path / "more", here=NOTHING % 2000, more="extern const uint8_t w1[]; const uint8_t w1[500] = {1};"), M4
    )
    assert more.code - plain.code == 2000
    assert more.constants - plain.constants == 500


def test_every_board_that_the_network_fits_is_measured(rng: Rng, tmp_path: Path) -> None:
    large = "extern const uint8_t w0[]; const uint8_t w0[300000] = {1};"
    frames = spikes(rng, samples=11)
    artefact = stub(tmp_path / "stub", more=large)
    found = measure(artefact, frames)
    assert set(found[INSTRUCTIONS]) == set(found[BYTES]) == {board.name for board in BOARDS} - {"cortex-m0"}
    with pytest.raises(BoardTooSmallError):
        count_instructions(artefact, M0, frames)
    counted = count_instructions(artefact, M4, frames[:, :8])
    entry = found[INSTRUCTIONS]["cortex-m4"]
    assert (entry["samples"], entry["steps"]) == (8, 6)
    assert entry["inference"] == {"mean": round(counted.sum(1).mean()), "max": counted.sum(1).max()}
    assert entry["step"] == {"mean": round(counted.mean()), "max": counted.max()}
    assert found[BYTES]["cortex-m4"]["constants"] == 300_024
    assert not any(word in str(found).lower() for word in ("cycle", "energy", "joule"))


def test_nothing_is_measured_without_tools(rng: Rng, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert measure(stub(tmp_path / "stub"), spikes(rng)) == {}


def test_a_network_that_does_not_compile_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="arm-none-eabi-gcc refuses it: .*error"):
        sizes(stub(tmp_path / "stub", here="?"), M4)
