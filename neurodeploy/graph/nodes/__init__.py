"""The node kinds, one file each."""

from typing import Final

from neurodeploy.graph.node import Node
from neurodeploy.graph.nodes.add import Add
from neurodeploy.graph.nodes.avg_pool2d import AvgPool2d
from neurodeploy.graph.nodes.batch_norm import BatchNorm
from neurodeploy.graph.nodes.conv2d import Conv2d
from neurodeploy.graph.nodes.cuba import Cuba, Reset
from neurodeploy.graph.nodes.dense import Dense
from neurodeploy.graph.nodes.flatten import Flatten
from neurodeploy.graph.nodes.input import Input
from neurodeploy.graph.nodes.max_pool2d import MaxPool2d
from neurodeploy.graph.nodes.readout import Readout
from neurodeploy.graph.nodes.sum_pool2d import SumPool2d

INTEGER_KINDS: Final[tuple[type[Node], ...]] = (Input, Dense, Conv2d, SumPool2d, Flatten, Add, Cuba, Readout)
"""Kinds that an integer graph may hold."""

KINDS: Final[tuple[type[Node], ...]] = (*INTEGER_KINDS, AvgPool2d, MaxPool2d, BatchNorm)
"""All kinds; those after the integer ones exist in float graphs only and are removed by `lower`."""

__all__ = [
    "INTEGER_KINDS",
    "KINDS",
    "Add",
    "AvgPool2d",
    "BatchNorm",
    "Conv2d",
    "Cuba",
    "Dense",
    "Flatten",
    "Input",
    "MaxPool2d",
    "Readout",
    "Reset",
    "SumPool2d",
]
