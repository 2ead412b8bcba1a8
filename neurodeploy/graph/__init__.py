"""The network as a frozen graph, its integer form, and the simulator that says what it computes."""

from neurodeploy.graph.graph import Graph, Schedule
from neurodeploy.graph.int_graph import IntGraph
from neurodeploy.graph.node import Node, Ref, Shape, Synapse
from neurodeploy.graph.simulate import simulate
from neurodeploy.graph.trace import Trace, predictions, scores

__all__ = [
    "Graph",
    "IntGraph",
    "Node",
    "Ref",
    "Schedule",
    "Shape",
    "Synapse",
    "Trace",
    "predictions",
    "scores",
    "simulate",
]
