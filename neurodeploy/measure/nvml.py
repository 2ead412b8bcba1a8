"""Energy of NVIDIA GPUs, from the driver's own library (NVML), called with ctypes: no package is needed.

A GPU has a counter of the energy since its driver was loaded, in mJ. Where it has none, its power (mW) is sampled and
integrated with the trapezoidal rule.

Source: NVIDIA, NVML API reference: nvmlDeviceGetTotalEnergyConsumption, nvmlDeviceGetPowerUsage.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, Final, final

from neurodeploy.measure.gauge import Gauge, NotRun

LIBRARY: Final = "libnvidia-ml.so.1"
NAME: Final = "NVML"
NOT_SUPPORTED: Final = 3
NAME_LENGTH: Final = 96

Load = Callable[[str], Any]
"""Opens a library; `ctypes.CDLL`. Its functions have no types that Python could know, hence Any."""


@final
class NvmlError(OSError):
    """NVML refused a call."""

    def __init__(self, function: str, code: int, text: str) -> None:
        self.code = code
        super().__init__(f"{function}: {text} (code {code})")


@final
class Nvml:
    """The library, initialised; it stays so until the process ends: others in the process may rely on it."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._call("nvmlInit_v2")

    def count(self) -> int:
        """Number of GPUs."""
        found = ctypes.c_uint()
        self._call("nvmlDeviceGetCount_v2", ctypes.byref(found))
        return found.value

    def device(self, index: int) -> ctypes.c_void_p:
        """What the other functions call the GPU."""
        found = ctypes.c_void_p()
        self._call("nvmlDeviceGetHandleByIndex_v2", ctypes.c_uint(index), ctypes.byref(found))
        return found

    def name(self, device: ctypes.c_void_p) -> str:
        """Product name."""
        text = ctypes.create_string_buffer(NAME_LENGTH)
        self._call("nvmlDeviceGetName", device, text, ctypes.c_uint(NAME_LENGTH))
        return text.value.decode("utf-8", "replace")

    def millijoules(self, device: ctypes.c_void_p) -> int:
        """Energy since the driver was loaded."""
        found = ctypes.c_ulonglong()
        self._call("nvmlDeviceGetTotalEnergyConsumption", device, ctypes.byref(found))
        return found.value

    def milliwatts(self, device: ctypes.c_void_p) -> int:
        """Power now."""
        found = ctypes.c_uint()
        self._call("nvmlDeviceGetPowerUsage", device, ctypes.byref(found))
        return found.value

    def _call(self, name: str, *arguments: object) -> None:
        function = getattr(self._library, name, None)
        if function is None:
            raise NvmlError(name, NOT_SUPPORTED, "this version of the library has no such function")
        code = int(function(*arguments))
        if code:
            raise NvmlError(name, code, self._text(code))

    def _text(self, code: int) -> str:
        said = getattr(self._library, "nvmlErrorString", None)
        if said is None:
            return "unknown error"
        said.restype = ctypes.c_char_p
        text = said(ctypes.c_int(code))
        return text.decode("utf-8", "replace") if text else "unknown error"


@final
class EnergyCounter(Gauge):
    """A GPU that counts its energy."""

    method = "energy counter"
    boundary = "GPU board"

    def __init__(self, nvml: Nvml, device: ctypes.c_void_p, name: str) -> None:
        self._nvml, self._device, self.name = nvml, device, name
        self._first, self._last = 0, 0

    def start(self, now: float) -> None:
        self._first = self._last = self._nvml.millijoules(self._device)

    def sample(self, now: float) -> None:
        found = self._nvml.millijoules(self._device)
        if found < self._last:
            raise OSError(f"its counter went back from {self._last} to {found} mJ: was the driver loaded again?")
        self._last = found

    @property
    def joules(self) -> float:
        return (self._last - self._first) * 1e-3


@final
class PowerSamples(Gauge):
    """A GPU that only tells its power."""

    method = "power samples"
    boundary = "GPU board"

    def __init__(self, nvml: Nvml, device: ctypes.c_void_p, name: str) -> None:
        self._nvml, self._device, self.name = nvml, device, name
        self._when, self._watts, self._used = 0.0, 0.0, 0.0

    def start(self, now: float) -> None:
        self._when, self._watts, self._used = now, self._nvml.milliwatts(self._device) * 1e-3, 0.0

    def sample(self, now: float) -> None:
        watts = self._nvml.milliwatts(self._device) * 1e-3
        self._used += (self._watts + watts) / 2 * (now - self._when)
        self._when, self._watts = now, watts

    @property
    def joules(self) -> float:
        return self._used


def find_gpus(load: Load = ctypes.CDLL) -> tuple[list[Gauge], list[NotRun]]:
    """The GPUs that can be read, and why others, or all, cannot."""
    try:
        nvml = Nvml(load(LIBRARY))
        count = nvml.count()
    except NvmlError as error:
        return [], [NotRun(NAME, str(error))]
    except OSError as error:
        return [], [NotRun(NAME, f"{LIBRARY} cannot be loaded ({error})", "It comes with the driver of NVIDIA GPUs.")]
    if count == 0:
        return [], [NotRun(NAME, "the driver has no GPU")]
    found: list[Gauge] = []
    missing = []
    for index in range(count):
        gauge = _gpu(nvml, index)
        if isinstance(gauge, NotRun):
            missing.append(gauge)
        else:
            found.append(gauge)
    return found, missing


def _gpu(nvml: Nvml, index: int) -> Gauge | NotRun:
    name = f"GPU {index}"
    try:
        device = nvml.device(index)
        name += f" ({nvml.name(device)})"
        counter: Gauge = EnergyCounter(nvml, device, name)
        try:
            counter.start(0.0)
        except NvmlError as error:
            if error.code != NOT_SUPPORTED:
                raise
            counter = PowerSamples(nvml, device, name)
            counter.start(0.0)
    except NvmlError as error:
        return NotRun(name, str(error))
    return counter
