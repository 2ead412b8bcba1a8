"""How the modules of a network are wired, from a marked run.

Every module inside was made to put out random numbers that occur nowhere else. So whatever enters a module later is
recognised by its value: the frames, what another module gave, a sum of two of them, a multiple, a map as a vector.
Indexing, stacking, loops over time and reshaping need no rule of their own. What is not recognised was computed by a
function that has no place in a graph, and is refused at the module which it enters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, final

from torch import Tensor, nn

from neurodeploy.graph import Shape
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_marked import TIME, Call, MarkedRun, tensors_of
from neurodeploy.importers.torch_run import Feeding
from neurodeploy.importers.torch_values import FRAMES, Axes, Key, Term, Values, factor

Takes = Callable[[str, nn.Module, Axes, Tensor], bool]
"""Whether the module at a path understands a tensor with these leading axes."""


@final
@dataclass(frozen=True, eq=False)
class Part:
    """One module in its place.

    Args:
        terms: what enters it.
        axes: leading axes of what it takes and gives.
        before, after: shapes without time and batch.
    """

    key: Key
    module: nn.Module
    terms: tuple[Term, ...]
    axes: Axes
    before: Shape
    after: Shape


@final
@dataclass(frozen=True, eq=False)
class Wiring:
    """A network: its modules in the order in which they are first called, and the one that gives the answer."""

    feeding: Feeding
    shape: Shape
    parts: tuple[Part, ...]
    output: Key


@final
class Wirer:
    """Recognises what entered each module, call by call."""

    def __init__(self, network: nn.Module, found: MarkedRun, takes: Takes) -> None:
        self.network, self.found, self.takes = network, found, takes
        self.total = Counter(call.path for call in found.calls)
        self.done: Counter[str] = Counter()
        self.axes: dict[str, Axes] = {}
        self.calls: dict[Key, Call] = {}
        self.inputs: dict[Key, dict[int, tuple[Term, ...]]] = {}
        self.values = Values()
        self.values.add(FRAMES, 0, found.frames)

    def wiring(self, feeding: Feeding, shape: Shape) -> Wiring:
        """The network.

        Raises:
            UnsupportedNodeError: what enters a module, or what the network gives, is not recognised.
        """
        for call in self.found.calls:
            if not any(self._recognise(call, axes) for axes in self._axes(call)):
                self._refuse_value(call)
            self.done[call.path] += 1
            self.values.states += [(call.path, state) for state in call.states]
        parts = tuple(self._part(key, call) for key, call in self.calls.items())
        return Wiring(feeding, shape, parts, self._answer())

    def _axes(self, call: Call) -> list[Axes]:
        known = [self.axes[call.path]] if call.path in self.axes else list(Axes)
        return [a for a in known if a.fit(call.value) and self.takes(call.path, call.module, a, call.value)]

    def _recognise(self, call: Call, axes: Axes) -> bool:
        """Whether everything that enters is known, if it has these axes; then the call is remembered."""
        number, rounds = self.done[call.path], self.total[call.path] // TIME
        if axes is Axes.STEP and self.total[call.path] % TIME:
            return False
        first, place = divmod(number, rounds) if axes is Axes.STEP else (0, number)
        found: dict[int, tuple[Term, ...]] = {}
        for step, value in enumerate(axes.steps(call.value, TIME)):
            terms = self.values.find(value, first + step)
            if terms is None:
                return False
            found[first + step] = terms
        key = Key(call.path, place)
        self.axes[call.path] = axes
        self.calls.setdefault(key, call)
        self.inputs.setdefault(key, {}).update(found)
        self.values.add(key, first, axes.steps(call.result, TIME))
        return True

    def _part(self, key: Key, call: Call) -> Part:
        found, axes = self.inputs[key], self.axes[key.path]
        terms = tuple(dict.fromkeys(term for time in sorted(found, reverse=True) for term in found[time]))
        for time, each in found.items():
            if set(each) != {term for term in terms if term.delay <= time}:
                _refuse(key.path, call.module, "what enters it differs from timestep to timestep")
        if not terms:
            _refuse(key.path, call.module, "nothing but zeros enters it")
        before, after = (tuple(axes.steps(t, TIME).shape[2:]) for t in (call.value, call.result))
        return Part(key, call.module, terms, axes, before, after)

    def _refuse_value(self, call: Call) -> NoReturn:
        owner = self.values.owner(call.value)
        if owner is not None:
            _refuse(call.path, call.module, f"it reads a state of '{owner}'; only spikes leave neurons")
        reason = f"what enters it, of shape {tuple(call.value.shape)}, was not given by a module that is known, nor is "
        reason += "it a sum of two such values or a multiple"
        _refuse(call.path, call.module, reason)

    def _answer(self) -> Key:
        """The value whose spikes or sums, over all timesteps, the network gives."""
        given = list(tensors_of(self.found.output))
        for tensor in given:
            found = self._sequence(tensor) or self._total(tensor)
            if found is not None:
                return found
        last = any(self._is_last(tensor) for tensor in given)
        reason = "it gives only the last timestep" if last else "what it gives is not recognised"
        hint = "Let forward give the spikes of the last neurons, or the sums of the last Linear, of all timesteps."
        raise refused("network", type(self.network).__name__, reason, hint)

    def _sequence(self, tensor: Tensor) -> Key | None:
        """The value of which `tensor` holds all timesteps."""
        for axes in (Axes.TIME_BATCH, Axes.BATCH_TIME):
            if axes.fit(tensor):
                found = {self.values.find(value, time) for time, value in enumerate(axes.steps(tensor, TIME))}
                terms = found.pop() if len(found) == 1 else None
                if terms and len(terms) == 1 and (terms[0].delay, terms[0].scale) == (0, 1.0):
                    return terms[0].key
        return None

    def _total(self, tensor: Tensor) -> Key | None:
        """The value of which `tensor` is the sum or mean over time."""
        for key, steps in self._alike(tensor).items():
            total = sum(steps.values())
            scale = factor(tensor.double().flatten(1), total.flatten(1)) if isinstance(total, Tensor) else None
            if scale is not None and scale > 0:
                return key
        return None

    def _is_last(self, tensor: Tensor) -> bool:
        alike = self._alike(tensor).values()
        return any(factor(tensor.double().flatten(1), steps[TIME - 1].flatten(1)) is not None for steps in alike)

    def _alike(self, tensor: Tensor) -> Mapping[Key, dict[int, Tensor]]:
        if not Axes.STEP.fit(tensor) or tensor.ndim < 2:
            return {}
        return {k: s for k, s in self.values.known.items() if k != FRAMES and s[0].shape == tensor.shape}


def _refuse(path: str, module: nn.Module, reason: str) -> NoReturn:
    hint = (
        "Use modules for everything between frames and answer, nn.Flatten and nn.AvgPool2d for instance, no functions."
    )
    raise refused(path, type(module).__name__, reason, hint)
