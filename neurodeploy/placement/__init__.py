"""Placement: does a network fit a chip, how full are its cores, what is too much, and what would fit.

Every figure is an estimate from published limits: a vendor's compiler may cut otherwise, and has the last word. It is
about capacity alone; whether a chip computes the same is what an export and its verification answer.

Against the map that the Loihi 2 compiler printed for PilotNet (tests/unit/placement/test_pilotnet.py), cores and words
of 64 bits of synapses on a core:

    layer                    printed        here
    input 200 x 66 x 3       13 cores, 0    13, 0
    conv 99 x 32 x 24        25, 81         25, 81
    conv 49 x 15 x 36        13, 864        13, 864
    conv 24 x 7 x 48         3, 1620        3, 1620
    conv 22 x 4 x 64         3, 2160        3, 2160
    conv 20 x 2 x 64         2, 2880        2, 2880
    dense 2560 -> 100        12, 7253       7, 9508     filled here; divided there, by six, then by two
    dense 100, 50, 10        1 each, 1300, 150, 10      the same
    all                      74             69

The encoding and the powers of two were derived from that map and from the one of the sigma-delta network, so the
agreement says that the rules are consistent, not that they hold for other networks.
"""

from neurodeploy.placement.changes import Change
from neurodeploy.placement.fit import Answer, Fit, fit, plan
from neurodeploy.placement.limits import Limits, Reading
from neurodeploy.placement.memory import Footprint
from neurodeploy.placement.network import Edge, Kind, Layer, Network, Problem
from neurodeploy.placement.plan import Core, Need, Plan, Use, Violation
from neurodeploy.placement.read import read_network
from neurodeploy.placement.report import as_dict, fit_table
from neurodeploy.placement.resize import resized

__all__ = [
    "Answer",
    "Change",
    "Core",
    "Edge",
    "Fit",
    "Footprint",
    "Kind",
    "Layer",
    "Limits",
    "Need",
    "Network",
    "Plan",
    "Problem",
    "Reading",
    "Use",
    "Violation",
    "as_dict",
    "fit",
    "fit_table",
    "plan",
    "read_network",
    "resized",
]
