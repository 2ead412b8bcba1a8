"""Akida: necessary conditions only. How the vendor's package spreads a layer over processors is not published.

Kernels of all layers must lie in the memories of the mesh, one for each two processors; as many dense layers as there
are processors for it may keep their weights in external memory, and the largest are assumed to. Every layer needs at
least one processor.
"""

from __future__ import annotations

from typing import final

from neurodeploy.placement.limits import Limits
from neurodeploy.placement.network import Kind, Layer, Network
from neurodeploy.placement.plan import Plan, Use, Violation, need_of


@final
class Akida:
    """One network on one chip."""

    def __init__(self, network: Network, limits: Limits) -> None:
        self.network, self.limits = network, limits

    def plan(self) -> Plan:
        """What is surely too much; never that it fits."""
        available, pair = self.limits.get("cores_per_chip"), self.limits.get("weight_bytes_per_pair")
        mesh = None if available is None or pair is None else -(-available // 2) * pair
        totals = {
            "processors": Use(len(self.network.layers), available),
            "weight_bytes": Use(self.weight_bytes(), mesh),
        }
        violations = [Violation(p.node, "kind", 1, 0, p.reason) for p in self.network.problems]
        for name, use in totals.items():
            if not use.fits and use.amount is not None and use.limit is not None:
                violations.append(Violation("network", name, use.amount, use.limit, "at least"))
        violations += self.widths()
        return Plan(
            cores=(),
            available=available,
            needs=tuple(
                need_of(layer, stored=sum(e.weights for e in layer.edges), cores=None, cut="")
                for layer in self.network.layers
            ),
            violations=tuple(violations),
            unknown=dict(self.limits.unknown),
            totals=totals,
            notes=tuple(self.limits.profile.notes),
            open=("how many processors a layer takes is known to the vendor's package only",),
        )

    def weight_bytes(self) -> int:
        """Bytes of weights inside the mesh, at least."""
        external = self.limits.profile.facts.get("external_dense_processors")
        dense = sorted((self.bytes(layer) for layer in self.network.layers if self.is_dense(layer)), reverse=True)
        kernels = sum(self.bytes(layer) for layer in self.network.layers if not self.is_dense(layer))
        return kernels + sum(dense[int(external.value) if external else 0 :])

    def is_dense(self, layer: Layer) -> bool:
        return all(edge.kind is Kind.DENSE for edge in layer.edges)

    def bytes(self, layer: Layer) -> int:
        return -(-sum(edge.weights * edge.bits for edge in layer.edges) // 8)

    def widths(self) -> list[Violation]:
        allowed = self.limits.get("weight_bits")
        over = [layer for layer in self.network.layers if allowed is not None and layer.weight_bits > allowed]
        return [Violation(layer.name, "weight_bits", layer.weight_bits, allowed or 0) for layer in over]
