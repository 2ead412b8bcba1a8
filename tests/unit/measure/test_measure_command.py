"""Commands measured: how they run, what they return, and how they fail."""

import sys
from pathlib import Path

import pytest
from unit.measure.fake_meters import Zone, no_library

from neurodeploy.errors import ConfigError
from neurodeploy.measure import Meter, find_gauges, run_command

PYTHON = sys.executable


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path / "powercap", "intel-rapl:0", "package-0", energy_uj=0)


def measured(zone: Zone) -> Meter:
    gauges, not_run = find_gauges(zone.folder.parent, no_library)
    return Meter(idle_s=0, gauges=gauges, not_run=not_run)


def counting(zone: Zone, code: int = 0) -> list[str]:
    """A program that uses 3 J; the counter's file is never half written, as a thread reads it."""
    new, counter = str(zone.folder / "new"), str(zone.folder / "energy_uj")
    read = f"import os; n = int(open({counter!r}).read()) + 3000000"
    write = f"f = open({new!r}, 'w'); f.write(str(n)); f.close(); os.replace({new!r}, {counter!r})"
    return [PYTHON, "-c", f"{read}; {write}; raise SystemExit({code})"]


def test_every_run_of_a_command_is_measured(zone: Zone) -> None:
    found = run_command(counting(zone), repeats=3, meter=measured(zone))
    assert found["exit_codes"] == [0, 0, 0]
    assert found["meters"][0]["energy_j"]["values"] == pytest.approx([3.0, 3.0, 3.0])
    assert found["wall_s"]["least"] > 0


def test_a_run_that_fails_is_the_last_and_is_measured(zone: Zone) -> None:
    found = run_command(counting(zone, code=7), repeats=3, meter=measured(zone))
    assert (found["exit_code"], found["exit_codes"]) == (7, [7])
    assert found["meters"][0]["energy_j"]["values"] == pytest.approx([3.0])


def test_a_command_ended_by_a_signal_has_the_code_of_a_shell(zone: Zone) -> None:
    text = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"
    assert run_command([PYTHON, "-c", text], meter=measured(zone))["exit_code"] == 128 + 15


def test_a_quiet_command_writes_to_stderr(zone: Zone, capfd: pytest.CaptureFixture[str]) -> None:
    run_command([PYTHON, "-c", "print('words')"], quiet=True, meter=measured(zone))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "words\n")


def test_a_command_that_does_not_exist_is_refused_before_any_rest() -> None:
    with pytest.raises(ConfigError, match="'no-such-program'"):
        run_command(["no-such-program"], idle_s=600.0)


def test_no_command_and_no_runs_are_refused() -> None:
    with pytest.raises(ConfigError, match="COMMAND"):
        run_command([])
    with pytest.raises(ConfigError, match="repeats"):
        run_command(["true"], repeats=0)


def test_a_file_that_is_no_program_is_refused(tmp_path: Path, zone: Zone) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"\x7fELF nothing")
    path.chmod(0o755)
    with pytest.raises(ConfigError, match="broken"):
        run_command([str(path)], meter=measured(zone))
