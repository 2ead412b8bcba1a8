"""Everything that decides a training run, as frozen values; defaults are the recipe for 34x34 digits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, final

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.graph.numeric import DECAY_ONE
from neurodeploy.train.distill_config import DistillConfig
from neurodeploy.train.select_config import SelectConfig
from neurodeploy.train.transfer_config import TransferConfig

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
            "qcfs" and "relu" are activations of an artificial network, which sees every timestep by itself and is not
            deployed: a baseline, a teacher, or the beginning of a spiking network.
        voltage_decay: 0..4096, share of the voltage lost per timestep in 1/4096; "if" has none.
        current_decay: 0..4096, likewise for the current; used by "cuba" only.
        threshold: fires when v > threshold, > 0; the drive is normalised to variance 1.
        reset: "zero" or "subtract" the threshold; Loihi has zero only.
        surrogate: gradient of a spike.
        gamma: width of the surrogate in units of the voltage, > 0.
        readout: "accumulate": dense sums over time, no spikes; "spikes": the last layer spikes and is counted.
        qcfs_levels: L, steps of the activation "qcfs" above zero, 1..1024.
        qcfs_lambda: its largest value, where training begins, > 0; in units of the normalised drive. The published 8
            leaves a converted network of few timesteps almost without spikes.
        learn_decay: the voltage decay of each layer is learned, from voltage_decay on; not of "if", which has none.
        delays: learned ones of what dense layers of neurons receive. "axon": one for each neuron (or channel of a map)
            whose spikes reach such a layer; "synapse": one for each weight of such a layer, the first one included.
        max_delay: longest delay in timesteps, 0..62 (Loihi's limit) and less than there are timesteps.
        delay_lr: learning rate of delays at the top of the schedule, >= 0; in timesteps per step of the optimizer. 0.1
            is that of Hammouamri et al. 2024 for synapses; axons want less. 0 keeps the random delays of the beginning.
    """

    kind: Literal["lif", "cuba", "if", "qcfs", "relu"] = "lif"
    voltage_decay: int = 2048
    current_decay: int = 2048
    threshold: float = 1.0
    reset: Literal["zero", "subtract"] = "zero"
    surrogate: SurrogateName = "triangle"
    gamma: float = 1.0
    readout: Literal["accumulate", "spikes"] = "accumulate"
    qcfs_levels: int = 8
    qcfs_lambda: float = 2.0
    learn_decay: bool = False
    delays: Literal["none", "axon", "synapse"] = "none"
    max_delay: int = 4
    delay_lr: float = 0.1

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("neuron.kind", self.kind, ("lif", "cuba", "if", "qcfs", "relu"))
        for key in ("voltage_decay", "current_decay"):
            value = getattr(self, key)
            within(f"neuron.{key}", value, 0 <= value <= DECAY_ONE, f"0..{DECAY_ONE}, in 1/{DECAY_ONE} per timestep")
        within("neuron.threshold", self.threshold, 0 < self.threshold < 1e6, "0 < threshold < 1e6")
        one_of("neuron.reset", self.reset, ("zero", "subtract"))
        one_of("neuron.surrogate", self.surrogate, ("triangle", "arctan"))
        within("neuron.gamma", self.gamma, 0 < self.gamma < 1e6, "0 < gamma < 1e6")
        one_of("neuron.readout", self.readout, ("accumulate", "spikes"))
        counted = not (self.is_ann and self.readout == "spikes")
        within("neuron.readout", self.readout, counted, f"accumulate, as {self.kind} gives no spikes to count")
        within("neuron.qcfs_levels", self.qcfs_levels, 1 <= self.qcfs_levels <= 1024, "1..1024")
        within("neuron.qcfs_lambda", self.qcfs_lambda, 1e-3 < self.qcfs_lambda < 1e6, "0.001 < lambda < 1e6")
        leaks = self.kind in ("lif", "cuba") or not self.learn_decay
        within(
            "neuron.learn_decay", self.learn_decay, leaks, f"false, as {self.kind} has no leak that could be learned"
        )
        one_of("neuron.delays", self.delays, ("none", "axon", "synapse"))
        timeless = self.is_ann and self.has_delays
        within("neuron.delays", self.delays, not timeless, f"none, as every timestep of {self.kind} stands by itself")
        within("neuron.max_delay", self.max_delay, 0 <= self.max_delay <= 62, "0..62 timesteps")
        within("neuron.delay_lr", self.delay_lr, 0 <= self.delay_lr < 100, "0 <= delay_lr < 100")

    @property
    def has_delays(self) -> bool:
        """Whether delays are learned."""
        return self.delays != "none"

    @property
    def is_ann(self) -> bool:
        """Whether the neurons are activations of an artificial network."""
        return self.kind in ("qcfs", "relu")

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
        execution: "layer": all timesteps of one layer, then those of the next; "step": all layers of one timestep, then
            those of the next, with batch norm of each timestep alone; "auto": what takes less time, which is "layer"
            with gradient "bptt", in every network that was measured (`train.stepwise`), and "step" with the others,
            which have no other.
        gradient: "bptt": through time and space; "sltt": through space alone, timestep by timestep, with memory that
            does not grow with the timesteps; "sltt_k": likewise, of some timesteps only. Both want loss "tet".
        sltt_steps: K, the timesteps of each batch that "sltt_k" differentiates, >= 1.
        sltt_rescale: whether their gradients are multiplied by T / K, which makes them those of "sltt" on average.
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
    execution: Literal["auto", "layer", "step"] = "auto"
    gradient: Literal["bptt", "sltt", "sltt_k"] = "bptt"
    sltt_steps: int = 1
    sltt_rescale: bool = False
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
        one_of("train.execution", self.execution, ("auto", "layer", "step"))
        one_of("train.gradient", self.gradient, ("bptt", "sltt", "sltt_k"))
        timely = not (self.is_online and self.execution == "layer")
        within(
            "train.execution", self.execution, timely, f"auto or step: train.gradient={self.gradient} is step by step"
        )
        within("train.sltt_steps", self.sltt_steps, self.sltt_steps >= 1, "an integer >= 1")
        summed = not self.is_online or self.loss == "tet"
        within("train.loss", self.loss, summed, f"tet: train.gradient={self.gradient} wants a loss of every timestep")

    @property
    def is_online(self) -> bool:
        """Whether each timestep is differentiated by itself."""
        return self.gradient != "bptt"

    @property
    def is_stepwise(self) -> bool:
        """Whether training computes all layers of one timestep before the next one."""
        return self.is_online or self.execution == "step"


