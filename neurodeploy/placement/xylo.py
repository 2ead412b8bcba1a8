"""Xylo: one core with a population of hidden neurons, all connected through one sparse matrix, and output neurons.

Every layer but the last is part of the hidden population, in any order and with any recurrence; the layer that the
input reaches and the one that the output reads may be limited. Maps are unrolled: the chip shares no kernels.

Source: the mappers of synsense/rockpool, rockpool/devices/xylo/*/xylo_mapper.py, and its overview of the family.
"""

from __future__ import annotations

import math
from typing import final

from neurodeploy.placement.limits import Limits
from neurodeploy.placement.network import Layer, Network
from neurodeploy.placement.plan import Core, Plan, Use, Violation, need_of


@final
class Xylo:
    """One network on one chip."""

    def __init__(self, network: Network, limits: Limits) -> None:
        self.network, self.limits = network, limits
        self.hidden, self.output = network.layers[:-1], network.layers[-1]

    def plan(self) -> Plan:
        """The placement, whether it fits or not."""
        uses = {name: Use(amount, self.limits.get(name)) for name, (amount, _) in self.amounts().items()}
        problems = [Violation(p.node, "kind", 1, 0, p.reason) for p in self.network.problems]
        over = [
            Violation(where, name, use.amount, use.limit)
            for (name, use), (_, where) in zip(uses.items(), self.amounts().values(), strict=True)
            if not use.fits and use.amount is not None and use.limit is not None
        ]
        violations = (*problems, *self.shape(), *self.widths(), *over)
        core = Core(0, "network", "all", uses)
        return Plan(
            cores=(core,),
            available=self.limits.get("cores_per_chip"),
            needs=tuple(
                need_of(layer, stored=sum(edge.synapses for edge in layer.edges), cores=1, cut="one population")
                for layer in self.network.layers
            ),
            violations=violations,
            unknown=dict(self.limits.unknown),
            totals=uses,
            notes=tuple(self.notes()),
        )

    def amounts(self) -> dict[str, tuple[int, str]]:
        """Limit -> how much the network needs, and where."""
        network, hidden = self.network, [layer.name for layer in self.hidden]
        first = [layer for layer, _ in network.consumers.get(network.input, ()) if layer.name in hidden]
        last = {edge.source for edge in self.output.edges if edge.source in hidden}
        fans = {name: self.fan_out(name) for name in hidden}
        widest = max(fans, key=lambda name: fans[name], default="network")
        inside = [edge for layer in self.hidden for edge in layer.edges if edge.source in hidden]
        return {
            "input_channels": (math.prod(network.input_map), network.input),
            "hidden_neurons": (sum(layer.neurons for layer in self.hidden), "network"),
            "output_neurons": (self.output.neurons, self.output.name),
            "fan_out": (fans.get(widest, 0), widest),
            "synapses": (sum(edge.synapses for edge in inside), "network"),
            "input_projection": (sum(layer.neurons for layer in set(first)), first[0].name if first else "network"),
            "output_projection": (sum(network[name].neurons for name in last), self.output.name),
        }

    def fan_out(self, name: str) -> int:
        """Most hidden neurons that one neuron of a layer reaches."""
        hidden = {layer.name for layer in self.hidden}
        return sum(edge.most_targets for layer, edge in self.network.consumers[name] if layer.name in hidden)

    def shape(self) -> list[Violation]:
        """What the population cannot be."""
        found = []
        if not self.hidden:
            detail = "a hidden layer and an output layer are needed"
            found.append(Violation("network", "layers", len(self.network.layers), 2, detail))
        if self.output.recurrent:
            found.append(Violation(self.output.name, "output_recurrence", 1, 0, "output neurons cannot be recurrent"))
        for edge in self.output.edges:
            if edge.source == self.network.input and self.hidden:
                detail = "inputs reach hidden neurons only"
                found.append(Violation(self.output.name, "input_to_output", 1, 0, detail))
        return found

    def widths(self) -> list[Violation]:
        found = []
        for layer in self.network.layers:
            wanted = (
                ("weight_bits", layer.weight_bits),
                ("threshold_bits", self.threshold_bits(layer)),
                ("delay_steps", layer.delay),
            )
            for name, value in wanted:
                allowed = self.limits.get(name)
                if allowed is not None and value > allowed:
                    found.append(Violation(layer.name, name, value, allowed))
        return found

    def threshold_bits(self, layer: Layer) -> int:
        """Width of a threshold in a signed integer."""
        return layer.threshold_bits + 1

    def notes(self) -> list[str]:
        """What the chip computes otherwise: fitting says nothing about it."""
        found = ["Decays are bit shifts and the reset is a subtraction on this chip."]
        if not self.output.fires:
            found.append(f"Output neurons fire on this chip; {self.output.name} only accumulates.")
        return found
