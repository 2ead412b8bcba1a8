"""DYNAP-CNN and Speck: nine cores with memories of different sizes, one convolution with its neurons to a core.

A dense layer is a convolution whose kernel is the whole map it reads. Entries of memory, for c input channels, f output
channels, a kernel of kx x ky and a map of fx x fy (`ld` is the logarithm to base 2, rounded up):

    kernel    c 2^(ld(kx ky) + ld f)
    neurons   f 2^(ld fx + ld fy) in the code that gates deployment, f fx fy in the documentation

Source:
    synsense/sinabs sinabs/backend/dynapcnn/dynapcnn_layer.py (memory_summary, _convert_linear_to_conv),
    chips/dynapcnn.py (one kernel side, no dilation, no groups), docs/speck/overview.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, final

from neurodeploy.graph.numeric import STATE
from neurodeploy.placement.limits import Limits, Reading
from neurodeploy.placement.network import Edge, Kind, Layer, Network, Pair
from neurodeploy.placement.plan import Core, Need, Plan, Use, Violation, need_of

MEMORIES: Final = ("kernel_entries", "neuron_entries", "bias_entries")


@final
class Speck:
    """One network on one chip."""

    def __init__(self, network: Network, limits: Limits) -> None:
        self.network, self.limits = network, limits
        self.memories = {name: limits.per_core(name) for name in MEMORIES}
        self.violations = [Violation(p.node, "kind", 1, 0, p.reason) for p in network.problems]

    def plan(self) -> Plan:
        """The placement, whether it fits or not."""
        available = self.limits.get("cores_per_chip")
        for layer in self.network.layers:
            self.check(layer)
        found = self.assigned()
        cores = [
            Core(core, layer.name, "all", self.uses(layer, core))
            for layer in self.network.layers
            for core in found.get(layer.name, ())
        ]
        if available is not None and len(self.network.layers) > available:
            used = len(self.network.layers)
            self.violations.append(Violation("network", "cores_per_chip", used, available, "one layer to a core"))
        return Plan(
            cores=tuple(cores),
            available=available,
            needs=tuple(self.need(layer, layer.name in found) for layer in self.network.layers),
            violations=tuple(self.violations),
            unknown=dict(self.limits.unknown),
            notes=tuple(self.notes()),
        )

    def require(self, layer: Layer, limit: str, value: int, detail: str = "") -> None:
        allowed = self.limits.get(limit)
        if allowed is not None and value > allowed:
            self.violations.append(Violation(layer.name, limit, value, allowed, detail))

    def check(self, layer: Layer) -> None:
        """Everything but the memories."""
        self.require(layer, "weight_bits", layer.weight_bits)
        self.require(layer, "threshold_bits", layer.threshold_bits + 1, "with its sign")
        self.require(layer, "destinations", len(self.network.consumers[layer.name]))
        if layer.delay:
            self.violations.append(Violation(layer.name, "delay_steps", layer.delay, 0, "no core keeps events back"))
        if len(layer.edges) > 1 and len({form(edge) for edge in layer.edges}) > 1:
            detail = "a core has one kernel for all its inputs"
            self.violations.append(Violation(layer.name, "kernels", len(layer.edges), 1, detail))
        for edge in layer.edges:
            self.check_edge(layer, edge)

    def check_edge(self, layer: Layer, edge: Edge) -> None:
        kernel = kernel_of(edge)
        if kernel[0] != kernel[1]:
            detail = f"{kernel[0]} x {kernel[1]}: square kernels only"
            self.violations.append(Violation(layer.name, "kernel", max(kernel), min(kernel), detail))
        self.require(layer, "kernel_side", max(kernel))
        self.power_of_two(layer, "stride", edge.stride)
        self.power_of_two(layer, "pool_side", edge.pool)
        self.require(layer, "padding", max(edge.padding))
        for name, value in (("dilation", max(edge.dilation)), ("groups", edge.groups)):
            if value > 1:
                self.violations.append(Violation(layer.name, name, value, 1))
        self.require(layer, "map_channels", max(edge.pooled[0], edge.out))
        self.require(layer, "input_map_side", max(edge.pooled[1:]))
        self.require(layer, "output_map_side", max(layer.map[1:]))

    def power_of_two(self, layer: Layer, limit: str, pair: Pair) -> None:
        """A limit of which only powers of two exist."""
        self.require(layer, limit, max(pair))
        odd = [value for value in pair if value & (value - 1)]
        allowed = self.limits.get(limit)
        if odd and allowed is not None and max(pair) <= allowed:
            detail = f"{pair[0]} x {pair[1]}: powers of two only"
            self.violations.append(Violation(layer.name, limit, odd[0], 1 << (odd[0].bit_length() - 1), detail))

    def entries(self, layer: Layer) -> dict[str, int]:
        """Entries of each memory that a layer takes."""
        kernels = [
            edge.pooled[0] * _power(math.prod(kernel_of(edge))) * _power(edge.out)
            for edge in layer.edges
            if edge.kind is not Kind.DIRECT
        ]
        channels, rows, columns = layer.map
        if self.limits.reading is Reading.STRICT:
            rows, columns = _power(rows), _power(columns)
        biases = layer.biases + max(edge.biases for edge in layer.edges)
        amounts = (max(kernels, default=0), channels * rows * columns, min(biases, channels))
        return dict(zip(MEMORIES, amounts, strict=True))

    def fits(self, layer: Layer, core: int) -> bool:
        return all(use.fits for use in self.uses(layer, core).values())

    def uses(self, layer: Layer, core: int) -> dict[str, Use]:
        return {
            name: Use(amount, self.memories[name][core] if self.memories[name] else None)
            for name, amount in self.entries(layer).items()
        }

    def assigned(self) -> Mapping[str, list[int]]:
        """A core for each layer that can have one: a matching, layers in order, found by moving earlier ones."""
        cores = range(len(self.memories[MEMORIES[0]]))
        holder: dict[int, Layer] = {}

        def place(layer: Layer, tried: set[int]) -> bool:
            for core in cores:
                if core not in tried and self.fits(layer, core):
                    tried.add(core)
                    if core not in holder or place(holder[core], tried):
                        holder[core] = layer
                        return True
            return False

        for layer in self.network.layers:
            if not place(layer, set()):
                self.refuse(layer)
        return {layer.name: [core] for core, layer in holder.items()}

    def refuse(self, layer: Layer) -> None:
        """Why no core is left for a layer: a memory, two memories at once, or other layers."""
        entries = self.entries(layer)
        largest = {name: max(self.memories[name], default=0) for name in MEMORIES}
        over = [name for name in MEMORIES if entries[name] > largest[name]]
        for name in over:
            self.violations.append(Violation(layer.name, name, entries[name], largest[name], "of the largest core"))
        if over:
            return
        cores = [core for core in range(len(self.memories[MEMORIES[0]])) if self.fits(layer, core)]
        detail = "taken by other layers" if cores else "no core has room for both its kernel and its neurons"
        self.violations.append(Violation(layer.name, "cores", 1, 0, detail))

    def need(self, layer: Layer, is_placed: bool) -> Need:
        stored = sum(edge.weights for edge in layer.edges)
        return need_of(
            layer,
            stored=stored if is_placed else None,
            cores=1 if is_placed else None,
            cut="whole" if is_placed else "",
        )

    def notes(self) -> list[str]:
        """What the chip computes otherwise: fitting says nothing about it."""
        found = [f"States have 16 bits on the chip and {STATE.bits} in the network."]
        leaky = [layer.name for layer in self.network.layers if layer.leaks or layer.keeps_current]
        if leaky:
            found.append(f"Neurons do not decay by a share on this chip (integrate and fire): {', '.join(leaky)} do.")
        back = [layer.name for layer in self.network.layers if layer.recurrent]
        if back:
            found.append(
                f"The makers advise against recurrent connections, which can lock the chip: {', '.join(back)}."
            )
        silent = [layer.name for layer in self.network.layers if not layer.fires]
        if silent:
            found.append(f"Every layer fires on this chip; {', '.join(silent)} only accumulates.")
        return found


def kernel_of(edge: Edge) -> Pair:
    """Kernel of a convolution, or the whole map for a dense layer."""
    return edge.kernel if edge.kind is not Kind.DENSE else (edge.pooled[1], edge.pooled[2])


def form(edge: Edge) -> object:
    """What a core can have once only: the kernel and what it reads."""
    return edge.name, edge.pooled, kernel_of(edge), edge.stride, edge.padding


def _power(number: int) -> int:
    """The least power of two that is not below `number`."""
    return 1 << (number - 1).bit_length()
