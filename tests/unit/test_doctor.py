from importlib.metadata import requires
from pathlib import Path

import pytest

from neurodeploy import doctor
from neurodeploy.doctor import PARTS, examine
from neurodeploy.measure import find_gauges


def row(name: str) -> dict:
    return next(part for part in examine()["parts"] if part["name"] == name)


def test_a_plain_installation_lacks_nothing() -> None:
    assert examine()["missing"] == []


def test_every_requirement_is_listed() -> None:
    wanted = {line.split(">")[0] for line in requires("neurodeploy") or [] if "extra" not in line}
    assert wanted == {part.name for part in PARTS if part.required}


def test_compilers_and_emulators_are_listed_with_the_boards_that_need_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, boards, packages in (
        ("gcc", "host", "gcc libc6-dev"),
        ("arm-none-eabi-gcc", "cortex-m0, cortex-m3, cortex-m4", "gcc-arm-none-eabi qemu-system-arm"),
        ("qemu-system-riscv32", "rv32", "gcc-riscv64-unknown-elf qemu-system-misc"),
    ):
        part = row(name)
        assert part["version"] is None
        assert boards in part["enables"]
        assert packages in part["install"]
    script = tmp_path / "gcc"
    script.write_text("#!/bin/sh\necho 'gcc (Debian 12.2.0-14) 12.2.0'\n")
    script.chmod(0o755)
    assert row("gcc")["version"] == "12.2.0"


def test_a_missing_part_says_what_it_would_enable_and_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURODEPLOY_LAVA_PYTHON", str(tmp_path / "absent"))
    lava = row("lava")
    assert lava["version"] is None
    assert "Loihi" in lava["enables"]
    assert "make lava" in lava["install"]


def test_meters_of_energy_are_listed_readable_or_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    zone = tmp_path / "intel-rapl:0"
    zone.mkdir()
    for name, text in (("name", "package-0"), ("energy_uj", "7"), ("max_energy_range_uj", "9")):
        (zone / name).write_text(text)

    def absent(name: str) -> None:
        raise OSError(f"{name} is not here")

    monkeypatch.setattr(doctor, "find_gauges", lambda: find_gauges(tmp_path, absent))
    assert row("RAPL package-0")["version"] == "readable"
    assert row("NVML")["version"] is None
    assert "libnvidia-ml.so.1 is not here" in row("NVML")["install"]
