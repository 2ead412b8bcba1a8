"""Settings of a distillation of recordings into a few items per class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.condensed_facts import NAME
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import ModelConfig, NeuronConfig, one_of, within

Method = Literal["pace", "dm", "herding", "k-center", "medoids", "forgetting", "random"]
METHODS = ("pace", "dm", "herding", "k-center", "medoids", "forgetting", "random")
LEARNED = ("pace", "dm")
"""Methods that learn new items; the others choose among the recordings."""

TIMESTEPS = 4
"""Of the items, unless `data.timesteps` says otherwise."""


@final
@dataclass(frozen=True)
class CondenseConfig:
    """Settings of the section `condense`.

    Args:
        method: "pace": items learned by matching features (see the package). "dm": learned by matching mean spikes of
            random networks, items and recordings changed alike, no event lost. Recordings chosen: "random", "herding",
            "k-center", "forgetting", "medoids" (those nearest to the k-means centroids of trained features).
        per_class: items per class (IPC), >= 1.
        levels: largest count in a cell (N), 1..255; 1: binary frames, which need data.binary = true; more need false.
        quantizer: "bernoulli" or "binomial", see `quantizer.Quantizer`.
        ste: "identity" or "clipped": the gradient through the quantizer.
        final: "round": the counts nearest to the mean are kept; "sample": one draw.
        init: items begin as "centroids" of each class (k-means, for one item the class mean) or as "real" recordings.
        iterations: steps on the items, >= 1.
        lr: root mean square of a first step, in counts, > 0; it falls to 0 as a half cosine.
        optimizer: "momentum": one scale for all cells, so that those without signal stay quiet; "adam": one for each.
        smoothing: standard deviation in pixels of the Gaussian that the gradient is smoothed with, 0 (none)..16.
        real: recordings per class and iteration, >= 1.
        copies: copies of each item and iteration, each quantized and augmented anew; 0: about four for each class.
        augmented: "items": the section `augment` changes the copies, as training on them will; "both": the recordings
            too; "none".
        teachers: "pairs": a random blend of the first and last weights of a pretrained network; "random": new random
            weights in every iteration; "both": one or the other.
        pairs: pretrained networks (M), 1..64.
        pretrain_steps: optimizer steps of each, batches of 32, >= 1.
        layers: numbers of the spiking layers whose features are matched, from 0, or from the end with -1; empty: all.
        kappa: weight of the residual voltage in the features (SDR), >= 0; 0 matches spikes.
        clamp: keep residual voltages within one threshold.
        stsm, mean: weights of the two terms; each term is divided by its first value, so that only their ratio counts.
        temporal, root, alpha, sigma, frequencies: of ST-SM, see `matching.Stsm`.
    """

    method: Method = "pace"
    per_class: int = 1
    levels: int = 15
    quantizer: Literal["bernoulli", "binomial"] = "bernoulli"
    ste: Literal["identity", "clipped"] = "identity"
    final: Literal["round", "sample"] = "round"
    init: Literal["centroids", "real"] = "centroids"
    iterations: int = 400
    lr: float = 0.1
    optimizer: Literal["momentum", "adam"] = "momentum"
    smoothing: float = 1.0
    real: int = 8
    copies: int = 0
    augmented: Literal["items", "both", "none"] = "items"
    teachers: Literal["pairs", "random", "both"] = "both"
    pairs: int = 4
    pretrain_steps: int = 300
    layers: tuple[int, ...] = ()
    kappa: float = 1.0
    clamp: bool = True
    stsm: float = 0.1
    mean: float = 1.0
    temporal: Literal["dft", "none", "cross"] = "dft"
    root: Literal["bin", "group", "none"] = "group"
    alpha: float = 0.3
    sigma: float = 1.0
    frequencies: int = 64

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value is out of range."""
        one_of("condense.method", self.method, METHODS)
        for key, allowed in _CHOICES.items():
            one_of(f"condense.{key}", getattr(self, key), allowed)
        for key, (low, high) in _COUNTS.items():
            value = getattr(self, key)
            within(f"condense.{key}", value, low <= value <= high, f"{low}..{high}")
        for key, (least, most) in _NUMBERS.items():
            value = getattr(self, key)
            within(f"condense.{key}", value, least <= value <= most, f"{least:g}..{most:g}")
        some = self.stsm > 0 or self.mean > 0
        within("condense.stsm, condense.mean", (self.stsm, self.mean), some, "at least one above 0")


