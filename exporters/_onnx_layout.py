"""Time and batch as axes: neurons want (time, batch, ...), convolutions want both folded into one axis "samples".

In the step form values have one leading axis "batch" and nothing here adds a node.
"""

from __future__ import annotations

import numpy as np

from neurodeploy.exporters._onnx_build import Builder, Dim, Kind, Value

FRAMES = "x"
"""The input of every model."""


def folded(builder: Builder, value: Value) -> Value:
    """`value` with time and batch as one axis, as the operators on maps need it."""
    if value.dims[0] != "time":
        return value
    shape = builder.constant(f"{value.name}.folded_shape", [-1, *value.shape], Kind.INT64)
    dims: tuple[Dim, ...] = ("samples", *value.shape)
    return builder.node("Reshape", [value, shape], f"{value.name}.folded", value.kind, dims, scale=value.scale)


def timed(builder: Builder, value: Value) -> Value:
    """`value` with time and batch apart again."""
    if value.dims[0] != "samples":
        return value
    shape = _with_lead(builder, 2, value.shape)
    dims: tuple[Dim, ...] = ("time", "batch", *value.shape)
    return builder.node("Reshape", [value, shape], f"{value.name}.timed", value.kind, dims, scale=value.scale)


def flat(builder: Builder, value: Value, name: str) -> Value:
    """`value` (..., channel, height, width) as (..., neurons)."""
    value = timed(builder, value)
    lead = value.dims[: -len(value.shape)]
    shape = builder.constant(f"{name}.shape", [*(0 for _ in lead), -1], Kind.INT64)
    dims = (*lead, int(np.prod(value.shape)))
    return builder.node("Reshape", [value, shape], name, value.kind, dims, scale=value.scale)


def zeros(builder: Builder, name: str, kind: Kind, shape: tuple[int, ...]) -> Value:
    """A state before the first timestep, (batch, *shape), for as many samples as the frames have."""
    fill = builder.constant(f"zero.{kind.value}", [0], kind)
    return builder.node("Expand", [fill, _with_lead(builder, 1, shape)], name, kind, ("batch", *shape))


def at_rest(builder: Builder, drive: Value, name: str) -> Value:
    """The same for one neuron that has its drive of all timesteps: fewer nodes than asking the frames for the batch."""
    zero = builder.constant(f"{name}.start", 0, Kind.INT64)
    first = builder.node("Gather", [drive, zero], f"{name}.first", drive.kind, drive.dims[1:], axis=0)
    return builder.like("Mul", first, [builder.constant(f"{name}.nothing", 0, drive.kind)], f"{name}.zero")


def _with_lead(builder: Builder, axes: int, shape: tuple[int, ...]) -> Value:
    """The sizes (time, batch, *shape), or (batch, *shape) for one axis, found when the model runs."""
    frames = Value(FRAMES, Kind.UINT8, ())
    name = "time_batch" if axes == 2 else "batch"
    lead = builder.node("Shape", [frames], f"frames.{name}", Kind.INT64, (axes,), start=2 - axes, end=2)
    tail = "x".join(map(str, shape))
    rest = builder.constant(f"frames.{tail}", shape, Kind.INT64)
    return builder.node("Concat", [lead, rest], f"frames.{name}.{tail}", Kind.INT64, (axes + len(shape),), axis=0)
