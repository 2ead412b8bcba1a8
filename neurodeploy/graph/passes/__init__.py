"""Graph to graph, same function: what makes published models expressible on targets."""

from neurodeploy.graph.graph import Graph
from neurodeploy.graph.passes.drop_neurons import drop_neurons
from neurodeploy.graph.passes.fold_batchnorm import fold_batchnorm
from neurodeploy.graph.passes.fold_rates import Folded, fold_rates
from neurodeploy.graph.passes.fuse_pool import fuse_pool
from neurodeploy.graph.passes.move_bias import move_bias
from neurodeploy.graph.passes.or_pool import or_pool
from neurodeploy.graph.passes.pool_sums import pool_sums


def lower(graph: Graph) -> Graph:
    """A float graph without batch norm and pooling where that is exact; sums of spikes (SumPool2d) may stay.

    Raises:
        GraphError: a node has no exact form; the message names it and the way out.
    """
    graph = pool_sums(fold_batchnorm(pool_sums(graph)))  # the norm may stand before or after the pooling
    return move_bias(fuse_pool(or_pool(graph)))


__all__ = [
    "Folded",
    "drop_neurons",
    "fold_batchnorm",
    "fold_rates",
    "fuse_pool",
    "lower",
    "move_bias",
    "or_pool",
    "pool_sums",
]
