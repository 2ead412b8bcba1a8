"""The words of a profile: kinds of work, units, scopes, tags; and one number with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

WORK: Final[Mapping[str, str]] = {
    "accumulate": "weights met by values of magnitude 1 (binary and ternary spikes)",
    "multiply_accumulate": "weights met by all other non-zero values",
    "bias_add": "biases added, every output at every step",
    "pool_add": "additions of pooling: windows met by non-zero values",
    "pool_scale": "divisions of average pooling, every output at every step",
    "join_add": "non-zero values added without a weight: skip connections, inputs wired straight to neurons",
    "neuron_update": "neurons times steps, spike or not",
    "spike": "spikes emitted by neurons",
    "input_event": "non-zero input values delivered to the network",
    "state_bit_read": "bits of neuron state read",
    "state_bit_write": "bits of neuron state written",
    "weight_bit_read": "bits of weights read, one read for each use",
    "event_bit_in": "bits of events (address and value) received by synapses",
    "event_bit_out": "bits of events sent by inputs and neurons",
    "cycle": "processor cycles; never counted, only given by the user",
}
"""Kinds of work that a count can hold and a profile can price."""

UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "energy": {"fJ": 1e-3, "pJ": 1.0, "nJ": 1e3, "uJ": 1e6},
    "power": {"nW": 1e-9, "uW": 1e-6, "mW": 1e-3, "W": 1.0},
    "power per frequency": {"uW/MHz": 1e-12, "mW/MHz": 1e-9},
    "time": {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0},
    "frequency": {"Hz": 1.0, "kHz": 1e3, "MHz": 1e6},
    "size": dict.fromkeys(
        (
            "bit",
            "byte",
            "neurons",
            "cores",
            "axons",
            "steps",
            "synapses",
            "weight types",
            "units",
            "entries",
            "channels",
            "pixels",
            "slots",
        ),
        1.0,
    ),
}
"""Dimension -> unit -> factor to the base unit: pJ, W, W/Hz, s, Hz, pieces."""

KINDS: Final = ("measured", "simulated", "vendor", "derived", "arch")
TAGS: Final[Mapping[str, str]] = {
    "R": "recomputed here from raw data",
    "S": "read in the primary source",
    "T": "third-party transcription of the primary source",
}
COST_SCOPES: Final = ("marginal", "all_in", "arith", "peak", "unstated")
ALONE: Final = ("all_in", "unstated")
"""Scopes of a price that contains everything, or that may: nothing can be added to it."""
TERM_SCOPES: Final = ("marginal", "arith", "peak")
"""Scopes of energies that are parts of a sum: accesses of memories, bits that move."""
PLACE_SCOPES: Final = ("core", "chip", "board")
LIMITS: Final = (
    "weight_bits",
    "state_bits",
    "threshold_bits",
    "bias_bits",
    "decay_bits",
    "delay_steps",
    "neurons_per_core",
    "cores_per_chip",
    "chips",
    "input_axons_per_core",
    "output_axons_per_core",
    "synapse_bytes_per_core",
    "memory_bytes_per_core",
    "synapses",
    "weight_types",
    "spike_bits",
    "input_channels",
    "hidden_neurons",
    "output_neurons",
    "fan_out",
    "input_projection",
    "output_projection",
    "destinations",
    "kernel_side",
    "stride",
    "padding",
    "pool_side",
    "map_channels",
    "input_map_side",
    "output_map_side",
    "weight_bytes_per_pair",
    "flash_bytes",
    "ram_bytes",
)
"""What a chip limits. A limit that sources put differently has an interval: its low end is the stricter reading."""

PER_CORE: Final = ("kernel_entries", "neuron_entries", "bias_entries")
"""Limits that differ from core to core; one value for each core, in the order of the cores."""

ENCODINGS: Final = (
    "word_bits",
    "dense_index_bits",
    "dense_header_bits",
    "list_length",
    "least_index_bits",
    "population_axon_slots",
)
"""How synapses lie in the memory of a core; see `neurodeploy.placement.encoding`."""
POWERS: Final = {"static": "power", "clock": "power per frequency", "overhead": "power"}
OPERATION_TIMES: Final = ("accumulate", "neuron_update", "spike")
"""Kinds of work with a time of one operation on one core."""

TIMINGS: Final = {"step": "time", "clock": "frequency", "barrier": "time", **dict.fromkeys(OPERATION_TIMES, "time")}
MEMORIES: Final = ("register", "sram", "flash", "dram")
"""What the name of a memory level begins with; only `dram` may have no capacity."""

PRECISIONS: Final = ("int8", "fp16", "bf16", "fp32")
MOVEMENTS: Final[Mapping[str, str]] = {
    "sparse": "one bit of an event, one hop",
    "dense": "one bit of a dense block of values, one hop",
    "dram": "one bit to or from memory outside the chip",
}
"""Ways in which bits move."""


@final
@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Where an all-in number was measured, and how far from there it may be used.

    Args:
        rate: units of work per second, > 0.
        tolerance: largest share by which another rate may differ, 0 to 1.
    """

    rate: float
    tolerance: float


@final
@dataclass(frozen=True)
class Quantity:
    """One number of a profile and where it comes from.

    Args:
        value: >= 0, in `unit`.
        scope: for costs `marginal` (one more event), `all_in` (everything over the event rate at one operating point),
            `arith` (arithmetic unit only), `peak` (highest power over highest rate) or `unstated` (the source does not
            say what is inside); for power, time and limits what it is of: `core`, `chip`, `board`.
        kind: `measured`, `simulated`, `vendor`, `derived` or `arch`.
        tag: how sure it is that the source says so: R, S or T.
        voltage: supply in V, or None when the source does not say.
        interval: least and greatest value in `unit`, or None when the source gives none.
        includes: kinds of work (keys of WORK) already inside this number.
        at: the operating point of an all-in number; None for all other scopes.
    """

    value: float
    unit: str
    scope: str
    kind: str
    source: str
    tag: str
    voltage: float | None = None
    interval: tuple[float, float] | None = None
    includes: tuple[str, ...] = ()
    note: str = ""
    at: OperatingPoint | None = None

    @property
    def range(self) -> tuple[float, float, float]:
        """(low, value, high) in the base unit of its dimension; all equal when the source gives no interval."""
        factor = next(units[self.unit] for units in UNITS.values() if self.unit in units)
        low, high = self.interval or (self.value, self.value)
        return low * factor, self.value * factor, high * factor