@final
@dataclass(frozen=True)
class PenaltyConfig:
    """Settings of the section `penalty`: what activity adds to the loss.

    Args:
        rate: weight of the spikes: by how much the rate of a hidden layer exceeds `target_rate`, mean over the layers.
        target_rate: spikes per neuron and timestep that cost nothing, 0..1.
        synops: weight of the synaptic operations of an inference, as a share of those that it would take if every
            input of every layer were active at every timestep.
    """

    rate: float = 0.0
    target_rate: float = 0.0
    synops: float = 0.0

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        within("penalty.rate", self.rate, 0 <= self.rate < 1e6, "0 (off) <= weight < 1e6")
        within("penalty.target_rate", self.target_rate, 0 <= self.target_rate <= 1, "0..1")
        within("penalty.synops", self.synops, 0 <= self.synops < 1e6, "0 (off) <= weight < 1e6")


@final
@dataclass(frozen=True)
class RecipeConfig:
    """Settings of the section `recipe`.

    Args:
        kind: "plain": one phase; "hsd": an artificial network on the first `data.skip` windows, its conversion, and the
            training of the spiking network on the other windows, taught by the artificial one; "iir": fewer timesteps
            with every phase; "inherit": many epochs with few timesteps, then few with many; "ann-init": an artificial
            network, then the spiking one with its weights.
        ann_epochs: of the phase of an artificial network; 0 is train.epochs, with "iir" no such phase.
        ann_lr: its learning rate, > 0; `train.lr` is that of the last phase.
        ann_loss: its loss; "tet" (with tet_lambda 0) as in HSD's text, "mean" as in its published code. With "tet" each
            frame is recognised by itself, so that the converted network needs less of the recording.
        ann_windows: "before": the windows before `data.skip` are those of "hsd"'s artificial network; "all": all are.
        teach: whether the artificial network teaches the spiking one, as `distill` says, when no other teacher does.
        ann_timesteps: windows that the artificial network of "ann-init" sees the whole recording in, each by itself; 0:
            those of the spiking one.
        chain: timesteps of the phases of "iir" (falling) and "inherit" (rising), 1..1024; the last is the run's. Empty:
            for "iir" 8, 4, 2, 1 as far as the run's; for "inherit" a third of them, then all.
        rebin: each of these phases sees the whole recording in windows of its own; false: the first so many of
            `data.timesteps` windows after `data.skip`.
        phase_epochs: of each spiking phase, >= 1. Empty: train.epochs; for the last of "inherit" a sixth of them.
        phase_lr: learning rate of each spiking phase, > 0. Empty: train.lr, a quarter of it where a phase begins with
            trained weights, and a tenth for "ann-init".
    """

    kind: Literal["plain", "hsd", "iir", "inherit", "ann-init"] = "plain"
    ann_epochs: int = 0
    ann_lr: float = 4e-3
    ann_loss: Literal["mean", "tet"] = "tet"
    ann_windows: Literal["before", "all"] = "before"
    teach: bool = True
    ann_timesteps: int = 0
    chain: tuple[int, ...] = ()
    rebin: bool = True
    phase_epochs: tuple[int, ...] = ()
    phase_lr: tuple[float, ...] = ()

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("recipe.kind", self.kind, ("plain", "hsd", "iir", "inherit", "ann-init"))
        within("recipe.ann_epochs", self.ann_epochs, self.ann_epochs >= 0, "0 (train.epochs) or more")
        within("recipe.ann_lr", self.ann_lr, 0 < self.ann_lr < 100, "0 < lr < 100")
        one_of("recipe.ann_loss", self.ann_loss, ("mean", "tet"))
        one_of("recipe.ann_windows", self.ann_windows, ("before", "all"))
        within("recipe.ann_timesteps", self.ann_timesteps, 0 <= self.ann_timesteps <= 1024, "0 (the run's)..1024")
        within("recipe.chain", self.chain, all(1 <= steps <= 1024 for steps in self.chain), "timesteps 1..1024")
        within("recipe.phase_epochs", self.phase_epochs, all(n >= 1 for n in self.phase_epochs), "integers >= 1")
        within("recipe.phase_lr", self.phase_lr, all(0 < lr < 100 for lr in self.phase_lr), "0 < lr < 100 each")


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
    select: SelectConfig = field(default_factory=SelectConfig)
    penalty: PenaltyConfig = field(default_factory=PenaltyConfig)
    distill: DistillConfig = field(default_factory=DistillConfig)
    transfer: TransferConfig = field(default_factory=TransferConfig)
    seed: int = 0
    device: Literal["auto", "cpu", "cuda"] = "auto"

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value of any section is out of range."""
        for section in (self.data, self.model, self.neuron, self.train, self.augment, self.recipe):
            section.check()
        for added in (self.select, self.penalty, self.distill, self.transfer):
            added.check()
        within("seed", self.seed, 0 <= self.seed < 2**63, "0..2**63 - 1")
        one_of("device", self.device, ("auto", "cpu", "cuda"))
        if self.neuron.has_delays:
            self._check_delays()
        trained_on = self.model.kind == "graph" and self.neuron.is_ann
        within("neuron.kind", self.neuron.kind, not trained_on, "lif, cuba or if: the network that is tuned has spikes")
        if self.neuron.is_ann:
            key, found = "train.execution, train.gradient", (self.train.execution, self.train.gradient)
            whole = self.train.execution != "step" and not self.train.is_online
            within(key, found, whole, f"layer and bptt, as every timestep of {self.neuron.kind} stands by itself")
        if self.train.gradient == "sltt_k":
            key, steps = "train.sltt_steps", self.data.steps
            within(key, self.train.sltt_steps, self.train.sltt_steps <= steps, f"1..{steps}, the network's timesteps")

    def _check_delays(self) -> None:
        key, found, steps = "neuron.delays", self.neuron.delays, self.data.steps
        within(
            key,
            found,
            self.model.kind != "graph",
            "none with model.kind=graph, as tune goes on from networks without delays; train.init=RUN keeps them",
        )
        within(key, found, self.recipe.kind == "plain", f"none with recipe.kind={self.recipe.kind}")
        whole = not self.train.is_online and self.train.execution != "step"
        within(key, found, whole, "none with train.execution=step and with SLTT, which keep one timestep at a time")
        late = f"0..{steps - 1}: the network sees {steps} timesteps, and what arrives after them is lost"
        within("neuron.max_delay", self.neuron.max_delay, self.neuron.max_delay < steps, late)


def within(key: str, found: object, fits: bool, allowed: str) -> None:
    """Raise ConfigError unless `fits`."""
    if not fits:
        raise ConfigError(key=key, found=found, allowed=allowed)


def one_of(key: str, found: str, allowed: Sequence[str]) -> None:
    """Raise ConfigError unless `found` is one of the words."""
    within(key, found, found in allowed, ", ".join(allowed))
