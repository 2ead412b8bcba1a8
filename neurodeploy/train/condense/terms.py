"""What an iteration minimises: ST-SM, the distance of means, or DM's loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from jaxtyping import Float
from torch import Tensor

from neurodeploy.errors import ConfigError
from neurodeploy.train.condense.config import CondenseConfig
from neurodeploy.train.condense.features import View, observe
from neurodeploy.train.condense.matching import Stsm, by_class, mean_distance
from neurodeploy.train.model import SpikingNet

Real = Float[Tensor, "time recordings 2 height width"]
Items = Float[Tensor, "time items 2 height width"]


@final
@dataclass(frozen=True)
class Terms:
    """Distances of the features of items from those of recordings.

    Args:
        config: which terms, and of which layers.
        classes: how many; recordings and items lie class by class, equally many of each class.
    """

    config: CondenseConfig
    classes: int

    def __call__(
        self, net: SpikingNet, real: Real, items: Items, generator: torch.Generator
    ) -> dict[str, Float[Tensor, ""]]:
        """Each term by name, differentiable with respect to `items` alone.

        Norms use the statistics of `real`, for both: those that a blend of two networks learned belong to neither.
        """
        with torch.no_grad():
            wanted = observe(net, real)
        found = observe(net, items, wanted.statistics)
        if self.config.method == "dm":
            return {"dm": self._dm(wanted, found)}
        terms = {"stsm": self._stsm, "mean": self._mean}
        weighted = {"stsm": self.config.stsm, "mean": self.config.mean}
        layers = self.config.layers or range(len(found.layers))
        features = [self._features(wanted, found, layer) for layer in layers]
        return {
            name: torch.stack([term(*pair, generator) for pair in features]).mean()
            for name, term in terms.items()
            if weighted[name] > 0
        }

    def _features(self, wanted: View, found: View, layer: int) -> tuple[Tensor, Tensor]:
        layers = len(found.layers)
        if not -layers <= layer < layers:
            allowed = f"{-layers}..{layers - 1}, layers of neurons of the model"
            raise ConfigError(key="condense.layers", found=layer, allowed=allowed)
        kappa, clamped = self.config.kappa, self.config.clamp
        real, items = (view.layers[layer].densified(kappa, clamped=clamped) for view in (wanted, found))
        return real, items

    def _stsm(self, real: Tensor, items: Tensor, generator: torch.Generator) -> Tensor:
        config = self.config
        loss = Stsm(config.temporal, config.root, config.alpha, config.sigma, config.frequencies)
        frequencies = loss.draw(real.shape[2], generator)
        groups = [by_class(each, self.classes).unbind(1) for each in (real, items)]
        return torch.stack([loss(first, second, frequencies) for first, second in zip(*groups, strict=True)]).mean()

    def _mean(self, real: Tensor, items: Tensor, _: torch.Generator) -> Tensor:
        return mean_distance(real, items, self.classes, normalised=True)

    def _dm(self, wanted: View, found: View) -> Tensor:
        """Distance of the mean spike counts of the last layer: DM as published, on the rate code."""
        real, items = (view.layers[-1].spikes.flatten(2).mean(0, keepdim=True) for view in (wanted, found))
        return mean_distance(real, items, self.classes, normalised=False)
