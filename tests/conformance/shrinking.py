"""The suite's random networks, drawn by hypothesis, so that one that fails shrinks to a small one."""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neurodeploy.conformance import ALL, Features, Trial, draw_frames, draw_network
from neurodeploy.graph.numeric import Array

T = TypeVar("T")

ELEMENTS_HIGH = 12
"""Arrays up to this size are drawn number by number; larger ones from a seed, which is fast and shrinks by shape."""


class DrawChoose:
    """`Choose` by hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw

    def integer(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    def coin(self) -> bool:
        return self.draw(st.booleans())

    def pick(self, options: Sequence[T]) -> T:
        return self.draw(st.sampled_from(options))

    def array(self, shape: tuple[int, ...], low: int, high: int) -> Array:
        if prod(shape) <= ELEMENTS_HIGH:
            return self.draw(arrays.arrays(np.int64, shape, elements=st.integers(low, high), fill=st.nothing()))
        seed = self.draw(st.integers(0, 2**32 - 1))
        return np.random.default_rng(seed).integers(low, high + 1, shape)


@st.composite
def trials(draw: Callable[[st.SearchStrategy[Any]], Any], features: Features = ALL) -> Trial:
    """A random network with its frames."""
    choose = DrawChoose(draw)
    drawn = draw_network(choose, features)
    return Trial("a random network", drawn.network, draw_frames(choose, drawn.network))
