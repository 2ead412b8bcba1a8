"""Energy counters of the processor (RAPL), as files of Linux's powercap.

A zone is a folder `intel-rapl:<package>` or `intel-rapl:<package>:<part>` with `name`, `energy_uj` (a counter in µJ)
and `max_energy_range_uj` (the counter starts again at 0 beyond it). Packages and their memory (dram) are read. Cores
and uncore are inside a package, psys contains packages, and intel-rapl-mmio repeats them: those would count twice.

Source: Linux kernel, Documentation/power/powercap/powercap.rst.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, final

from neurodeploy.measure.gauge import Gauge, NotRun

POWERCAP: Final = Path("/sys/class/powercap")
NAME: Final = "RAPL"
READABLE: Final = "Let an administrator make energy_uj readable, or run as root: most kernels let only root read it."


@final
class Zone(Gauge):
    """The counter of one zone."""

    method = "energy counter"

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, f"{NAME} {name}"
        self.boundary = "memory" if name.startswith("dram") else "processor package"
        self._last, self._used = 0, 0

    def start(self, now: float) -> None:
        self._last, self._used = _number(self.folder / "energy_uj"), 0

    def sample(self, now: float) -> None:
        found = _number(self.folder / "energy_uj")
        step = found - self._last
        if step < 0:
            step += _number(self.folder / "max_energy_range_uj")
        if step < 0:
            raise OSError(f"the counter went back by more than its range, from {self._last} to {found} µJ")
        self._last, self._used = found, self._used + step

    @property
    def joules(self) -> float:
        return self._used * 1e-6


def find_zones(root: Path = POWERCAP) -> tuple[list[Gauge], list[NotRun]]:
    """The zones that can be read, and why others cannot."""
    try:
        folders = sorted(item for item in root.iterdir() if item.name.startswith("intel-rapl:"))
    except OSError as error:
        hint = "Linux offers it for Intel and AMD processors, but not inside most virtual machines and containers."
        return [], [NotRun(NAME, f"{root} cannot be read ({_why(error)})", hint)]
    if not folders:
        return [], [NotRun(NAME, f"{root} holds no intel-rapl zone", "Is the kernel module intel_rapl_msr loaded?")]
    return _readable(folders)


def _readable(folders: Sequence[Path]) -> tuple[list[Gauge], list[NotRun]]:
    found: list[Gauge] = []
    missing = []
    for folder in folders:
        try:
            name = (folder / "name").read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            missing.append(NotRun(f"{NAME} {folder.name}", f"its name cannot be read ({error})"))
            continue
        if not name.startswith(("package", "dram")):
            continue
        zone = Zone(folder, _full(folder, name))
        try:
            zone.start(0.0)
            found.append(zone)
        except OSError as error:
            missing.append(NotRun(zone.name, str(error), READABLE if isinstance(error, PermissionError) else ""))
    if not found and not missing:
        missing.append(NotRun(NAME, "no zone is a package or memory"))
    return found, missing


def _full(folder: Path, name: str) -> str:
    """A name that is no other zone's: every package's memory is called dram."""
    return name if name.startswith("package") else f"{name} of package {folder.name.split(':')[1]}"


def _number(path: Path) -> int:
    try:
        text = path.read_text(encoding="ascii").strip()
    except PermissionError as error:
        raise PermissionError(f"{path} cannot be read ({_why(error)})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise OSError(f"{path} cannot be read ({_why(error)})") from error
    if not text.isdecimal():
        raise OSError(f"{path} holds {text[:40]!r}, wanted a whole number")
    return int(text)


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
