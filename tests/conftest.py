"""Fixtures for every test: seeded randomness, and the real recordings when they are at hand."""

import importlib.util
import os
from pathlib import Path

# before numpy and torch are loaded, as the command line does it
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20261121)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of real recordings; NEURODEPLOY_DATA overrides the place beside the checkout."""
    folder = Path(os.environ.get("NEURODEPLOY_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real recordings: {folder} is absent (set NEURODEPLOY_DATA)")
    return folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a GPU where there is none; unlike a skip, that is no failure under NEURODEPLOY_STRICT."""
    asked = [item for item in items if item.get_closest_marker("cuda")]
    if asked and not _has_gpu():
        config.hook.pytest_deselected(items=asked)
        items[:] = [item for item in items if item not in set(asked)]


def _has_gpu() -> bool:
    if os.environ.get("TRITON_INTERPRET") == "1":
        return importlib.util.find_spec("triton") is not None
    import torch  # here: most runs of a few tests do without it

    return torch.cuda.is_available()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):  # pytest's own generator
    """With NEURODEPLOY_STRICT set (CI), a skipped test is a failed one: nothing may be left out there.

    A strict xfail is no skip: it ran, and failed as upstream's fault makes it.
    """
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("NEURODEPLOY_STRICT"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report
