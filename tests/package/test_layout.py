import ast
import pkgutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from built_copy import ROOT, build_wheel

import neurodeploy

# package -> packages it may import besides itself; errors.py and files.py are free for all
ALLOWED = {
    "errors": set(),
    "files": set(),
    "python_file": set(),
    "graph": set(),
    "config": set(),
    "deployment": {"graph", "early_exit"},
    "early_exit": {"graph"},
    "targets": {"graph", "deployment", "early_exit"},
    "profile": set(),
    "quantize": {"graph"},
    "data": set(),
    "train": {"graph", "quantize", "data", "deployment", "config", "fast", "python_file"},
    "energy": {"graph", "profile", "early_exit", "fast"},
    "fast": {"graph"},
    "measure": set(),
    "importers": {"graph", "exporters", "nirfile", "python_file"},
    "nirfile": {"graph"},
    "placement": {"graph", "profile"},
    "conformance": {"graph", "targets", "deployment", "verify"},
    "verify": {"graph", "targets", "deployment", "fast", "early_exit"},
    "report": {"graph", "energy", "placement", "profile", "verify"},
    "exporters": {"graph", "targets", "deployment", "nirfile", "early_exit"},
    "hw_profiles": set(),
}
FREE = {"errors", "files"}
TOP = {
    "api",
    "bench",
    "cli",
    "compressing",
    "condensing",
    "costs",
    "doctor",
    "evaluation",
    "exiting",
    "fitting",
    "import_folder",
    "importing",
    "pruning",
    "runs",
    "sensitivity",
    "subject",
    "tuning",
    "__main__",
    "__init__",
}


def _modules() -> list[Path]:
    return [p for folder in ("neurodeploy", "exporters", "hw_profiles") for p in sorted((ROOT / folder).rglob("*.py"))]


def _part(path: Path) -> str:
    parts = path.relative_to(ROOT).parts
    return parts[0] if parts[0] != "neurodeploy" else parts[1].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def violations(path: Path, part: str) -> list[str]:
    bad = []
    for name in _imports(path):
        words = name.split(".")
        if words[0] == "torch" and part not in {"train", "importers"}:
            bad.append(f"{path}: imports torch")
        if words[0] == "neurodeploy" and part not in TOP and len(words) > 1:
            allowed = ALLOWED[part] | FREE | {part}
            if words[1] not in allowed:
                bad.append(f"{path}: {part} imports {words[1]}")
    return bad


def test_imports_point_in_the_agreed_direction() -> None:
    assert [text for path in _modules() for text in violations(path, _part(path))] == []


def test_a_core_file_that_imports_an_exporter_is_noticed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from neurodeploy.exporters import loihi\nimport torch\n")
    assert len(violations(bad, "graph")) == 2


def test_no_second_folder_of_exporters() -> None:
    assert not (ROOT / "neurodeploy" / "exporters").exists()
    assert not (ROOT / "neurodeploy" / "hw_profiles").exists()


def test_every_package_is_listed_for_the_wheel() -> None:
    packages = {m.name for m in pkgutil.walk_packages(neurodeploy.__path__, "neurodeploy.") if m.ispkg}
    listed = (ROOT / "pyproject.toml").read_text()
    assert all(f'"{name}"' in listed for name in packages)


@pytest.mark.slow
def test_the_wheel_holds_exactly_the_tracked_package_files(tmp_path: Path) -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    folders = {"neurodeploy/": "neurodeploy/", "exporters/": "neurodeploy/exporters/"}
    folders["hw_profiles/"] = "neurodeploy/hw_profiles/"
    expected = {
        new + name.removeprefix(old) for name in tracked for old, new in folders.items() if name.startswith(old)
    }
    found = {name for name in zipfile.ZipFile(build_wheel(tmp_path)).namelist() if ".dist-info/" not in name}
    assert found == expected
