"""Layers of torch as nodes: what they take, and what of them has no place in a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

import numpy as np
from torch import Tensor, nn

from neurodeploy.graph import Node, Ref, Shape
from neurodeploy.graph.nodes import AvgPool2d, BatchNorm, Conv2d, Dense, Flatten, MaxPool2d
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_values import Axes

Refs = tuple[Ref, ...]
Pair = tuple[int, int]
Builder = Callable[[str, str, Any, Refs, Shape], Node]  # Any: each builder knows its own kind of module

PASSING: Final[tuple[type[nn.Module], ...]] = (nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout)
"""Layers that give in eval mode what they get."""


def build(base: type[nn.Module], name: str, path: str, module: nn.Module, inputs: Refs, before: Shape) -> Node:
    """The node of a layer that is, or behaves as, a `base`.

    Args:
        path: of the module; for messages.
        before: shape that enters.
    Raises:
        UnsupportedNodeError: one of its settings has no form in the graph.
    """
    return BUILDERS[base](name, path, module, inputs, before)


def takes(base: type[nn.Module], module: nn.Module, axes: Axes, value: Tensor) -> bool:
    """Whether a layer that is, or behaves as, a `base` treats the leading axes of `value` as time and batch."""
    if issubclass(base, PASSING):
        return True
    rest = value.ndim - axes.count
    if issubclass(base, nn.Linear):
        return rest == 1
    has_time = getattr(module, "step_mode", "s") == "m"
    if has_time is not (axes is Axes.TIME_BATCH) and not issubclass(base, nn.Flatten):
        return False
    if issubclass(base, nn.Flatten):
        return _flattens(module, axes, value, has_time)
    return rest == (1 if issubclass(base, nn.BatchNorm1d) else 3)


def _flattens(module: Any, axes: Axes, value: Tensor, has_time: bool) -> bool:
    """Whether an nn.Flatten leaves exactly the leading axes."""
    ndim = value.ndim - 1 if has_time else value.ndim
    kept = axes.count - 1 if has_time else axes.count
    within = (axes is Axes.TIME_BATCH) or not has_time
    return within and module.start_dim % ndim == kept and module.end_dim % ndim == ndim - 1


def array(value: Tensor) -> Array:
    """A float64 copy."""
    return np.asarray(value.detach().cpu().double().numpy())


def _dense(name: str, path: str, module: nn.Linear, inputs: Refs, before: Shape) -> Node:
    return Dense(name, inputs, array(module.weight), None if module.bias is None else array(module.bias))


def _conv(name: str, path: str, module: nn.Conv2d, inputs: Refs, before: Shape) -> Node:
    if module.padding_mode != "zeros" or isinstance(module.padding, str):
        _refuse(path, module, f"padding is {module.padding!r}, {module.padding_mode}; wanted numbers and zeros")
    bias = None if module.bias is None else array(module.bias)
    stride, padding, dilation = (_pair(value) for value in (module.stride, module.padding, module.dilation))
    return Conv2d(name, inputs, array(module.weight), bias, stride, padding, dilation, module.groups)


def _avg_pool(name: str, path: str, module: nn.AvgPool2d, inputs: Refs, before: Shape) -> Node:
    if _pair(module.padding) != (0, 0) or module.divisor_override is not None:
        _refuse(path, module, "it pads or has a divisor of its own; pad with the convolution before it")
    return AvgPool2d(name, inputs, _pair(module.kernel_size), _pair(module.stride))


def _adaptive_pool(name: str, path: str, module: nn.AdaptiveAvgPool2d, inputs: Refs, before: Shape) -> Node:
    sizes = _pair(module.output_size)  # type: ignore[arg-type]  # None is refused with the sizes that do not divide
    if not all(size and old % size == 0 for old, size in zip(before[1:], sizes, strict=True)):
        _refuse(path, module, f"its windows differ in size: a map of {before[1:]} becomes {sizes}")
    kernel = (before[1] // sizes[0], before[2] // sizes[1])
    return AvgPool2d(name, inputs, kernel, kernel)


def _max_pool(name: str, path: str, module: nn.MaxPool2d, inputs: Refs, before: Shape) -> Node:
    if _pair(module.padding) != (0, 0) or _pair(module.dilation) != (1, 1) or module.return_indices:
        _refuse(path, module, "it pads, is dilated or returns indices")
    return MaxPool2d(name, inputs, _pair(module.kernel_size), _pair(module.stride))


def _norm(name: str, path: str, module: nn.BatchNorm1d | nn.BatchNorm2d, inputs: Refs, before: Shape) -> Node:
    if module.running_mean is None or module.running_var is None:
        _refuse(path, module, "it keeps no running statistics, so its output depends on the batch")
    mean, variance = array(module.running_mean), array(module.running_var)
    weight = np.ones_like(mean) if module.weight is None else array(module.weight)
    bias = np.zeros_like(mean) if module.bias is None else array(module.bias)
    return BatchNorm(name, inputs, weight, bias, mean, variance, float(module.eps))


def _flatten(name: str, path: str, module: nn.Flatten, inputs: Refs, before: Shape) -> Node:
    return Flatten(name, inputs)


BUILDERS: Final[Mapping[type[nn.Module], Builder]] = {
    nn.Linear: _dense,
    nn.Conv2d: _conv,
    nn.AvgPool2d: _avg_pool,
    nn.AdaptiveAvgPool2d: _adaptive_pool,
    nn.MaxPool2d: _max_pool,
    nn.BatchNorm1d: _norm,
    nn.BatchNorm2d: _norm,
    nn.Flatten: _flatten,
}


def _pair(value: int | tuple[int, ...]) -> Pair:
    if isinstance(value, int):
        return value, value
    height, width = (int(each) for each in value)
    return height, width


def _refuse(path: str, module: nn.Module, reason: str) -> NoReturn:
    raise refused(path, type(module).__name__, reason)
