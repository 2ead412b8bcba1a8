"""NIR: the integer network in floats, for every simulator and chip toolchain that reads NIR.

Which network does the file describe? NIR is differential equations with float parameters; it has no rounding, no word
widths and no timestep. Of the two networks at hand, the float one before quantization and the integer one that every
other target computes, the file holds the second: integers as weights (small ones, which float32 holds exactly), and the
thresholds between two integer voltages. What is lost is stated as a number: the decays of the integer network round
towards zero, its currents wrap and its voltages saturate. So

- the runtime `nir-interpreter` (our reading of the file, other code than the writer) is checked, neuron by neuron and
  step by step, against the integer network's numbers computed without rounding (`graph.unrounded`);
- the verdict says how many spikes and answers then differ from the integer network itself. Where no decay needs
  rounding (integrate and fire, or no memory at all) nothing differs, and the verdict is EXACT.

The form is the one that snnTorch 1.0.0, Norse 1.1.0 and SpikingJelly 2.0.0 read alike, measured in
tests/unit/exporters/test_nir_readers.py: r = 1 in LIF nodes, reset to zero, dt = 1e-4 s, full arrays, no batch
dimension, Affine with a zero bias. A network that ends in a Readout ends in its last synapse: adding up the output over
time is the answer then, as it is for spikes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, final

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._nir_build import network_bytes
from neurodeploy.exporters._nir_drift import drift_facts
from neurodeploy.exporters._nir_facts import ANSWER, metadata_of, neuron_facts, readme, sidecar
from neurodeploy.exporters._nir_neuron import DT
from neurodeploy.exporters._nir_refuse import refuse
from neurodeploy.exporters._nir_reset import subtracting, with_reset_to_zero
from neurodeploy.exporters._nir_run import run_network
from neurodeploy.exporters._nir_warnings import warnings_of
from neurodeploy.graph import Trace, simulate
from neurodeploy.graph.numeric import Array
from neurodeploy.graph.simulate import check_frames
from neurodeploy.graph.unrounded import unrounded
from neurodeploy.nirfile import read_network
from neurodeploy.targets import Artefact, Emitted, Exporter, Reference, Runtime

NETWORK = "network.nir"

ROUNDING = 2.0**-24
"""What one float32 rounding changes at most, as a share."""


@final
class NirExporter(Exporter):
    """Writes network.nir, network.json and README.md.

    Args:
        reset: "keep" refuses reset by subtraction, "zero" changes it to a reset to zero and keeps the network as it was
            beside the changed one.
    """

    target: ClassVar[str] = "nir"
    runtimes: ClassVar[tuple[Runtime, ...]] = (Runtime("nir-interpreter", Reference.UNROUNDED, ROUNDING),)
    options: ClassVar[Mapping[str, tuple[str, ...]]] = {"reset": ("keep", "zero")}

    def __init__(self, reset: str = "keep") -> None:
        self.reset = reset

    def configured(self, options: Mapping[str, str]) -> Exporter:
        return NirExporter(**options)

    def emit(self, deployment: Deployment) -> Emitted:
        changed = subtracting(deployment.integer.graph) if self.reset == "zero" else []
        network = with_reset_to_zero(deployment) if changed else deployment
        graph = unrounded(network.integer)
        refuse(graph)
        neurons = neuron_facts(network.integer.graph)
        content = network_bytes(graph, metadata_of(network), neurons)
        warnings = warnings_of(read_network(content))
        files = {NETWORK: content, "network.json": sidecar(network), "README.md": readme(network, warnings)}
        notes: dict[str, Any] = {  # JSON values
            "dt": DT,
            "answer": ANSWER,
            "meaning": "the integer network without the rounding of its decays; see measured.drift",
            "warnings": warnings,
        }
        if changed:
            notes["changed"] = f"reset by subtraction became reset to zero in {', '.join(changed)}"
        return Emitted(files, notes, network=network if changed else None)

    def run(self, artefact: Artefact, runtime: Runtime, frames: Array) -> Trace:
        graph = artefact.integer_graph().graph
        check_frames(graph, frames)
        return run_network(read_network(artefact.folder / NETWORK), graph, frames)

    def measure(self, artefact: Artefact, frames: Array) -> Mapping[str, Any]:
        integer = artefact.integer_graph()
        found = self.run(artefact, self.runtimes[0], frames)
        return {"drift": drift_facts(integer.graph, simulate(integer, frames), found)}


EXPORTER = NirExporter()
