"""Readers that cannot read, or misread, what a network needs; measured in tests/unit/exporters/test_nir_readers.py."""

from __future__ import annotations

from neurodeploy.nirfile import FileNetwork, order_of


def warnings_of(network: FileNetwork) -> list[str]:
    """One sentence for each reader and reason."""
    found = []
    kinds = {node.kind for node in network.nodes.values()}
    order = order_of(network)
    if "Delay" in kinds:
        found.append("Delay nodes: refused by snnTorch 1.0.0 and SpikingJelly 2.0.0, dropped in silence by Norse 1.1.0")
    if order.later:
        found.append("recurrence: snnTorch 1.0.0 fails to read it")
    if any(_adds(network, path, order.later) for path in network.nodes):
        found.append("sums of several layers: Norse 1.1.0 computes them wrongly, in silence")
    leaks = [node for node in network.nodes.values() if "v_leak" in node.values and node.array("v_leak").any()]
    if leaks:
        found.append("biases as v_leak: refused by snnTorch 1.0.0 and SpikingJelly 2.0.0; Norse 1.1.0 misreads CubaLIF")
    return found


def _adds(network: FileNetwork, path: str, later: frozenset[tuple[str, str]]) -> bool:
    """Whether a node adds several values of the same step."""
    at_once = [
        source
        for source in network.sources(path)
        if not any((before, source) in later for before in network.sources(source))
    ]
    return len(at_once) > 1
