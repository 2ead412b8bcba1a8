"""NIR files as they are: reading them, finding their loops, stepping them. Nothing here knows our own graph."""

from neurodeploy.nirfile.interpret import Recorded, interpret
from neurodeploy.nirfile.loops import Order, order_of
from neurodeploy.nirfile.network import FileNetwork, FileNode
from neurodeploy.nirfile.read import read_network
from neurodeploy.nirfile.shapes import shapes_of

__all__ = ["FileNetwork", "FileNode", "Order", "Recorded", "interpret", "order_of", "read_network", "shapes_of"]
