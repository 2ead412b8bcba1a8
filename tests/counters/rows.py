"""Small layers on which counters are compared: each a torch module and its input, as plain data without any library.

The inputs are those of the published comparison of counters (`expected.toml` has its results): few values that are not
zero, at places where borders, stride, groups, zero weights, signs or fractions matter.
"""

import random
from dataclasses import dataclass, field
from itertools import product
from typing import Any

Place = tuple[int, ...]


@dataclass(frozen=True)
class Row:
    """One layer and what it receives.

    Args:
        kind: class of torch.nn, or "spikingjelly.layer.Conv2d".
        options: its arguments.
        shape: of one input, without batch.
        values: the values that are not zero, by place.
        zero_inputs: inputs of a Linear whose weights are all zero.
        weight: of all others.
    """

    name: str
    kind: str
    options: dict[str, Any]
    shape: Place
    values: dict[Place, float] = field(default_factory=dict)
    zero_inputs: tuple[int, ...] = ()
    weight: float = 0.5

    def frame(self) -> Any:
        """The input as nested lists."""
        return _nested(self.shape, self.values)

    def plain(self) -> dict[str, Any]:
        """For another process, as JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "options": self.options,
            "zero_inputs": list(self.zero_inputs),
            "weight": self.weight,
            "frame": self.frame(),
        }


def _nested(shape: Place, values: dict[Place, float], place: Place = ()) -> Any:
    if len(place) == len(shape):
        return values.get(place, 0.0)
    return [_nested(shape, values, (*place, index)) for index in range(shape[len(place)])]


def _conv(name: str, values: dict[Place, float], kind: str = "Conv2d", **options: Any) -> Row:
    given = {"in_channels": 2, "out_channels": 4, "kernel_size": 3, "padding": 1, "bias": False, **options}
    return Row(name, kind, given, (2, 8, 8), values)


def _linear(name: str, values: dict[int, float], bias: bool = False, **given: Any) -> Row:
    options = {"in_features": 10, "out_features": 5, "bias": bias}
    return Row(name, "Linear", options, (10,), {(place,): value for place, value in values.items()}, **given)


def _scattered(shape: Place, share: float) -> dict[Place, float]:
    chance = random.Random(7)
    return {place: 1.0 for place in product(*map(range, shape)) if chance.random() < share}


CORNERS: dict[Place, float] = {(0, 0, 0): 1.0, (1, 7, 7): 1.0}
INSIDE: dict[Place, float] = {(0, 3, 3): 1.0, (1, 4, 4): 1.0}
EIGHT = (8, 16, 16)

DEPTHWISE = Row(
    "depthwise conv, 8 channels, 16 x 16",
    "Conv2d",
    {"in_channels": 8, "out_channels": 8, "kernel_size": 3, "padding": 1, "groups": 8, "bias": False},
    EIGHT,
    _scattered(EIGHT, 0.085),
)

ROWS = (
    _conv("conv 3x3 padding 1, spikes in two corners, bias", CORNERS, bias=True),
    _conv("conv 3x3 padding 1, spikes inside", INSIDE),
    _conv("conv 3x3 padding 1 stride 2, spikes inside", INSIDE, stride=2),
    _conv("conv 3x3 padding 1 groups 2, spikes inside", INSIDE, groups=2),
    _conv("conv 3x3 padding 2 dilation 2, spikes in two corners", CORNERS, padding=2, dilation=2),
    DEPTHWISE,
    _conv("spikingjelly.layer.Conv2d, spikes inside", INSIDE, "spikingjelly.layer.Conv2d"),
    _linear("linear, 3 spikes, bias", {0: 1, 4: 1, 7: 1}, bias=True),
    _linear("linear, 3 spikes, the weights of 2 of them zero", {0: 1, 4: 1, 7: 1}, zero_inputs=(4, 7)),
    _linear("linear, 3 spikes, one of them graded: 3", {0: 1, 4: 1, 7: 3}),
    _linear("linear, 3 spikes, one of them graded: 3, all weights 1", {0: 1, 4: 1, 7: 3}, weight=1.0),
    _linear("linear, 3 spikes, one of them negative: -1", {0: 1, 4: 1, 7: -1}),
    _linear("linear, 3 average-pooled spikes: 0.5", {0: 0.5, 4: 0.5, 7: 0.5}),
    _linear("linear, real values, half of them zero", {place: 0.3 + place / 8 for place in range(5)}),
    Row("max pooling 2x2", "MaxPool2d", {"kernel_size": 2}, (2, 8, 8), INSIDE),
    Row("average pooling 2x2", "AvgPool2d", {"kernel_size": 2}, (2, 8, 8), INSIDE),
    Row("batch norm", "BatchNorm2d", {"num_features": 2}, (2, 8, 8), INSIDE),
    _conv("transposed conv 3x3 stride 2", INSIDE, "ConvTranspose2d", padding=0, stride=2),
    Row(
        "LSTM 10 to 5, 3 steps",
        "LSTM",
        {"input_size": 10, "hidden_size": 5, "batch_first": True},
        (3, 10),
        {(step, place): 1.0 for step in range(3) for place in (0, 4, 7)},
    ),
    Row(
        "attention, 4 wide, 2 heads, 3 positions, real values",
        "MultiheadAttention",
        {"embed_dim": 4, "num_heads": 2, "bias": False, "batch_first": True},
        (3, 4),
        {place: 0.3 + sum(place) / 8 for place in product(range(3), range(4))},
    ),
)
