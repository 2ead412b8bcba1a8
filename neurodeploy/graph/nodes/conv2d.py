"""Convolution synapses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from neurodeploy.graph.node import FanOut, Shape, State, Synapse
from neurodeploy.graph.numeric import Arithmetic, Array

Pair = tuple[int, int]


@final
@dataclass(frozen=True, eq=False)
class Conv2d(Synapse):
    """2-D cross-correlation with zero padding, as torch.nn.Conv2d.

    Args:
        weight: (out, in / groups, kernel height, kernel width).
        bias: (out,) or None.
        stride, padding, dilation: (height, width).
        groups: divides both in and out.
    """

    stride: Pair = (1, 1)
    padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: int = 1

    def __post_init__(self) -> None:
        self.own_array("weight", 4)
        self.own_array("bias", 1)
        out = len(self.weight)
        self.require(self.bias is None or len(self.bias) == out, f"bias does not have {out} values")
        for field, least in (("stride", 1), ("padding", 0), ("dilation", 1)):
            pair = getattr(self, field)
            fits = len(pair) == 2 and all(type(n) is int and n >= least for n in pair)
            self.require(fits, f"{field} is {pair}, wanted two integers >= {least}")
        self.require(self.groups >= 1 and out % self.groups == 0, f"groups {self.groups} does not divide {out} outputs")

    def output_shape(self, shape: Shape) -> Shape:
        channels = self.weight.shape[1] * self.groups
        if len(shape) != 3 or shape[0] != channels:
            raise self.refuse_shape(shape, f"({channels}, height, width)")
        height, width = (self._extent(axis, shape[1 + axis]) for axis in (0, 1))
        if height < 1 or width < 1:
            raise self.refuse_shape(shape, f"a map that the {self.weight.shape[2]}x{self.weight.shape[3]} kernel fits")
        return (len(self.weight), height, width)

    def _extent(self, axis: int, size: int) -> int:
        reach: int = self.dilation[axis] * (self.weight.shape[2 + axis] - 1) + 1
        return (size + 2 * self.padding[axis] - reach) // self.stride[axis] + 1

    def _taps(self, shape: Shape) -> Iterator[tuple[int, int, slice, slice]]:
        """Kernel row, kernel column, and the rows and columns of the padded input which they meet."""
        _, height, width = self.output_shape(shape)
        for row in range(self.weight.shape[2]):
            for column in range(self.weight.shape[3]):
                top, left = row * self.dilation[0], column * self.dilation[1]
                rows = slice(top, top + self.stride[0] * (height - 1) + 1, self.stride[0])
                columns = slice(left, left + self.stride[1] * (width - 1) + 1, self.stride[1])
                yield row, column, rows, columns

    def step(self, value: Array, state: State, arithmetic: Arithmetic) -> tuple[Array, State]:
        (ph, pw), shape = self.padding, value.shape[1:]
        padded = np.pad(value.astype(np.float64), ((0, 0), (0, 0), (ph, ph), (pw, pw)))
        weight = self.weight.astype(np.float64)
        total = np.zeros((len(value), *self.output_shape(shape)))
        outs, ins = len(weight) // self.groups, weight.shape[1]
        for group in range(self.groups):
            to, source = slice(group * outs, (group + 1) * outs), slice(group * ins, (group + 1) * ins)
            for row, column, rows, columns in self._taps(shape):
                seen = padded[:, source, rows, columns]
                total[:, to] += np.moveaxis(np.tensordot(weight[to, :, row, column], seen, (1, 1)), 0, 1)
        total = total.astype(arithmetic.dtype)
        return total if self.bias is None else total + self.bias.reshape(-1, 1, 1), state

    def fan_out(self, shape: Shape) -> FanOut:
        return FanOut(stored=self._met(shape, np.ones_like(self.weight)), nonzero=self._met(shape, self.weight != 0))

    def _met(self, shape: Shape, exists: Array) -> Array:
        """How many of the weights marked in `exists` each input position meets."""
        (ph, pw), ins = self.padding, self.weight.shape[1]
        per_group = exists.reshape(self.groups, -1, *exists.shape[1:]).sum(1).astype(np.int64)
        padded = np.zeros((shape[0], shape[1] + 2 * ph, shape[2] + 2 * pw), np.int64)
        for row, column, rows, columns in self._taps(shape):
            padded[:, rows, columns] += per_group[:, :, row, column].reshape(self.groups * ins, 1, 1)
        return padded[:, ph : ph + shape[1], pw : pw + shape[2]]
