"""A powercap tree, an NVML library and a clock that tests move by hand."""

import ctypes
from pathlib import Path
from types import SimpleNamespace
from typing import Any

RANGE_UJ = 262_143_328_850
NOT_SUPPORTED, NO_PERMISSION, GPU_IS_LOST, DRIVER_NOT_LOADED = 3, 4, 15, 9
TEXTS = {3: b"Not Supported", 4: b"Insufficient Permissions", 9: b"Driver Not Loaded", 15: b"GPU is lost"}


class Clock:
    """Seconds that pass only when something waits; what else happens while waiting is up to the test."""

    def __init__(self) -> None:
        self.now = 100.0
        self.meanwhile: list[Any] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        for change in self.meanwhile:
            change(seconds)


class Zone:
    """One folder of the tree."""

    def __init__(self, root: Path, folder: str, name: str, energy_uj: int = 1_000, range_uj: int = RANGE_UJ) -> None:
        self.folder, self.range_uj = root / folder, range_uj
        self.folder.mkdir(parents=True)
        (self.folder / "name").write_text(f"{name}\n")
        (self.folder / "max_energy_range_uj").write_text(f"{range_uj}\n")
        self.set(energy_uj)

    def set(self, energy_uj: int) -> None:
        """Whole, as the kernel does it: a thread may be reading."""
        new = self.folder / ".energy_uj"
        new.write_text(f"{energy_uj}\n")
        new.replace(self.folder / "energy_uj")

    def use(self, joules: float) -> None:
        """Count on, and start again at 0 beyond the range."""
        old = int((self.folder / "energy_uj").read_text())
        self.set((old + round(joules * 1e6)) % self.range_uj)


class Gpu:
    """One GPU of the library.

    Args:
        counts: whether it has an energy counter.
        errors: name of a function -> code that it returns for this GPU.
    """

    def __init__(self, name: str, counts: bool = True, errors: dict[str, int] | None = None) -> None:
        self.name, self.counts, self.errors = name, counts, errors or {}
        self.millijoules, self.milliwatts = 5_000, 0


def library(gpus: list[Gpu], init: int = 0, without: tuple[str, ...] = ()) -> SimpleNamespace:
    """The functions of NVML that are used, as ctypes would offer them."""

    def gpu_of(handle: ctypes.c_void_p) -> Gpu:
        return gpus[(handle.value or 0) - 1]

    def error_string(code: ctypes.c_int) -> bytes | None:
        return TEXTS.get(code.value)

    def count(found: Any) -> int:
        found._obj.value = len(gpus)
        return 0

    def handle(index: ctypes.c_uint, found: Any) -> int:
        found._obj.value = index.value + 1
        return gpus[index.value].errors.get("nvmlDeviceGetHandleByIndex_v2", 0)

    def name(device: ctypes.c_void_p, text: Any, length: ctypes.c_uint) -> int:
        text.value = gpu_of(device).name.encode()
        return 0

    def energy(device: ctypes.c_void_p, found: Any) -> int:
        gpu = gpu_of(device)
        found._obj.value = gpu.millijoules
        return gpu.errors.get("nvmlDeviceGetTotalEnergyConsumption", 0 if gpu.counts else NOT_SUPPORTED)

    def power(device: ctypes.c_void_p, found: Any) -> int:
        gpu = gpu_of(device)
        found._obj.value = gpu.milliwatts
        return gpu.errors.get("nvmlDeviceGetPowerUsage", 0)

    every = {
        "nvmlInit_v2": lambda: init,
        "nvmlErrorString": error_string,
        "nvmlDeviceGetCount_v2": count,
        "nvmlDeviceGetHandleByIndex_v2": handle,
        "nvmlDeviceGetName": name,
        "nvmlDeviceGetTotalEnergyConsumption": energy,
        "nvmlDeviceGetPowerUsage": power,
    }
    return SimpleNamespace(**{key: value for key, value in every.items() if key not in without})


def no_library(name: str) -> SimpleNamespace:
    raise OSError(f"{name}: cannot open shared object file")
