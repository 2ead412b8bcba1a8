"""The words in which cases are written; settings are passed on to nodes as they are, hence Any."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neurodeploy.graph import Graph, Node, Ref, Schedule
from neurodeploy.graph.nodes import Conv2d, Cuba, Dense, Input
from neurodeploy.graph.numeric import Array

Weights = Sequence[Any]
"""Nested lists of integers, as deep as the weight has axes."""


def graph(shape: tuple[int, ...], *nodes: Node, high: int = 1, schedule: Schedule = Schedule.SWEEP) -> Graph:
    """A network that starts with an Input called "input"."""
    return Graph((Input("input", (), shape, high), *nodes), schedule=schedule)


def chain(weight: Weights, **cuba: Any) -> Graph:
    """One dense layer "fc1" and its neurons "cuba1", which integrate without leak up to 80 unless `cuba` says so."""
    settings = {"current_decay": 4096, "voltage_decay": 0, "threshold": 80, **cuba}
    return graph((len(weight[0]),), dense("fc1", "input", weight), Cuba("cuba1", (Ref("fc1"),), **settings))


def dense(name: str, source: str, weight: Weights, delay: int = 0, bias: Sequence[int] | None = None) -> Dense:
    """A dense synapse whose input waits `delay` steps."""
    return Dense(name, (Ref(source, delay),), np.array(weight), None if bias is None else np.array(bias))


def conv(name: str, source: str, weight: Weights | Array, **geometry: Any) -> Conv2d:
    """A convolution; `geometry` is bias, stride, padding, dilation, groups."""
    return Conv2d(name, (Ref(source),), np.array(weight), **geometry)


def cuba(name: str, *sources: str, threshold: int = 1000, **settings: Any) -> Cuba:
    """Neurons without current memory and without leak."""
    settings = {"current_decay": 4096, "voltage_decay": 0, **settings}
    return Cuba(name, tuple(Ref(source) for source in sources), threshold=threshold, **settings)
