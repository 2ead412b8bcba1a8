"""C99 for hosts and microcontrollers: one header and one source with the network, golden vectors, build files.

The code has no library, no allocation, no floating point and no 64-bit arithmetic; its state is a struct of the caller.
It is driven by events: silent inputs cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from neurodeploy.deployment import Deployment
from neurodeploy.early_exit import EarlyRun
from neurodeploy.exporters._c_boards import BY_RUNTIME, HOST, RUNTIMES
from neurodeploy.exporters._c_early import run_early_on
from neurodeploy.exporters._c_files import network_files
from neurodeploy.exporters._c_measure import measure
from neurodeploy.exporters._c_run import run_on
from neurodeploy.graph import Trace
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.simulate import check_frames
from neurodeploy.targets import Artefact, Emitted, Exporter, Runtime

GCC = Runtime("gcc")


@final
class CExporter(Exporter):
    """NAME.h, NAME.c and everything to build and test them.

    Args:
        layout: of dense weights: "tiles" of eight outputs for registers, or "rows" of all outputs for vector units.
    """

    target: ClassVar[str] = "c"
    runtimes: ClassVar[tuple[Runtime, ...]] = (GCC, *RUNTIMES)
    has_exit: ClassVar[bool] = True
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"layout": ("tiles", "rows")}

    def __init__(self, layout: str = "tiles") -> None:
        self.layout = layout

    def configured(self, options: Mapping[str, str]) -> Exporter:
        return CExporter(**options)

    def emit(self, deployment: Deployment) -> Emitted:
        return network_files(deployment, rows=self.layout == "rows")

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        check_frames(artefact.integer_graph().graph, frames)
        return run_on(HOST if runtime.name == GCC.name else BY_RUNTIME[runtime.name], artefact, frames)

    def run_early(self, artefact: Artefact, runtime: Runtime, frames: Array, probes: Array) -> EarlyRun | None:
        check_frames(artefact.integer_graph().graph, frames)
        return run_early_on(HOST if runtime.name == GCC.name else BY_RUNTIME[runtime.name], artefact, frames, probes)

    def measure(self, artefact: Artefact, frames: Array) -> Mapping[str, Any]:
        return measure(artefact, frames)


EXPORTER = CExporter()
