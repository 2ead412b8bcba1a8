"""Everything that decides a training run, as frozen values; defaults are the recipe for 34x34 digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, final

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.graph.numeric import DECAY_ONE

SurrogateName = Literal["triangle", "arctan"]


@final
@dataclass(frozen=True)
class ModelConfig:
    """Settings of the section `model`.

    Args:
        kind: "strided-cnn": convolutions, then one dense readout; "mlp": dense layers only; "graph": the network that
            `tune` was given, which the run keeps; the other settings of this section have no meaning then.
        channels, kernels, strides, paddings: one entry for each convolution of strided-cnn.
        hidden: neurons of each hidden layer of mlp.
        batch_norm: normalise what each hidden layer of neurons receives; folded into the weights on the way out.
    """

    kind: Literal["strided-cnn", "mlp", "graph"] = "strided-cnn"
    channels: tuple[int, ...] = (16, 32, 64)
    kernels: tuple[int, ...] = (5, 3, 3)
    strides: tuple[int, ...] = (2, 2, 1)
    paddings: tuple[int, ...] = (1, 1, 1)
    hidden: tuple[int, ...] = (512,)
    batch_norm: bool = True

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("model.kind", self.kind, ("strided-cnn", "mlp", "graph"))
        for key, least in (("channels", 1), ("kernels", 1), ("strides", 1), ("paddings", 0), ("hidden", 1)):
            values = getattr(self, key)
            within(f"model.{key}", values, bool(values) and min(values) >= least, f"a list of integers >= {least}")
        for key in ("kernels", "strides", "paddings"):
            same = len(getattr(self, key)) == len(self.channels)
            within(f"model.{key}", getattr(self, key), same, f"one entry for each of the {len(self.channels)} channels")


@final
@dataclass(frozen=True)
class NeuronConfig:
    """Settings of the section `neuron`; the same neuron in every layer.

    Args:
        kind: "lif": no current memory; "cuba": current and voltage decay; "if": no current memory and no leak.
        voltage_decay: 0..4096, share of the voltage lost per timestep in 1/4096; "if" has none.
        current_decay: 0..4096, likewise for the current; used by "cuba" only.
        threshold: fires when v > threshold, > 0; the drive is normalised to variance 1.
        reset: "zero" or "subtract" the threshold; Loihi has zero only.
        surrogate: gradient of a spike.
        gamma: width of the surrogate in units of the voltage, > 0.
        readout: "accumulate": dense sums over time, no spikes; "spikes": the last layer spikes and is counted.
    """

    kind: Literal["lif", "cuba", "if"] = "lif"
    voltage_decay: int = 2048
    current_decay: int = 2048
    threshold: float = 1.0
    reset: Literal["zero", "subtract"] = "zero"
    surrogate: SurrogateName = "triangle"
    gamma: float = 1.0
    readout: Literal["accumulate", "spikes"] = "accumulate"

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("neuron.kind", self.kind, ("lif", "cuba", "if"))
        for key in ("voltage_decay", "current_decay"):
            value = getattr(self, key)
            within(f"neuron.{key}", value, 0 <= value <= DECAY_ONE, f"0..{DECAY_ONE}, in 1/{DECAY_ONE} per timestep")
        within("neuron.threshold", self.threshold, 0 < self.threshold < 1e6, "0 < threshold < 1e6")
        one_of("neuron.reset", self.reset, ("zero", "subtract"))
        one_of("neuron.surrogate", self.surrogate, ("triangle", "arctan"))
        within("neuron.gamma", self.gamma, 0 < self.gamma < 1e6, "0 < gamma < 1e6")
        one_of("neuron.readout", self.readout, ("accumulate", "spikes"))

    @property
    def decays(self) -> tuple[int, int]:
        """(current_decay, voltage_decay) of the neuron kind."""
        if self.kind == "cuba":
            return self.current_decay, self.voltage_decay
        return DECAY_ONE, self.voltage_decay if self.kind == "lif" else 0


@final
@dataclass(frozen=True)
class TrainConfig:
    """Settings of the section `train`.

    Args:
        epochs: passes over the training split, >= 1.
        batch_size: recordings per step, >= 1.
        lr: learning rate of AdamW at the top of the schedule, > 0; it falls to 0 as a half cosine.
        warmup: share of all steps in which the learning rate rises from 0, 0..0.5.
        weight_decay: of AdamW, on weights of synapses only, >= 0.
        loss: "mean": cross-entropy on the logits averaged over time; "tet": on the logits of every timestep.
        tet_lambda: share of the squared distance of the logits to 1 in the TET loss, 0..1.
        label_smoothing: 0 <= share < 1.
        clip_norm: largest norm of all gradients together, > 0.
        quantize_from: share of the epochs after which the network computes in integers, 0..1; 1 never does.
        weight_bits: stored bits per weight, 2..8.
        layer_bits: stored bits per weight of each layer of synapses, the readout included; empty: weight_bits for all.
        quantizer: "max": the largest weight of a layer decides its step size, and no weight is clipped; "lsq": the step
            size is learned from the first integer epoch on (Esser et al. 2020, openreview rkgO66VKDS).
        amp: bfloat16 autocast on CUDA; ignored on CPU.
        init: folder of a run whose best weights this one begins with; empty begins with random ones.
        threads: of the CPU, 1..256; 0 is one per core, at most 4, as layers this small gain nothing from more. The same
            number gives the same weights.
    """

    epochs: int = 60
    batch_size: int = 32
    lr: float = 4e-3
    warmup: float = 0.05
    weight_decay: float = 1e-2
    loss: Literal["mean", "tet"] = "mean"
    tet_lambda: float = 0.0
    label_smoothing: float = 0.0
    clip_norm: float = 1.0
    quantize_from: float = 0.6
    weight_bits: int = 8
    layer_bits: tuple[int, ...] = ()
    quantizer: Literal["max", "lsq"] = "max"
    amp: bool = True
    init: str = ""
    threads: int = 0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        within("train.epochs", self.epochs, self.epochs >= 1, "an integer >= 1")
        within("train.batch_size", self.batch_size, self.batch_size >= 1, "an integer >= 1")
        within("train.lr", self.lr, 0 < self.lr < 100, "0 < lr < 100")
        within("train.warmup", self.warmup, 0 <= self.warmup <= 0.5, "0..0.5")
        within("train.weight_decay", self.weight_decay, 0 <= self.weight_decay < 100, "0 <= weight_decay < 100")
        one_of("train.loss", self.loss, ("mean", "tet"))
        within("train.tet_lambda", self.tet_lambda, 0 <= self.tet_lambda <= 1, "0..1")
        within("train.label_smoothing", self.label_smoothing, 0 <= self.label_smoothing < 1, "0 <= share < 1")
        within("train.clip_norm", self.clip_norm, self.clip_norm > 0, "> 0")
        within("train.quantize_from", self.quantize_from, 0 <= self.quantize_from <= 1, "0..1")
        within("train.threads", self.threads, 0 <= self.threads <= 256, "0 (automatic)..256")
        within("train.weight_bits", self.weight_bits, 2 <= self.weight_bits <= 8, "an integer 2..8")
        fits = all(2 <= bits <= 8 for bits in self.layer_bits)
        within("train.layer_bits", self.layer_bits, fits, "integers 2..8, one for each layer of synapses")
        one_of("train.quantizer", self.quantizer, ("max", "lsq"))


@final
@dataclass(frozen=True)
class RecipeConfig:
    """Settings of the section `recipe`.

    Args:
        kind: "plain": one phase.
    """

    kind: Literal["plain"] = "plain"

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("recipe.kind", self.kind, ("plain",))


@final
@dataclass(frozen=True)
class RunConfig:
    """The whole configuration of a run."""

    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    neuron: NeuronConfig = field(default_factory=NeuronConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    recipe: RecipeConfig = field(default_factory=RecipeConfig)
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value of any section is out of range."""
        for section in (self.data, self.model, self.neuron, self.train, self.augment, self.recipe):
            section.check()
        within("seed", self.seed, 0 <= self.seed < 2**63, "0..2**63 - 1")
        one_of("device", self.device, ("auto", "cpu", "cuda"))


def within(key: str, found: object, fits: bool, allowed: str) -> None:
    """Raise ConfigError unless `fits`."""
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed)


def one_of(key: str, found: str, allowed: Sequence[str]) -> None:
    """Raise ConfigError unless `found` is one of the words."""
    within(key, found, found in allowed, ", ".join(allowed))
