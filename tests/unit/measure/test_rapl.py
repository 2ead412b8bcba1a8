"""RAPL on a powercap tree made by hand: what is read, what is left out, what is refused."""

import os
from pathlib import Path
from unittest import mock

import pytest
from unit.measure.fake_meters import RANGE_UJ, Zone

from neurodeploy.measure.rapl import find_zones


def test_packages_and_their_memory_are_read_and_parts_of_packages_are_not(tmp_path: Path) -> None:
    for folder, name in (
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0:0", "core"),
        ("intel-rapl:0:1", "uncore"),
        ("intel-rapl:0:2", "dram"),
        ("intel-rapl:1", "package-1"),
        ("intel-rapl:1:0", "dram"),
        ("intel-rapl:2", "psys"),
        ("intel-rapl-mmio:0", "package-0"),
    ):
        Zone(tmp_path, folder, name)
    gauges, not_run = find_zones(tmp_path)
    names = ["RAPL package-0", "RAPL dram of package 0", "RAPL package-1", "RAPL dram of package 1"]
    assert [gauge.name for gauge in gauges] == names
    assert [gauge.boundary for gauge in gauges] == ["processor package", "memory"] * 2
    assert not_run == []


def test_energy_is_the_difference_of_the_counter_in_joules(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=7_000_000)
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    zone.use(2.5)
    gauge.sample(1.0)
    zone.use(0.25)
    gauge.sample(2.0)
    assert gauge.joules == pytest.approx(2.75)


def test_a_counter_that_starts_again_at_zero_is_followed(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=RANGE_UJ - 1_000_000)
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    zone.use(3.0)
    gauge.sample(1.0)
    assert gauge.joules == pytest.approx(3.0)


def test_several_wraps_are_followed_where_each_is_sampled(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=0, range_uj=1_000_000)
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    for now in range(10):
        zone.use(0.75)
        gauge.sample(float(now))
    assert gauge.joules == pytest.approx(7.5)


def test_a_wrap_without_a_range_is_an_error_and_no_guess(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=5_000)
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    (zone.folder / "max_energy_range_uj").unlink()
    zone.set(1_000)
    with pytest.raises(OSError, match="max_energy_range_uj cannot be read"):
        gauge.sample(1.0)


def test_a_counter_that_goes_back_by_more_than_its_range_is_an_error(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=5_000_000, range_uj=1_000_000)
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    zone.set(1)
    with pytest.raises(OSError, match="went back by more than its range"):
        gauge.sample(1.0)


def test_a_machine_without_powercap_is_not_run_with_the_path(tmp_path: Path) -> None:
    gauges, (missing,) = find_zones(tmp_path / "powercap")
    assert gauges == []
    assert missing.name == "RAPL"
    assert missing.reason == f"{tmp_path / 'powercap'} cannot be read (No such file or directory)"
    assert missing.hint


def test_a_tree_without_zones_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "dtpm").mkdir()
    gauges, (missing,) = find_zones(tmp_path)
    assert gauges == []
    assert "holds no intel-rapl zone" in missing.reason


def test_a_tree_with_other_zones_only_is_not_run(tmp_path: Path) -> None:
    Zone(tmp_path, "intel-rapl:0", "psys")
    gauges, (missing,) = find_zones(tmp_path)
    assert gauges == []
    assert missing.reason == "no zone is a package or memory"


def test_a_counter_that_only_root_may_read_is_not_run_with_advice(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0")
    Zone(tmp_path, "intel-rapl:1", "package-1")
    real = Path.read_text

    def refused(path: Path, *words: object, **named: object) -> str:
        if path == zone.folder / "energy_uj":
            raise PermissionError(13, os.strerror(13), str(path))
        return real(path, *words, **named)

    with mock.patch.object(Path, "read_text", refused):
        gauges, (missing,) = find_zones(tmp_path)
    assert [gauge.name for gauge in gauges] == ["RAPL package-1"]
    assert missing.name == "RAPL package-0"
    assert "energy_uj cannot be read (Permission denied)" in missing.reason
    assert "root" in missing.hint


def test_a_counter_that_is_no_number_is_not_run(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0")
    (zone.folder / "energy_uj").write_text("many\n")
    gauges, (missing,) = find_zones(tmp_path)
    assert gauges == []
    assert "holds 'many', wanted a whole number" in missing.reason


def test_a_zone_without_a_name_is_not_run(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0")
    (zone.folder / "name").unlink()
    gauges, (missing,) = find_zones(tmp_path)
    assert gauges == []
    assert missing.name == "RAPL intel-rapl:0"
    assert "its name cannot be read" in missing.reason


def test_a_counter_that_vanishes_is_an_error(tmp_path: Path) -> None:
    zone = Zone(tmp_path, "intel-rapl:0", "package-0")
    (gauge,), _ = find_zones(tmp_path)
    gauge.start(0.0)
    (zone.folder / "energy_uj").unlink()
    with pytest.raises(OSError, match="energy_uj cannot be read"):
        gauge.sample(1.0)
