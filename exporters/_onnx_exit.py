"""Early exit in the integer step form: two more outputs, the answer so far and whether it is final, in integers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from onnx import helper

from neurodeploy.early_exit import ExitRule
from neurodeploy.exporters._onnx_build import Builder, Kind, Value
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Cuba

NAME = "early_exit"
"""Names of values begin with it; a node's name holds no dot, so none of them is a node's."""


@final
@dataclass(frozen=True)
class ExitValues:
    """Where a model says when to stop.

    Args:
        final: bool for each sample of the batch.
        answer: int64, class of each sample.
        scores: what both are found from, int32 (batch, classes).
        steps: timesteps since the first, int32 (batch,); None where the rule does not ask for it.
        states: what one step leaves for the next: before and after.
    """

    final: Value
    answer: Value
    scores: Value
    steps: Value | None
    states: tuple[tuple[Value, Value], ...]

    @property
    def outputs(self) -> list[Value]:
        """Outputs of the graph besides those it has anyway."""
        return [self.final, self.answer]

    def facts(self, rule: ExitRule) -> dict[str, object]:
        """What a user of the file needs."""
        return {
            "margin": rule.margin,
            "min_steps": rule.min_steps,
            "final": self.final.name,
            "answer": self.answer.name,
            "scores": self.scores.name,
            "steps": None if self.steps is None else self.steps.name,
        }


def exit_values(builder: Builder, graph: Graph, output: Value, rule: ExitRule) -> ExitValues:
    """The nodes of the rule behind the network's output of a timestep."""
    states: list[tuple[Value, Value]] = []
    classes = graph.shapes[graph.output.name][0]
    scores = builder.cast(output, Kind.INT32, f"{NAME}.scores")
    if isinstance(graph.output, Cuba):
        before = Value(f"{NAME}.counts", Kind.INT32, ("batch", classes))
        scores = builder.like("Add", before, [scores], f"{NAME}.counts.next")
        states.append((before, scores))
    values, places = _two_highest(builder, scores)
    lead = builder.like(
        "Sub", _column(builder, values, 0, "first"), [_column(builder, values, 1, "second")], f"{NAME}.lead"
    )
    margin = builder.constant(f"{NAME}.margin", rule.margin, Kind.INT32)
    final = builder.node("Greater", [lead, margin], f"{NAME}.enough", Kind.BOOL, lead.dims)
    steps = None
    if rule.min_steps > 1:
        before = Value(f"{NAME}.steps", Kind.INT32, ("batch",))
        one = builder.constant(f"{NAME}.one", 1, Kind.INT32)
        steps = builder.like("Add", before, [one], f"{NAME}.steps.next")
        states.append((before, steps))
        least = builder.constant(f"{NAME}.min_steps", rule.min_steps, Kind.INT32)
        late = builder.node("GreaterOrEqual", [steps, least], f"{NAME}.late", Kind.BOOL, steps.dims)
        final = builder.like("And", final, [late], f"{NAME}.both")
    answer = _column(builder, places, 0, "place")
    final, answer = (
        builder.output(final, f"{NAME}.final", Kind.BOOL),
        builder.output(answer, f"{NAME}.answer", Kind.INT64),
    )
    return ExitValues(final, answer, scores, steps, tuple(states))


def _two_highest(builder: Builder, scores: Value) -> tuple[Value, Value]:
    """Values and classes; of equal scores the lowest class comes first, as TopK promises."""
    two = builder.constant(f"{NAME}.two", [2], Kind.INT64)
    values = Value(f"{NAME}.highest", scores.kind, ("batch", 2))
    places = Value(f"{NAME}.places", Kind.INT64, ("batch", 2))
    names = [values.name, places.name]
    builder.nodes.append(helper.make_node("TopK", [scores.name, two.name], names, name=f"{NAME}.top", axis=1))
    builder.values |= {value.name: value for value in (values, places)}
    return values, places


def _column(builder: Builder, pair: Value, place: int, name: str) -> Value:
    index = builder.constant(f"{NAME}.column{place}", place, Kind.INT64)
    return builder.node("Gather", [pair, index], f"{NAME}.{name}", pair.kind, ("batch",), axis=1)
