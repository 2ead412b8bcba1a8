"""Microcontrollers: weights and code in flash, the state of one instance in RAM, as the C exporter writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from neurodeploy.placement.limits import Limits
from neurodeploy.placement.network import Network, Problem
from neurodeploy.placement.plan import Plan, Use, Violation, need_of

PROPORTION: Final = "What a change saves is estimated in proportion to weights and neurons, not generated again."


@final
@dataclass(frozen=True)
class Footprint:
    """What generated C takes.

    Args:
        constants: bytes of weights and tables.
        state: bytes of one instance.
        code: bytes of program code, or None where no compiler measured it.
        source: who said so, for the reader.
        of: the network that was measured; other sizes of it are estimated in proportion.
    """

    constants: int
    state: int
    code: int | None
    source: str
    of: Network

    def scaled(self, network: Network) -> Footprint:
        """An estimate for another size of the same network: bytes in proportion to weights, bits and neurons."""
        if network == self.of:
            return self
        weights, neurons = _amounts(network), _amounts(self.of)
        constants = -(-self.constants * weights[0] // max(1, neurons[0]))
        state = -(-self.state * weights[1] // max(1, neurons[1]))
        return Footprint(constants, state, self.code, f"{self.source}, in proportion", network)


def _amounts(network: Network) -> tuple[int, int]:
    """Weights and neurons; C stores a weight in a byte, however narrow it is."""
    weights = sum(edge.weights * -(-edge.bits // 8) for layer in network.layers for edge in layer.edges)
    return weights, sum(layer.neurons * max(1, layer.states) for layer in network.layers)


@final
class MicroController:
    """One network in flash and RAM.

    Args:
        footprint: what its C takes, why there is no C for it, or None where nobody asked.
    """

    def __init__(self, network: Network, limits: Limits, footprint: Footprint | Problem | None) -> None:
        self.network, self.limits = network, limits
        self.footprint = footprint.scaled(network) if isinstance(footprint, Footprint) else None
        self.problems = (footprint,) if isinstance(footprint, Problem) else ()

    def plan(self) -> Plan:
        """The placement; open where code was not measured or a memory is not known."""
        found, given = self.footprint, {name: self.limits.get(name) for name in ("flash_bytes", "ram_bytes")}
        totals = {
            "flash_bytes": Use(None if found is None else found.constants + (found.code or 0), given["flash_bytes"]),
            "ram_bytes": Use(None if found is None else found.state, given["ram_bytes"]),
        }
        over = [Violation(problem.node, "kind", 1, 0, problem.reason) for problem in self.problems]
        over += [
            Violation("network", name, use.amount, use.limit, found.source)
            for name, use in totals.items()
            if found is not None and not use.fits and use.amount is not None and use.limit is not None
        ]
        unknown = dict(self.limits.unknown) | {"stack_bytes": "depends on the program around the network"}
        if found is not None and found.code is None:
            unknown["code_bytes"] = "no compiler for this core was found, so code was not measured"
        return Plan(
            cores=(),
            available=None,
            needs=tuple(
                need_of(layer, stored=sum(e.weights for e in layer.edges), cores=0, cut="")
                for layer in self.network.layers
            ),
            violations=tuple(over),
            unknown=unknown,
            totals=totals,
            notes=() if found is None else (f"{found.source}: {_said(found)}.", PROPORTION),
            open=tuple(self.open(unknown)),
        )

    def open(self, unknown: dict[str, str]) -> list[str]:
        if self.footprint is None:
            return ["the generated C could not be had, so its bytes are not known"]
        names = ("flash_bytes", "ram_bytes", "code_bytes")
        return [f"{name} is not known: {unknown[name]}" for name in names if name in unknown]


def _said(found: Footprint) -> str:
    code = "code not measured" if found.code is None else f"{found.code:,} bytes of code"
    return f"{found.constants:,} bytes of constants, {found.state:,} bytes of state, {code}"
