"""The meter on fake gauges: rest, runs, losses, and that nothing unmeasured has a number."""

import threading
from pathlib import Path

import pytest
from unit.measure.fake_meters import Clock, Gpu, Zone, library, no_library

from neurodeploy.errors import ConfigError
from neurodeploy.measure import Meter, find_gauges

SLOW = 3600.0
"""Seconds between readings: a thread that never gets to read, so that only the test moves anything."""


def meter(clock: Clock, powercap: Path, gpus: list[Gpu] | None = None, idle_s: float = 5.0) -> Meter:
    gauges, not_run = find_gauges(powercap, no_library if gpus is None else lambda _: library(gpus))
    return Meter(idle_s=idle_s, interval_s=SLOW, gauges=gauges, not_run=not_run, clock=clock, sleep=clock.sleep)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def package(tmp_path: Path) -> Zone:
    return Zone(tmp_path / "powercap", "intel-rapl:0", "package-0")


def work(clock: Clock, package: Zone, joules: float, seconds: float = 2.0) -> None:
    package.use(joules)
    clock.now += seconds


def test_rest_is_measured_before_and_its_share_is_taken_off(clock: Clock, package: Zone) -> None:
    clock.meanwhile.append(lambda seconds: package.use(4.0 * seconds))
    with meter(clock, package.folder.parent) as used:
        work(clock, package, 20.0)
    found = used.result().as_dict()
    (row,) = found["meters"]
    assert (found["status"], found["idle_s"]) == ("MEASURED", 5.0)
    assert row["idle_w"] == pytest.approx(4.0)
    assert row["energy_j"]["mean"] == pytest.approx(20.0)
    assert row["idle_j"]["mean"] == pytest.approx(8.0)
    assert row["above_idle_j"]["mean"] == pytest.approx(12.0)
    assert row["mean_w"]["mean"] == pytest.approx(10.0)
    assert found["wall_s"]["values"] == [2.0]


def test_without_rest_nothing_is_taken_off_and_that_is_said(clock: Clock, package: Zone) -> None:
    with meter(clock, package.folder.parent, idle_s=0) as used:
        work(clock, package, 20.0)
    (row,) = used.result().as_dict()["meters"]
    assert row["idle_w"] is row["idle_j"] is row["above_idle_j"] is None
    assert row["note"] == "power at rest not measured"


def test_less_than_at_rest_stays_negative_and_is_called_below_the_meter(clock: Clock, package: Zone) -> None:
    clock.meanwhile.append(lambda seconds: package.use(4.0 * seconds))
    with meter(clock, package.folder.parent) as used:
        work(clock, package, 7.0)
    (row,) = used.result().as_dict()["meters"]
    assert row["above_idle_j"]["mean"] == pytest.approx(-1.0)
    assert "below what this meter can tell" in row["note"]


def test_runs_have_a_spread_and_one_rest(clock: Clock, package: Zone) -> None:
    clock.meanwhile.append(lambda seconds: package.use(1.0 * seconds))
    used = meter(clock, package.folder.parent)
    for joules in (10.0, 12.0, 14.0):
        with used:
            work(clock, package, joules)
    energy = used.result().as_dict()["meters"][0]["energy_j"]
    assert energy["values"] == pytest.approx([10.0, 12.0, 14.0])
    assert (energy["mean"], energy["deviation"]) == pytest.approx((12.0, 2.0))
    assert clock.now == pytest.approx(100.0 + 5.0 + 3 * 2.0)


def test_one_run_has_no_deviation(clock: Clock, package: Zone) -> None:
    with meter(clock, package.folder.parent, idle_s=0) as used:
        work(clock, package, 1.0)
    assert used.result().as_dict()["meters"][0]["energy_j"]["deviation"] is None


def test_the_total_is_the_sum_of_the_meters(clock: Clock, package: Zone) -> None:
    gpu = Gpu("A")
    with meter(clock, package.folder.parent, [gpu], idle_s=0) as used:
        gpu.millijoules += 30_000
        work(clock, package, 20.0)
    found = used.result().as_dict()
    assert [row["energy_j"]["mean"] for row in found["meters"]] == pytest.approx([20.0, 30.0])
    assert found["total"]["energy_j"]["mean"] == pytest.approx(50.0)


def test_without_any_meter_only_the_time_is_known(clock: Clock, tmp_path: Path) -> None:
    with meter(clock, tmp_path / "powercap") as used:
        clock.now += 3.0
    found = used.result().as_dict()
    assert (found["status"], found["meters"], found["total"]) == ("NOT_RUN", [], None)
    assert [item["name"] for item in found["not_run"]] == ["RAPL", "NVML"]
    assert found["wall_s"]["mean"] == 3.0


