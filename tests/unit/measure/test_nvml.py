"""NVML on a library made by hand: counters, sampled power, and every way not to run."""

import pytest
from unit.measure.fake_meters import DRIVER_NOT_LOADED, GPU_IS_LOST, NO_PERMISSION, Gpu, library, no_library

from neurodeploy.measure.nvml import find_gpus

ENERGY = "nvmlDeviceGetTotalEnergyConsumption"


def test_a_gpu_with_a_counter_gives_the_difference_in_joules() -> None:
    gpu = Gpu("Model A")
    (gauge,), not_run = find_gpus(lambda _: library([gpu]))
    gauge.start(0.0)
    gpu.millijoules += 12_345
    gauge.sample(1.0)
    assert (gauge.name, gauge.method, gauge.boundary) == ("GPU 0 (Model A)", "energy counter", "GPU board")
    assert gauge.joules == pytest.approx(12.345)
    assert not_run == []


def test_a_gpu_without_a_counter_is_sampled_and_integrated_with_the_trapezoidal_rule() -> None:
    gpu = Gpu("Model B", counts=False)
    gpu.milliwatts = 10_000
    (gauge,), _ = find_gpus(lambda _: library([gpu]))
    gauge.start(100.0)
    gpu.milliwatts = 30_000
    gauge.sample(102.0)
    gauge.sample(103.0)
    assert gauge.method == "power samples"
    assert gauge.joules == pytest.approx((10 + 30) / 2 * 2 + 30)


def test_a_library_too_old_for_the_counter_is_sampled() -> None:
    (gauge,), _ = find_gpus(lambda _: library([Gpu("Model C")], without=(ENERGY,)))
    assert gauge.method == "power samples"


def test_every_gpu_is_a_meter_of_its_own() -> None:
    gauges, _ = find_gpus(lambda _: library([Gpu("A"), Gpu("B", counts=False)]))
    assert [gauge.name for gauge in gauges] == ["GPU 0 (A)", "GPU 1 (B)"]


def test_one_gpu_that_refuses_does_not_take_the_other_along() -> None:
    gpus = [Gpu("A", errors={ENERGY: NO_PERMISSION}), Gpu("B")]
    (gauge,), (missing,) = find_gpus(lambda _: library(gpus))
    assert gauge.name == "GPU 1 (B)"
    assert missing.name == "GPU 0 (A)"
    assert missing.reason == f"{ENERGY}: Insufficient Permissions (code 4)"


def test_a_gpu_with_neither_counter_nor_power_is_not_run() -> None:
    gpu = Gpu("A", counts=False, errors={"nvmlDeviceGetPowerUsage": 3})
    gauges, (missing,) = find_gpus(lambda _: library([gpu]))
    assert gauges == []
    assert missing.reason == "nvmlDeviceGetPowerUsage: Not Supported (code 3)"


def test_a_gpu_without_a_handle_is_not_run() -> None:
    gpu = Gpu("A", errors={"nvmlDeviceGetHandleByIndex_v2": GPU_IS_LOST})
    gauges, (missing,) = find_gpus(lambda _: library([gpu]))
    assert gauges == []
    assert (missing.name, missing.reason) == ("GPU 0", "nvmlDeviceGetHandleByIndex_v2: GPU is lost (code 15)")


def test_a_machine_without_the_library_is_not_run() -> None:
    gauges, (missing,) = find_gpus(no_library)
    assert gauges == []
    assert "libnvidia-ml.so.1 cannot be loaded" in missing.reason
    assert "driver" in missing.hint


def test_a_driver_that_is_not_loaded_is_not_run() -> None:
    _, (missing,) = find_gpus(lambda _: library([], init=DRIVER_NOT_LOADED))
    assert missing.reason == "nvmlInit_v2: Driver Not Loaded (code 9)"


def test_an_error_without_a_text_still_has_its_code() -> None:
    _, (missing,) = find_gpus(lambda _: library([], init=77))
    assert missing.reason == "nvmlInit_v2: unknown error (code 77)"
    _, (missing,) = find_gpus(lambda _: library([], init=9, without=("nvmlErrorString",)))
    assert missing.reason == "nvmlInit_v2: unknown error (code 9)"


def test_a_driver_without_a_gpu_is_not_run() -> None:
    _, (missing,) = find_gpus(lambda _: library([]))
    assert missing.reason == "the driver has no GPU"


def test_a_counter_that_goes_back_is_an_error() -> None:
    gpu = Gpu("A")
    (gauge,), _ = find_gpus(lambda _: library([gpu]))
    gauge.start(0.0)
    gpu.millijoules = 3
    with pytest.raises(OSError, match="went back from 5000 to 3 mJ"):
        gauge.sample(1.0)
