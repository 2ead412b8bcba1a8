"""NVML called through ctypes in a compiled library: that arguments arrive as C wants them."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import pytest

from neurodeploy.measure.nvml import LIBRARY, find_gpus

SOURCE = r"""
#include <string.h>
typedef struct { unsigned long long energy; unsigned int power; const char *name; int counts; } device;
static device devices[2] = {{5000000000000ULL, 0, "Model A", 1}, {0, 70000, "Model B", 0}};
int nvmlInit_v2(void) { return 0; }
const char *nvmlErrorString(int code) { return code == 3 ? "Not Supported" : "Other"; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, device **found) { *found = &devices[index]; return 0; }
int nvmlDeviceGetName(device *d, char *text, unsigned int length) { strncpy(text, d->name, length); return 0; }
int nvmlDeviceGetTotalEnergyConsumption(device *d, unsigned long long *mj)
{ if (!d->counts) return 3; *mj = d->energy += 4000000000ULL; return 0; }
int nvmlDeviceGetPowerUsage(device *d, unsigned int *mw) { *mw = d->power; return 0; }
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("nvml")
    (folder / "nvml.c").write_text(SOURCE)
    command = [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", str(folder / LIBRARY), str(folder / "nvml.c")]
    subprocess.run(command, check=True)
    return folder


def test_a_compiled_library_is_read_with_pointers_and_64_bits_intact(compiled: Path) -> None:
    gauges, not_run = find_gpus(lambda name: ctypes.CDLL(str(compiled / name)))
    assert not_run == []
    assert [(gauge.name, gauge.method) for gauge in gauges] == [
        ("GPU 0 (Model A)", "energy counter"),
        ("GPU 1 (Model B)", "power samples"),
    ]
    for gauge in gauges:
        gauge.start(0.0)
        gauge.sample(2.0)
    # more than 32 bits of mJ in one step
    assert [gauge.joules for gauge in gauges] == pytest.approx([4e6, 140.0])
