from importlib.metadata import requires
from pathlib import Path

import pytest

from neurodeploy.doctor import PARTS, examine


def row(name: str) -> dict:
    return next(part for part in examine()["parts"] if part["name"] == name)


def test_a_plain_installation_lacks_nothing() -> None:
    assert examine()["missing"] == []


def test_every_requirement_is_listed() -> None:
    wanted = {line.split(">")[0] for line in requires("neurodeploy") or [] if "extra" not in line}
    assert wanted == {part.name for part in PARTS if part.required}


def test_a_missing_part_says_what_it_would_enable_and_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NEURODEPLOY_LAVA_PYTHON", str(tmp_path / "absent"))
    lava = row("lava")
    assert lava["version"] is None
    assert "Loihi" in lava["enables"]
    assert "make lava" in lava["install"]
