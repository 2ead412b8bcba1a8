"""Every node of a NIR file as nodes of the graph, in the order of computation, the output last."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NoReturn, final

import numpy as np

from neurodeploy.graph import Node, Ref, Shape, Synapse
from neurodeploy.graph.nodes import Cuba, Flatten, Input, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.lif import neurons
from neurodeploy.importers.nir_layers import LAYERS, to_itself
from neurodeploy.importers.nir_neuron import neurons_of
from neurodeploy.importers.nir_scale import with_scales, without_diagonals
from neurodeploy.importers.nir_wiring import IDENTITIES, Wiring
from neurodeploy.importers.refusal import refused
from neurodeploy.nirfile import FileNetwork, FileNode

NEURONS: Final = frozenset({"IF", "LIF", "CubaLIF", "Threshold"})
SUPPORTED: Final = (*sorted({*LAYERS, *NEURONS, *IDENTITIES, "Delay", "I"}),)


@final
class Build:
    """The nodes, and what there is to say about them.

    Args:
        dt: seconds of a timestep.
        high: largest value of the input.
    Raises:
        UnsupportedNodeError, ArtefactError: as `read_nir`.
    """

    def __init__(self, network: FileNetwork, dt: float, high: float) -> None:
        for path, node in network.nodes.items():
            if node.kind not in SUPPORTED:
                _refuse_kind(path, node)
        self.network, self.dt, self.high = network, dt, int(high)
        self.wiring = Wiring(network, dt)
        self.made: dict[str, Node] = {}
        self.scales: dict[str, Array] = {}
        self.paths: dict[str, str] = {}
        self.notes: list[str] = ["spike where v > v_threshold, then v = v_reset in the same step; states start at zero"]

    def nodes(self) -> tuple[Node, ...]:
        """All nodes that the output depends on."""
        needed = self._needed()
        lost = [path for path in self.network.nodes if path not in needed]
        if lost:
            self.notes.append(f"left out, since the output does not depend on it: {', '.join(lost)}")
        for path in self.wiring.order.paths:
            if path in needed:
                self._add(self.network.nodes[path])
        for source, target in sorted(self.wiring.order.later):
            if target not in self.wiring.order.cut and {source, target} <= needed:
                self.notes.append(f"{source} -> {target}: a loop; its values arrive one step later")
        last = self._end()
        nodes = with_scales([*self.made.values()], self.scales)
        nodes = without_diagonals(nodes, {name for name, path in self.paths.items() if self._is_scale(path)})
        return self._with_last(nodes, last)

    def _is_scale(self, path: str) -> bool:
        return self.network.nodes[path].kind == "Scale"

    def _needed(self) -> set[str]:
        found, waiting = set(), [self.network.the_output().path]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += self.network.sources(path)
        return found | {self.network.the_input().path}

    def _add(self, node: FileNode) -> None:
        name = self.wiring.names[node.path]
        if node is self.network.the_input():
            self._keep(node.path, Input(name, (), self.wiring.shape(node.path), self.high))
        elif node.kind in LAYERS:
            for made in LAYERS[node.kind](node, self.wiring):
                self._keep(node.path, made)
        elif node.kind in NEURONS:
            self._add_neurons(node, name)
        elif node.kind == "I" and self._sources_of_end() != [node.path]:
            hint = "Let the network end with it, or use IF."
            raise refused(node.path, node.kind, "an integrator inside the network, which does not spike", hint)

    def _add_neurons(self, node: FileNode, name: str) -> None:
        shape = self.wiring.shape(node.path)
        found = neurons_of(node, self.dt, self.wiring.file_shapes[node.path], shape)
        refs = self._through_synapses(f"{name}_in", self.wiring.entering(node.path), shape)
        made = neurons(name, node.path, found.lif, refs, shape)
        *back, cuba = made.nodes
        if not isinstance(cuba, Cuba):
            raise TypeError(f"neurons made a {type(cuba).__name__}")
        for each in (*back, replace(cuba, bias=found.bias_in_graph)):
            self._keep(node.path, each)
        if made.scale is not None:
            self.scales[name] = made.scale
            self.notes.append(f"{node.path}: neurons differ in threshold or gain, which is folded into their synapses")
        self.notes += [f"{node.path}: {note}" for note in found.lif.decay_notes()]
        if back:
            self.notes.append(
                f"{node.path}: a spike leaves v_reset; what remains of it a step later comes from synapses"
            )
        if found.bias is not None:
            self.notes.append(f"{node.path}: v_leak is a bias of the voltage")
        if node.kind == "CubaLIF":
            self.notes.append(f"{node.path}: the voltage sees the current of the same step")

    def _through_synapses(self, name: str, refs: tuple[Ref, ...], shape: Shape) -> tuple[Ref, ...]:
        """What is no sum of weights passes a synapse of ones, which later takes on scales."""
        direct = tuple(ref for ref in refs if not isinstance(self.made.get(ref.node), Synapse))
        if not direct:
            return refs
        synapse = to_itself(name, direct, np.ones(1), shape)
        self.made[name] = synapse
        return (*(ref for ref in refs if ref not in direct), Ref(name))

    def _keep(self, path: str, node: Node) -> None:
        self.made[node.name] = node
        self.paths[node.name] = path

    def _sources_of_end(self) -> list[str]:
        return self.network.sources(self.network.the_output().path)

    def _end(self) -> str:
        """Name of the node that gives the answer; a Readout that adds up what is no neuron's spikes."""
        refs = self.wiring.entering(self.network.the_output().path)
        sources = [self.network.nodes[path] for path in self._sources_of_end()]
        last = self.made.get(refs[0].node)
        if len(refs) == 1 and not refs[0].delay and isinstance(last, Cuba):
            return last.name
        path, gain = self.network.the_output().path, None
        if [node.kind for node in sources] == ["I"]:
            path = sources[0].path
            gain = self.dt * np.broadcast_to(sources[0].array("r"), self.wiring.file_shapes[path]).astype(np.float64)
            refs = self.wiring.entering(path)
        shape = self.wiring.shape(path)
        self._add_readout(refs, shape, gain)
        self.notes.append(f"{path}: what arrives there is added up over time, and the last sum is the answer")
        return "readout"

    def _add_readout(self, refs: tuple[Ref, ...], shape: Shape, gain: Array | None) -> None:
        taken = {*self.made, *self.wiring.names.values()} & {"readout", "readout_in", "readout_flat"}
        if taken:
            raise refused(taken.pop(), "node", "a node is called like one that the import adds", "Rename it.")
        refs = self._through_synapses("readout_in", refs, shape)
        if len(shape) == 3:
            self.made["readout_flat"] = Flatten("readout_flat", refs)
            refs = (Ref("readout_flat"),)
        self.made["readout"] = Readout("readout", refs)
        if gain is not None:
            self.scales["readout"] = gain.reshape(-1)

    def _with_last(self, nodes: list[Node], last: str) -> tuple[Node, ...]:
        early = [node.name for node in nodes if Ref(last) in node.inputs]
        if early:
            reason = f"'{early[0]}' reads it in the same step, and still the network ends with it"
            path = self.paths.get(last, last)
            hint = "End the network with the last nodes of the loop."
            raise refused(path, self.network.nodes[path].kind, reason, hint)
        return (*(node for node in nodes if node.name != last), *(node for node in nodes if node.name == last))


def _refuse_kind(path: str, node: FileNode) -> NoReturn:
    reasons = {
        "LI": "a leaky integrator that does not spike; the graph's Readout forgets nothing",
        "CubaLI": "a leaky integrator that does not spike; the graph's Readout forgets nothing",
    }
    hint = (
        "End with LIF and count its spikes, or with I or a synapse and add up over time."
        if node.kind in reasons
        else ""
    )
    raise refused(path, node.kind, reasons.get(node.kind, f"the graph has no {node.kind}"), hint, SUPPORTED)
