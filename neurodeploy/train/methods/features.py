"""The activity of a student's layer beside that of a teacher's."""

from __future__ import annotations

import math
from typing import final

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

Shape = tuple[int, ...]


@final
class Adaptor(nn.Module):
    """A linear map from features of one shape to features of another: 1x1 convolution between maps, dense otherwise.

    Of two maps, both are averaged to the smaller height and width before. It is trained, and left behind afterwards.

    Args:
        student, teacher: shapes without the batch.
        generator: of the first weights.
    """

    def __init__(self, student: Shape, teacher: Shape, generator: torch.Generator) -> None:
        super().__init__()
        self.size: tuple[int, int] | None = None
        inputs, outputs = math.prod(student), math.prod(teacher)
        if len(student) == len(teacher) == 3:
            self.size = (min(student[1], teacher[1]), min(student[2], teacher[2]))
            inputs, outputs = student[0], teacher[0]
        weight = torch.empty(outputs, inputs).uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(torch.zeros(outputs))

    def distances(
        self, student: Float[Tensor, " batch *shape"], teacher: Float[Tensor, " batch *other"]
    ) -> Float[Tensor, " batch"]:
        """Mean squared distance of each recording's features."""
        ours, theirs = (self._pooled(value.float()) for value in (student, teacher))
        mapped = F.linear(ours, self.weight, self.bias)
        return (mapped - theirs).square().flatten(1).mean(1)

    def _pooled(self, value: Tensor) -> Tensor:
        """Features along the last axis."""
        if self.size is None:
            return value.flatten(1)
        return F.adaptive_avg_pool2d(value, self.size).movedim(1, -1)
