"""Neurons over time with surrogate gradients: the float recursion of training and the integer one of the targets.

Both are autograd functions whose backward is written by hand: only the voltages before the reset are kept. The reset
is treated as a constant in the backward pass (detached), as the gradient through it is the surrogate's and not the
network's. What computes them is chosen by what is at hand: compiled loops on the CPU, Triton on CUDA, or plain torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.errors import GraphError
from neurodeploy.train.neurons.cell import STEP, Cell, Rule, State
from neurodeploy.train.neurons.compiled import kernels_for
from neurodeploy.train.neurons.recursion import IntegerStates, float_states, gradients, integer_states, truncate_, wrap

__all__ = [
    "STEP",
    "Cell",
    "IntegerStates",
    "Rule",
    "State",
    "float_rule",
    "float_states",
    "integer_states",
    "spike",
    "spike_integer",
    "spike_integer_on",
    "spike_on",
    "truncate_",
    "wrap",
]


def spike(
    drive: Float[Tensor, "time batch *shape"],
    cell: Cell,
    bias: Float[Tensor, " channel"] | None = None,
    *,
    keep: Float[Tensor, ""] | None = None,
    spend: bool = False,
) -> Float[Tensor, "time batch *shape"]:
    """Spikes (0 or 1) of neurons that receive `drive`, in its precision; currents start at 0, voltages at `cell.start`.

    Args:
        drive: summed input of each timestep; half precision is computed in float32.
        bias: added to the voltage at every step, per channel or neuron.
        keep: gets the gradient of the share of the voltage that survives a timestep; the share in use is the cell's.
        spend: nobody reads `drive` afterwards, so its memory may hold the voltages.
    """
    spikes, _ = _spikes(drive, bias, keep, None, _FloatPlan(float_rule(cell), spend))
    return spikes


def spike_on(
    drive: Float[Tensor, "time batch *shape"],
    cell: Cell,
    bias: Float[Tensor, " channel"] | None,
    state: State | None,
    *,
    keep: Float[Tensor, ""] | None = None,
) -> tuple[Float[Tensor, "time batch *shape"], State]:
    """`spike` of neurons that go on from `state`, and the state that they reach; gradients flow through both.

    Args:
        state: None: before the first timestep.
    """
    rule = float_rule(cell)
    spikes, after = _spikes(drive, bias, keep, state or _begin(drive, rule), _FloatPlan(rule, spend=False))
    assert after is not None, "it was given one"
    return spikes, after


def spike_integer(
    drive: Float[Tensor, "time batch *shape"],
    cell: Cell,
    bias: Float[Tensor, " channel"] | None,
    scale: float,
    *,
    keep: Float[Tensor, ""] | None = None,
) -> Float[Tensor, "time batch *shape"]:
    """Spikes of the integer recursion, with the gradients of the float one (straight through the rounding).

    Args:
        drive: integers in weight steps, that is `scale` times the float drive.
        cell: in float units; its threshold becomes round(threshold * scale).
        bias: integers in weight steps.
        scale: weight steps per unit of the float network.
        keep: gets the gradient of the share of the voltage that survives a timestep; the share in use is the cell's.
    Raises:
        GraphError: the voltages of `cell` do not start at zero.
    """
    spikes, _ = _spikes(drive, bias, keep, None, _integer_plan(cell, scale))
    return spikes


def spike_integer_on(
    drive: Float[Tensor, "time batch *shape"],
    cell: Cell,
    bias: Float[Tensor, " channel"] | None,
    scale: float,
    state: State | None,
    *,
    keep: Float[Tensor, ""] | None = None,
) -> tuple[Float[Tensor, "time batch *shape"], State]:
    """`spike_integer` of neurons that go on from `state`, and the state that they reach."""
    plan = _integer_plan(cell, scale)
    spikes, after = _spikes(drive, bias, keep, state or _begin(drive, plan.rule), plan)
    assert after is not None, "it was given one"
    return spikes, after


def float_rule(cell: Cell) -> Rule:
    """The float recursion of `cell` in numbers."""
    level = cell.start * cell.threshold
    return Rule(cell.keep_current, cell.keep_voltage, cell.threshold, level, cell.reset, cell.surrogate)


@final
@dataclass(frozen=True)
class _FloatPlan:
    """How floats are computed."""

    rule: Rule
    spend: bool

    def run(self, drive: Tensor, bias: Tensor | None, before: State | None) -> tuple[Tensor, Tensor, State | None]:
        """Voltages, spikes, and the state if `before` is one."""
        offset, compiled = None if bias is None else bias.float(), kernels_for(drive, self.rule.surrogate)
        if compiled is not None:
            return compiled.float_voltages(drive, offset, self.rule, before, spend=self.spend)
        voltage, spikes, after = float_states(drive.float(), self.rule, offset, before)
        return voltage, spikes.to(drive.dtype), None if before is None else after


@final
@dataclass(frozen=True)
class _IntegerPlan:
    """How integers are computed.

    Args:
        rule: in membrane steps, for the backward pass.
        cell: with the decays in use.
        threshold: in weight steps.
    """

    rule: Rule
    cell: Cell
    threshold: int

    def run(self, drive: Tensor, bias: Tensor | None, before: State | None) -> tuple[Tensor, Tensor, State | None]:
        """Voltages, spikes, and the state if `before` is one."""
        # Some convolution algorithms (Winograd, FFT) return integers with an error far below one half.
        drive = drive.round()
        compiled = kernels_for(drive, self.rule.surrogate)
        if compiled is not None:
            decays = (self.cell.current_decay, self.cell.voltage_decay)
            return compiled.integer_voltages(drive, bias, decays, self.rule, before)
        states = integer_states(drive, self.cell, bias, self.threshold, _as_integer_states(before))
        current = states.current[-1].float() if self.rule.keep_current else None
        after = None if before is None else State(current, states.remains[-1])
        return states.voltage, states.spikes, after


def _integer_plan(cell: Cell, scale: float) -> _IntegerPlan:
    if cell.start:
        reason = f"its voltage starts at {cell.start:g} of the threshold, for which integer networks have no place"
        hint = "Neurons that are exported start at 0: train on from the converted weights with Cell.start = 0."
        raise GraphError(node="neurons", reason=reason, hint=hint)
    threshold = round(cell.threshold * scale)
    surrogate = type(cell.surrogate)(cell.surrogate.width * scale * STEP)
    level = float(threshold * STEP)
    rule = Rule(cell.keep_current, cell.keep_voltage, level, 0.0, cell.reset, surrogate, gain=float(STEP))
    return _IntegerPlan(rule, cell, threshold)


def _as_integer_states(state: State | None) -> IntegerStates | None:
    if state is None:
        return None
    remains = state.remains[None]
    current = torch.zeros_like(remains) if state.current is None else state.current[None]
    return IntegerStates(remains, current.double(), remains, remains)


def _begin(drive: Tensor, rule: Rule) -> State:
    """The state before the first timestep."""
    first = drive[0].detach().float()
    return State(torch.zeros_like(first) if rule.keep_current else None, torch.full_like(first, rule.start))


def _spikes(
    drive: Tensor, bias: Tensor | None, keep: Tensor | None, state: State | None, plan: _FloatPlan | _IntegerPlan
) -> tuple[Tensor, State | None]:
    """Spikes, and the state after them if one is given."""
    current, remains = (None, None) if state is None else (state.current, state.remains)
    found = _Spikes.apply(drive, bias, keep, current, remains, plan)  # type: ignore[no-untyped-call]  # torch's apply
    spikes, current, remains = found
    return spikes, None if remains is None else State(current, remains)


class _Spikes(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        drive: Tensor,
        bias: Tensor | None,
        keep: Tensor | None,
        current: Tensor | None,
        remains: Tensor | None,
        plan: _FloatPlan | _IntegerPlan,
    ) -> tuple[Tensor | None, ...]:
        before = None if remains is None else State(current, remains)
        voltage, spikes, after = plan.run(drive, bias, before)
        # Only a learned decay reads the first voltages, and where timesteps come one by one they would add up.
        ctx.save_for_backward(voltage, remains if ctx.needs_input_grad[2] else None)
        ctx.rule, ctx.dtype = plan.rule, drive.dtype
        ctx.has_current, ctx.has_state = current is not None, remains is not None
        ctx.set_materialize_grads(False)
        return spikes, None if after is None else after.current, None if after is None else after.remains

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        voltage, remains = ctx.saved_tensors
        rule: Rule = ctx.rule
        before = None
        if ctx.has_state:
            before = State(voltage[0] if ctx.has_current else None, voltage[0] if remains is None else remains)
        compiled = kernels_for(voltage, rule.surrogate)
        found = (gradients if compiled is None else compiled.gradients)(
            torch.zeros_like(voltage) if grads[0] is None else grads[0],
            voltage,
            rule,
            biased=ctx.needs_input_grad[1],
            learned=ctx.needs_input_grad[2],
            before=before,
            later=_later(before, grads[1], grads[2]),
        )
        states = (None, None) if found.state is None else (found.state.current, found.state.remains)
        return found.drive.to(ctx.dtype), found.bias, found.keep, *states, None


def _later(before: State | None, current: Tensor | None, remains: Tensor | None) -> State | None:
    """Gradients with respect to the last state; None where nothing depends on it."""
    if before is None or (current is None and remains is None):
        return None
    if before.current is not None and current is None:
        current = torch.zeros_like(before.current)
    return State(current, torch.zeros_like(before.remains) if remains is None else remains)
