"""What the manifest says about a NetX file: which node is which layer, when it resets, how late each layer is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

from neurodeploy.errors import ArtefactError
from neurodeploy.targets import MANIFEST, Artefact

NETWORK = "network.net"
LATENCY_HIGH = 10_000
"""No network has more layers; a damaged manifest must not make a run of billions of timesteps."""


@final
@dataclass(frozen=True, eq=False)
class Notes:
    """The part of the manifest that a run needs.

    Args:
        layers: node -> number of its layer in the file, in the order of computation.
        latency: node -> timesteps by which its values come later than the input they belong to.
        reset_interval, reset_offset: as given to lava-dl's `Network`.
        restart: each sample needs a network of its own, since Lava's reset leaves spikes under way in synapses.
        answer_node, answer_read: the output node, and whether its "spikes" or its "voltage" is the answer.
    """

    layers: Mapping[str, int]
    latency: Mapping[str, int]
    reset_interval: int
    reset_offset: int
    restart: bool
    answer_node: str
    answer_read: str


def read_notes(artefact: Artefact) -> Notes:
    """The notes in an artefact's manifest.

    Raises:
        ArtefactError: one is missing, of another type or out of range.
    """
    notes, path = artefact.manifest["notes"], artefact.folder / MANIFEST

    def demand(fact: bool, key: str, allowed: str) -> None:
        if not fact:
            reason = f"notes.{key} is {notes.get(key)!r}, allowed: {allowed}"
            raise ArtefactError(path=path, reason=reason, hint="Export again.")

    for key in ("layers", "latency"):
        demand(_is_table(notes.get(key)), key, f"node names and integers 0..{LATENCY_HIGH}, at least one")
    demand(notes["latency"].keys() == notes["layers"].keys(), "latency", "the same nodes as notes.layers")
    demand(_is_integer(notes.get("reset_interval"), 1), "reset_interval", "an integer >= 1")
    demand(_is_integer(notes.get("reset_offset"), 0), "reset_offset", "an integer >= 0")
    demand(isinstance(notes.get("restart"), bool), "restart", "true or false")
    answer = notes.get("answer")
    demand(isinstance(answer, dict) and answer.get("node") in notes["layers"], "answer", "a node of notes.layers")
    demand(answer.get("read") in ("spikes", "voltage"), "answer", "read: spikes or voltage")
    layers = dict(sorted(notes["layers"].items(), key=lambda item: item[1]))
    timing = notes["reset_interval"], notes["reset_offset"], notes["restart"]
    return Notes(layers, dict(notes["latency"]), *timing, answer["node"], answer["read"])


def _is_integer(value: Any, low: int) -> bool:  # Any: comes from JSON
    return type(value) is int and value >= low


def _is_table(value: Any) -> bool:  # Any: comes from JSON
    if not isinstance(value, dict) or not value:
        return False
    return all(_is_integer(number, 0) and number <= LATENCY_HIGH for number in value.values())
