"""Energy: counts of the work in a trace, priced by a hardware profile. Every figure is an estimate."""

from neurodeploy.energy.activity import Activity, NodeActivity, join
from neurodeploy.energy.bit_budget import LayerBudget, bit_budget
from neurodeploy.energy.counts import Counts
from neurodeploy.energy.estimate import Energy, Estimate, Line, NotCovered
from neurodeploy.energy.node_counts import NodeCounts, Uses
from neurodeploy.energy.observe import count, observe
from neurodeploy.energy.price import price
from neurodeploy.energy.recorder import Recorder
from neurodeploy.energy.report import as_dict, as_rows, compare, counts_dict, energy_table

__all__ = [
    "Activity",
    "Counts",
    "Energy",
    "Estimate",
    "LayerBudget",
    "Line",
    "NodeActivity",
    "NodeCounts",
    "NotCovered",
    "Recorder",
    "Uses",
    "as_dict",
    "as_rows",
    "bit_budget",
    "compare",
    "count",
    "counts_dict",
    "energy_table",
    "join",
    "observe",
    "price",
]
