"""A wired network as graph nodes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NoReturn, final

from torch import nn

from neurodeploy.graph import Node, Ref, Synapse
from neurodeploy.graph.nodes import BatchNorm, Cuba, Dense, Flatten, Input, Readout
from neurodeploy.graph.numeric import Array
from neurodeploy.importers.framework import Framework
from neurodeploy.importers.lif import Lif, neurons
from neurodeploy.importers.refusal import refused
from neurodeploy.importers.torch_layers import BUILDERS, PASSING, build
from neurodeploy.importers.torch_values import FRAMES, Key, Term
from neurodeploy.importers.torch_wiring import Part, Wiring


@final
class GraphBuilder:
    """Nodes of a network in the order of computation, with the module paths that they come from."""

    def __init__(self, framework: Framework, wiring: Wiring) -> None:
        self.framework, self.wiring = framework, wiring
        self.paths: dict[str, str] = {}
        self.notes: list[str] = []
        self.made: dict[str, Node] = {}
        self.given: dict[Key, tuple[Ref, ...]] = {}
        self.scales: list[tuple[str, str, Array]] = []
        """Path of neurons, name of what feeds them, factor per output."""

    def nodes(self, frames: Input) -> tuple[Node, ...]:
        """All nodes that the answer needs; the last one gives it.

        Raises:
            UnsupportedNodeError: a part has no form in the graph.
        """
        self._add(frames)
        self.given[FRAMES] = (Ref(frames.name),)
        self.notes.append(f"frames: {self.wiring.feeding.layout.value}")
        if self.wiring.feeding.is_flat:
            self.given[FRAMES] = (self._flattened(Ref(frames.name)),)
            self.notes.append(f"frames {self.wiring.shape} are flattened in the order channel, row, column")
        self._name_forward()
        for part in self.wiring.parts:
            self._add_part(part)
        for path, name, scale in self.scales:
            self.made[name] = self._scaled(path, name, scale)
        return self._needed(self._answer())

    def _name_forward(self) -> None:
        """Names of all parts, so that a delayed edge can point to a later one."""
        self.names = {part.key: _identifier(part) for part in self.wiring.parts}
        for part in self.wiring.parts:
            self.given[part.key] = (Ref(self.names[part.key]),)
        for part in self.wiring.parts:
            if self._passes(part):
                self.given[part.key] = self._refs(part)

    def _add_part(self, part: Part) -> None:
        path, name, base = part.key.path, self.names[part.key], self._base(part.module)
        if self._passes(part):
            self.notes.append(f"{path}: {type(part.module).__name__} gives what it gets")
        elif base is not None:
            self._add_layer(part, base, name)
        else:
            self._add_neurons(part, self.framework.neuron(path, part.module), name)

    def _passes(self, part: Part) -> bool:
        """Whether a part gives what it gets."""
        base = self._base(part.module)
        return base is not None and (issubclass(base, PASSING) or (base is nn.Flatten and len(part.before) == 1))

    def _add_layer(self, part: Part, base: type[nn.Module], name: str) -> None:
        node = build(base, name, part.key.path, part.module, self._refs(part), part.before)
        scale = part.terms[0].scale
        if scale != 1:
            if not isinstance(node, Synapse) or len(part.terms) > 1:
                self._refuse(part, f"what enters it is multiplied by {scale:.9g}")
            node = replace(node, weight=node.weight * scale)
            self.notes.append(f"{part.key.path}: its input is multiplied by {scale:.9g}, folded into the weights")
        if node.output_shape(part.before) != part.after:
            self._refuse(part, f"it gives {part.after}, without partial windows {node.output_shape(part.before)}")
        if isinstance(node, BatchNorm):
            self.notes.append(f"{part.key.path}: batch norm with running statistics, folded into the synapse before it")
        self._add(node, part.key.path)

    def _add_neurons(self, part: Part, lif: Lif, name: str) -> None:
        if part.key.place:
            hint = "Use one frame and each neuron once in a timestep: let forward take (time, batch, ...)."
            self._refuse(part, "it is called several times in a timestep", hint)
        if any(term.scale != 1 for term in part.terms):
            self._refuse(part, f"what enters it is multiplied by {part.terms[0].scale:.9g}")
        inputs = self._refs(part)
        if lif.weights is not None:
            inputs = self._own_synapses(part, lif.weights, inputs, name)
        made = neurons(name, part.key.path, lif, inputs, part.after)
        for node in made.nodes:
            self._add(node, part.key.path)
        if made.scale is not None:
            self.scales += [(part.key.path, ref.node, made.scale) for ref in inputs]
            self.notes.append(f"{part.key.path}: thresholds differ, made equal by scaling what feeds each neuron")
        self.notes += [f"{part.key.path}: {text}" for text in (*lif.notes, *lif.decay_notes())]

    def _own_synapses(
        self, part: Part, weights: tuple[Array, Array], inputs: tuple[Ref, ...], name: str
    ) -> tuple[Ref, ...]:
        own = (Dense(f"{name}_in", inputs, weights[0]), Dense(f"{name}_rec", (Ref(name, 1),), weights[1]))
        for node in own:
            self._add(node, part.key.path)
        return tuple(Ref(node.name) for node in own)

    def _refs(self, part: Part) -> tuple[Ref, ...]:
        return tuple(ref for term in part.terms for ref in self._term(term))

    def _term(self, term: Term) -> list[Ref]:
        refs = [Ref(ref.node, ref.delay + term.delay) for ref in self.given[term.key]]
        return [self._flattened(ref) for ref in refs] if term.is_flat else refs

    def _flattened(self, ref: Ref) -> Ref:
        name = f"{ref.node}_flat" + (f"_{ref.delay}" if ref.delay else "")
        if name not in self.made:
            self._add(Flatten(name, (ref,)))
        return Ref(name)

    def _scaled(self, path: str, name: str, scale: Array) -> Node:
        """A synapse or batch norm whose outputs are multiplied by `scale`."""
        node = self.made[name]
        readers = [other for other in self.made.values() if any(ref.node == name for ref in other.inputs)]
        if not isinstance(node, Synapse | BatchNorm) or len(readers) > 1:
            reason = f"its thresholds differ, and '{name}', which feeds it, is no synapse of its own"
            raise refused(path, "neuron", reason, "Train with one threshold for each layer.")
        across = scale.reshape(-1, *(1,) * (node.weight.ndim - 1))
        weight = node.weight * across
        if isinstance(node, BatchNorm):
            return replace(node, weight=weight, bias=node.bias * scale)
        return replace(node, weight=weight, bias=None if node.bias is None else node.bias * scale)

    def _answer(self) -> Ref:
        (answer, *others) = self.given[self.wiring.output]
        node = self.made[answer.node]
        if others or answer.delay or not isinstance(node, Cuba | Dense | BatchNorm):
            reason = "its answer is neither spikes of neurons nor sums of a Linear"
            raise refused(self.wiring.output.path or "network", type(node).__name__, reason)
        if isinstance(node, Cuba):
            return answer
        self.notes.append(f"{self.wiring.output.path}: the answer is the sum of its outputs over all timesteps")
        self._add(Readout("readout", (answer,)))
        return Ref("readout")

    def _needed(self, answer: Ref) -> tuple[Node, ...]:
        """The nodes from which `answer` can be reached, it being the last."""
        needed, waiting = {answer.node}, [answer.node]
        while waiting:
            sources = {ref.node for ref in self.made[waiting.pop()].inputs} - needed
            needed |= sources
            waiting += sources
        lost = sorted({self.paths[name] for name in self.made if name not in needed and name in self.paths})
        if lost:
            self.notes.append(f"not needed for the answer, left out: {', '.join(lost)}")
        kept = [node for node in self.made.values() if node.name in needed and node.name != answer.node]
        return (*_ordered(kept), self.made[answer.node])

    def _base(self, module: nn.Module) -> type[nn.Module] | None:
        """The torch layer that a module is; None for neurons."""
        kind = self.framework.layers().get(type(module), type(module))
        return kind if kind in BUILDERS or kind in PASSING else None

    def _add(self, node: Node, path: str = "") -> None:
        self.made[node.name] = node
        if path:
            self.paths[node.name] = path

    def _refuse(self, part: Part, reason: str, hint: str = "") -> NoReturn:
        raise refused(part.key.path, type(part.module).__name__, reason, hint)


def _ordered(nodes: list[Node]) -> list[Node]:
    """The nodes so that each comes after what it reads in the same timestep; otherwise as they are."""
    placed: list[Node] = []
    waiting = list(nodes)
    while waiting:
        names = {node.name for node in waiting}
        ready = next(
            (n for n in waiting if not any(ref.node in names for ref in n.inputs if not ref.delay)), waiting[0]
        )
        placed.append(ready)
        waiting.remove(ready)
    return placed


def _identifier(part: Part) -> str:
    """A C identifier made of the module's path: fc1, or linear0 in an nn.Sequential."""
    word = re.sub(r"\W", "_", part.key.path)
    if not re.match(r"[A-Za-z_]", word):
        word = f"{type(part.module).__name__.lower()}{word}"
    if word in ("input", "readout"):
        word += "_"
    return f"{word}_{part.key.place + 1}" if part.key.place else word
