"""Names stand for one thing, and what is left out as unneeded is never needed."""

import numpy as np
import pytest

from neurodeploy.exporters._onnx_build import Builder, Kind
from neurodeploy.exporters._onnx_ranges import plan
from neurodeploy.graph import Graph, IntGraph, Ref, simulate
from neurodeploy.graph.nodes import Cuba, Dense, Input, Readout, Reset


def test_a_node_asked_for_twice_is_written_once() -> None:
    builder = Builder("graph")
    value = builder.constant("fc.bias", [1, 2], Kind.INT32)
    assert builder.cast(value, Kind.INT64) == builder.cast(value, Kind.INT64)
    assert len(builder.nodes) == 1
    assert builder.cast(value, Kind.INT32) is value


def test_one_name_for_two_things_is_refused() -> None:
    builder = Builder("graph")
    value = builder.constant("fc.bias", [1, 2], Kind.INT32)
    builder.like("Add", value, [value], "fc.sum")
    with pytest.raises(ValueError, match=r"two values would be called fc\.sum"):
        builder.like("Sub", value, [value], "fc.sum")
    with pytest.raises(ValueError, match=r"two constants would be called fc\.bias"):
        builder.constant("fc.bias", [1, 3], Kind.INT32)


def graph(weight: int, cuba: Cuba | Readout) -> Graph:
    dense = Dense("fc", (Ref("input"),), np.array([[weight], [-weight]]))
    return Graph((Input("input", (), (1,), 255), dense, cuba))


@pytest.mark.parametrize("reset", list(Reset))
@pytest.mark.parametrize("weight", [1, 13, 102, 500, 514])
@pytest.mark.parametrize("decays", [(4096, 410), (4096, 4096), (1024, 1024), (64, 32), (4096, 0), (0, 4096)])
def test_states_never_leave_24_bits_where_no_check_is_written(
    reset: Reset, weight: int, decays: tuple[int, int]
) -> None:
    bias = np.array([700, -700])
    network = graph(weight, Cuba("cuba", (Ref("fc"),), *decays, 90000, bias, reset))
    integer = IntGraph(network)
    chosen = plan(integer, network["cuba"])
    trace = simulate(integer, np.full((300, 1, 1), 255))
    current, voltage = trace["cuba.current"], trace["cuba.voltage"]
    if not chosen.wraps:
        steps = np.sign(current) == np.sign(np.array([1, -1]))
        assert steps.all()
    if not chosen.falls:
        assert voltage.min() > -(2**23 - 1)
    if not chosen.rises:
        assert voltage.max() < 2**23 - 1
    assert chosen.kind is Kind.INT32


def test_the_default_neuron_needs_no_check_at_all() -> None:
    network = graph(13, Cuba("cuba", (Ref("fc"),), 4096, 1024, 90000))
    chosen = plan(IntGraph(network), network["cuba"])
    assert (chosen.wraps, chosen.falls, chosen.rises) == (False, False, False)


def test_sums_that_could_wrap_twice_are_kept_in_64_bits() -> None:
    node = Readout("answer", (Ref("fc"),))
    assert plan(IntGraph(graph(1028, node)), node).kind is Kind.INT32
    assert plan(IntGraph(graph(1029, node)), node).kind is Kind.INT64