def test_without_any_meter_nobody_waits_for_rest(clock: Clock, tmp_path: Path) -> None:
    with meter(clock, tmp_path / "powercap"):
        pass
    assert clock.now == 100.0


def test_a_meter_that_vanishes_has_no_number_and_the_others_go_on(clock: Clock, package: Zone) -> None:
    other = Zone(package.folder.parent, "intel-rapl:1", "package-1")
    with meter(clock, package.folder.parent, idle_s=0) as used:
        other.use(5.0)
        (other.folder / "energy_uj").unlink()
        work(clock, package, 20.0)
    found = used.result().as_dict()
    assert [row["name"] for row in found["meters"]] == ["RAPL package-0"]
    assert found["total"]["energy_j"]["mean"] == pytest.approx(20.0)
    lost = next(item for item in found["not_run"] if item["name"] == "RAPL package-1")
    assert lost["reason"].startswith("lost while measuring: ")


def test_a_meter_lost_in_a_later_run_loses_its_earlier_numbers_too(clock: Clock, package: Zone) -> None:
    gpu = Gpu("A")
    used = meter(clock, package.folder.parent, [gpu], idle_s=0)
    with used:
        gpu.millijoules += 1_000
        work(clock, package, 1.0)
    with used:
        gpu.errors["nvmlDeviceGetTotalEnergyConsumption"] = 15
        work(clock, package, 1.0)
    found = used.result().as_dict()
    assert [row["name"] for row in found["meters"]] == ["RAPL package-0"]
    assert len(found["meters"][0]["energy_j"]["values"]) == 2
    assert "GPU is lost" in found["not_run"][0]["reason"]


def test_a_meter_lost_at_rest_is_not_run(clock: Clock, package: Zone) -> None:
    clock.meanwhile.append(lambda _: (package.folder / "energy_uj").unlink())
    with meter(clock, package.folder.parent) as used:
        clock.now += 1.0
    found = used.result().as_dict()
    assert (found["status"], found["idle_s"]) == ("NOT_RUN", 0.0)


def test_a_counter_that_stands_still_is_no_measurement_of_zero(clock: Clock, package: Zone) -> None:
    with meter(clock, package.folder.parent, idle_s=0) as used:
        clock.now += 2.0
    found = used.result().as_dict()
    assert found["status"] == "NOT_RUN"
    assert "its reading did not move in 2 s" in found["not_run"][-1]["reason"]


def test_an_error_inside_passes_through_and_the_run_is_closed(clock: Clock, package: Zone) -> None:
    used = meter(clock, package.folder.parent, idle_s=0)
    package.use(1.0)
    with pytest.raises(RuntimeError, match="inside"), used:
        raise RuntimeError("inside")
    with used:
        work(clock, package, 1.0)
    assert len(used.result().runs) == 2


def test_no_thread_is_left_behind(clock: Clock, package: Zone) -> None:
    before = threading.active_count()
    with meter(clock, package.folder.parent, idle_s=0):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_the_thread_reads_between_start_and_end_so_that_no_wrap_is_missed(tmp_path: Path) -> None:
    """The counter wraps twice; without a reading in between only the rest of the last round would be seen."""
    zone = Zone(tmp_path, "intel-rapl:0", "package-0", energy_uj=0, range_uj=1_000_000)
    gauges, _ = find_gauges(tmp_path, no_library)
    sampled = threading.Event()
    real = gauges[0].sample
    gauges[0].sample = lambda now: (real(now), sampled.set())  # type: ignore[method-assign, func-returns-value]
    with Meter(idle_s=0, interval_s=0.001, gauges=gauges) as used:
        for _ in range(4):
            zone.use(0.75)
            sampled.clear()
            assert sampled.wait(10)
            sampled.clear()
            assert sampled.wait(10)
    assert used.result().runs[0].joules["RAPL package-0"] == pytest.approx(3.0)


def test_a_run_inside_a_run_is_refused(clock: Clock, package: Zone) -> None:
    used = meter(clock, package.folder.parent, idle_s=0)
    with used, pytest.raises(ConfigError, match="a run inside a run"):
        used.__enter__()


@pytest.mark.parametrize(("key", "value"), [("idle_s", -1.0), ("idle_s", float("nan")), ("interval_s", 0.0)])
def test_times_out_of_range_are_refused(key: str, value: float) -> None:
    with pytest.raises(ConfigError, match=key):
        Meter(gauges=[], **{key: value})


def test_this_machine_says_of_every_meter_what_it_is_or_why_not() -> None:
    gauges, not_run = find_gauges()
    assert len(gauges) + len(not_run) >= 2
    assert all(gauge.name and gauge.boundary and gauge.method for gauge in gauges)
    assert all(item.name and item.reason for item in not_run)
