"""A network in C written by hand, as small as the interface allows: what is tested with it does not hang on the exporter.

Four inputs, three neurons without memory of the current: v += 64 w x, fires above 64 * 60, reset to zero.
"""

import shutil
from pathlib import Path

import numpy as np
import pytest

from neurodeploy.errors import ToolchainMissingError
from neurodeploy.exporters._c_boards import BOARDS, HOST
from neurodeploy.exporters._c_build import tool
from neurodeploy.graph import Graph, Ref
from neurodeploy.graph.file import graph_files
from neurodeploy.graph.nodes import Cuba, Dense, Input
from neurodeploy.targets import Artefact

WEIGHT = np.array([[10, 20, -5, 30], [7, -8, 9, 40], [50, 3, 2, 1]])
GRAPH = Graph(
    (Input("input", (), (4,)), Dense("fc", (Ref("input"),), WEIGHT), Cuba("out", (Ref("fc"),), 4096, 0, 60)),
)

HEADER = """
#include <stdint.h>
#define stub_NEURON_LAYERS 1u
typedef uint16_t stub_index_t;
typedef struct stub { int32_t u[3], v[3]; uint8_t z[3]; } stub_t;
void stub_reset(stub_t *m);
int stub_step(stub_t *m, const stub_index_t *events, uint32_t n);
uint32_t stub_layer_size(uint32_t layer);
int32_t stub_current(const stub_t *m, uint32_t layer, uint32_t i);
int32_t stub_voltage(const stub_t *m, uint32_t layer, uint32_t i);
int32_t stub_spike(const stub_t *m, uint32_t layer, uint32_t i);
"""

SOURCE = """
#include "stub.h"
static const int16_t w[3][4] = {{10, 20, -5, 30}, {7, -8, 9, 40}, {50, 3, 2, 1}};
void stub_reset(stub_t *m) { int i; for (i = 0; i < 3; i++) { m->u[i] = 0; m->v[i] = 0; m->z[i] = 0; } }
int stub_step(stub_t *m, const stub_index_t *e, uint32_t n)
{
    uint32_t k;
    int i, spikes = 0;
    for (k = 0; k < n; k++) if (e[k] >= 4) return -1;
    /* here */
    for (i = 0; i < 3; i++) {
        int32_t sum = 0;
        for (k = 0; k < n; k++) sum += w[i][e[k]];
        m->u[i] = sum * 64;
        m->v[i] += m->u[i];
        m->z[i] = m->v[i] > 64 * 60;
        if (m->z[i]) { m->v[i] = 0; spikes++; }
    }
    return spikes;
}
uint32_t stub_layer_size(uint32_t layer) { (void)layer; return 3; }
int32_t stub_current(const stub_t *m, uint32_t layer, uint32_t i) { (void)layer; return m->u[i]; }
int32_t stub_voltage(const stub_t *m, uint32_t layer, uint32_t i) { (void)layer; return m->v[i]; }
int32_t stub_spike(const stub_t *m, uint32_t layer, uint32_t i) { (void)layer; return m->z[i]; }
"""

GOLDEN = """
#include "stub.h"
int stub_golden(void);
static stub_t m;
int stub_golden(void)
{
    static const stub_index_t e[2] = {0, 3};
    stub_reset(&m);
    return (stub_step(&m, e, 2) != 0) + (stub_voltage(&m, 0, 1) != 47 * 64);
}
"""


def stub(folder: Path, here: str = "", more: str = "", source: str = SOURCE) -> Artefact:
    """The network as an artefact.

    Args:
        here: statements put into stub_step.
        more: declarations put above it.
    """
    text = source.replace('#include "stub.h"', '#include "stub.h"\n' + more).replace("/* here */", here)
    files = {"stub.h": HEADER.encode(), "stub.c": text.encode(), "test_stub.c": GOLDEN.encode()}
    files |= {f"reference/{name}": content for name, content in graph_files(GRAPH, "integer").items()}
    (folder / "reference").mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return Artefact(folder, {"target": "c", "timesteps": 6, "notes": {"prefix": "stub"}, "files": {}})


def spikes(rng: np.random.Generator, samples: int = 3) -> np.ndarray:
    """(6, samples, 4), 0 or 1."""
    return (rng.random((6, samples, 4)) < 0.4).astype(np.uint8)


def require_tools(*others: str) -> None:
    """Skip where a compiler, an emulator or another program is missing."""
    for name in others:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed")
    try:
        for board in (HOST, *BOARDS):
            for name in (*board.compiler[:1], *board.emulator[:1]):
                tool(name, board)
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))
