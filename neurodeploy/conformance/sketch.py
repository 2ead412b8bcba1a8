"""A network while it is drawn: its nodes so far, with the shape and the range of each."""

from __future__ import annotations

from typing import final

from neurodeploy.conformance.choose import Choose
from neurodeploy.conformance.features import Feature, Features
from neurodeploy.graph import Node, Ref, Shape
from neurodeploy.graph.nodes import Cuba

SPIKES = (0, 1)


@final
class Sketch:
    """Nodes in the order of computation."""

    def __init__(self, choose: Choose, features: Features) -> None:
        self.choose, self.features = choose, features
        self.nodes: list[Node] = []
        self.shapes: dict[str, Shape] = {}
        self.ranges: dict[str, tuple[int, int]] = {}
        """Least and greatest value of each node, as IntGraph will prove them."""
        self.used: set[Feature] = set()

    def wants(self, feature: Feature, one_in: int = 3) -> bool:
        """Whether to use `feature` here; never unless it is allowed."""
        if feature not in self.features or self.choose.integer(1, one_in) < one_in:
            return False
        self.used.add(feature)
        return True

    def name(self, stem: str) -> str:
        """A name that no node has."""
        return f"{stem}{len(self.nodes)}"

    def ref(self, source: str, feature: Feature, one_in: int = 8) -> Ref:
        """An edge from `source`, which waits 1 to 3 steps if `feature` allows it."""
        return Ref(source, self.choose.integer(1, 3) if self.wants(feature, one_in) else 0)

    def reach(self, *sources: str) -> int:
        """Greatest magnitude of the sum of `sources`."""
        low, high = (sum(self.ranges.get(source, SPIKES)[end] for source in sources) for end in (0, 1))
        return max(-low, high, 1)

    def add(self, node: Node, shape: Shape | None = None) -> str:
        """Append `node` and return its name.

        Args:
            shape: of its input, where that comes from a node not drawn yet (neurons, whose values are spikes).
        """
        known = [self.shapes[ref.node] for ref in node.inputs if ref.node in self.shapes]
        ranges = [self.ranges.get(ref.node, SPIKES) for ref in node.inputs]
        lows, highs = node.bounds(sum(low for low, _ in ranges), sum(high for _, high in ranges))
        self.nodes.append(node)
        self.shapes[node.name] = node.output_shape(shape or (known[0] if known else ()))
        self.ranges[node.name] = int(lows.min()), int(highs.max())
        return node.name

    def neurons(self, shape: Shape) -> list[str]:
        """Names of the neurons so far whose spikes have `shape`."""
        return [node.name for node in self.nodes if isinstance(node, Cuba) and self.shapes[node.name] == shape]
