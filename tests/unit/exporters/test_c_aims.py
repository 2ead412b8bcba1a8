"""What the generated C may cost: instructions are counted, not timed, so that these numbers hold on any computer."""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from bench_c_instructions import STEPS, conv, dense
from c_stub import require_tools

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._c_boards import BY_RUNTIME
from neurodeploy.exporters._c_measure import count_instructions
from neurodeploy.exporters.c import EXPORTER
from neurodeploy.graph import Graph, IntGraph
from neurodeploy.targets import write_artefact


@pytest.mark.parametrize(
    ("make", "density", "most"), [(dense, 0.03, 280_000), (conv, 0.01, 1_450_000)], ids=["2312-128-10", "8c5"]
)
def test_an_inference_on_a_cortex_m4_takes_no_more_instructions_than_aimed_at(
    make: Callable[[np.random.Generator], Graph], density: float, most: int, rng: np.random.Generator, tmp_path: Path
) -> None:
    require_tools()
    graph = make(rng)
    classes = tuple(map(str, range(graph.shapes[graph.output.name][0])))
    artefact = write_artefact(EXPORTER, Deployment(IntGraph(graph), None, STEPS, classes, "aim"), tmp_path / "out")
    frames = (rng.random((STEPS, 4, *graph.input.shape)) < density).astype(np.uint8)
    counted = count_instructions(artefact, BY_RUNTIME["qemu-cortex-m4"], frames).sum(1)
    assert 0.2 * most < counted.mean() < most