_CHOICES = {
    "quantizer": ("bernoulli", "binomial"),
    "ste": ("identity", "clipped"),
    "final": ("round", "sample"),
    "init": ("centroids", "real"),
    "optimizer": ("momentum", "adam"),
    "augmented": ("items", "both", "none"),
    "teachers": ("pairs", "random", "both"),
    "temporal": ("dft", "none", "cross"),
    "root": ("bin", "group", "none"),
}
_COUNTS = {
    "per_class": (1, 100_000),
    "levels": (1, 255),
    "iterations": (1, 10**7),
    "real": (1, 4096),
    "copies": (0, 256),
    "pairs": (1, 64),
    "pretrain_steps": (1, 10**6),
    "frequencies": (1, 65_536),
}
_NUMBERS = {
    "lr": (1e-6, 100.0),
    "smoothing": (0.0, 16.0),
    "kappa": (0.0, 100.0),
    "stsm": (0.0, 1e6),
    "mean": (0.0, 1e6),
    "alpha": (0.0, 1.0),
    "sigma": (1e-6, 1e3),
}


def _augment() -> AugmentConfig:
    """Changes under which items are matched, and which training on them should use."""
    return AugmentConfig(shift=2.0, rotation=20.0, scale=0.2, shear=0.25, drop=0.6)


@final
@dataclass(frozen=True)
class CondenseRun:
    """The whole configuration of a distillation of data.

    Args:
        data: the recordings; `data.limit` of them are condensed, validation is not split off.
        model, neuron: the networks whose features are matched.
        augment: changes of the copies.
        threads: of the CPU; 0 is one per core, at most 4.
    """

    data: DataConfig = field(default_factory=lambda: DataConfig(timesteps=TIMESTEPS, binary=False))
    model: ModelConfig = field(default_factory=ModelConfig)
    neuron: NeuronConfig = field(default_factory=NeuronConfig)
    condense: CondenseConfig = field(default_factory=CondenseConfig)
    augment: AugmentConfig = field(default_factory=_augment)
    seed: int = 0
    threads: int = 0

    @classmethod
    def complete(cls, tree: Mapping[str, Any]) -> Mapping[str, Any]:
        """`tree` with the defaults of this command where they differ from those of training."""
        levels = _table(tree, "condense").get("levels", CondenseConfig.levels)
        augment, data = _augment(), {"timesteps": TIMESTEPS, "binary": levels == 1}
        changes = {key: getattr(augment, key) for key in ("shift", "rotation", "scale", "shear", "drop")}
        filled = {"data": {**data, **_table(tree, "data")}, "augment": {**changes, **_table(tree, "augment")}}
        return {**tree, **{key: value for key, value in filled.items() if isinstance(tree.get(key, {}), Mapping)}}

    def check(self) -> None:
        """Raise ConfigError, naming the key, where a value of any section is out of range."""
        for section in (self.data, self.model, self.neuron, self.condense, self.augment):
            section.check()
        within("seed", self.seed, 0 <= self.seed < 2**63, "0..2**63 - 1")
        within("threads", self.threads, 0 <= self.threads <= 256, "0 (automatic)..256")
        one_of("model.kind", self.model.kind, ("strided-cnn", "mlp"))
        within("neuron.kind", self.neuron.kind, not self.neuron.is_ann, "lif, cuba or if: spikes are matched")
        within("neuron.delays", self.neuron.delays, not self.neuron.has_delays, "none")
        self._check_data()

    def _check_data(self) -> None:
        data, levels = self.data, self.condense.levels
        within("data.dataset", data.dataset, data.dataset != NAME, "recordings, which a condensed set has no longer")
        within("data.window", data.window, data.window == "duration", "duration: counts of items would move windows")
        whole = (data.skip, data.take) == (0, 0)
        within("data.skip, data.take", (data.skip, data.take), whole, "0: choose windows when training on the items")
        if data.binary != (levels == 1):
            allowed = "true when condense.levels is 1, false when it is more"
            raise ConfigError(key="data.binary", found=data.binary, allowed=allowed)


def _table(tree: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = tree.get(key, {})
    return found if isinstance(found, Mapping) else {}
