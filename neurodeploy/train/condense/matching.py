"""ST-SM: how far apart the features of real recordings and of items are, in amplitude and phase over space and time.

The characteristic function of features f at frequencies w, Phi[t, k] = mean over recordings of exp(i <w_k, f[t]>), says
all about their distribution. ST-SM compares those of two sets after a Fourier transform along time:

A = (|U_r| - |U_s|)^2                                   amplitude: how varied the features are
P = 2 (|U_r| |U_s| - Re U_r Re U_s - Im U_r Im U_s)     phase: where they lie
A + P = |U_r - U_s|^2

`mean_distance` is ours and stands beside it; see the package's list of deviations.

Source:
    A and P: Wang et al. 2025, "Dataset distillation with neural characteristic function" (CVPR); its use along time: Ye
    et al. 2025, arXiv:2511.12095 (abstract), where the exact formula is not public.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Complex, Float
from torch import Tensor

Temporal = Literal["dft", "none", "cross"]
Root = Literal["bin", "group", "none"]

SMALL = 1e-6
"""Added to lengths of features, so that silent layers have a direction too."""
FLOOR = 1e-12
"""Under every root: its slope at 0 is infinite."""

Features = Float[Tensor, "time recordings features"]
Other = Float[Tensor, "time items features"]


@final
@dataclass(frozen=True)
class Stsm:
    """Settings of the loss.

    Args:
        temporal: "dft": Fourier transform along time; "none": every timestep for itself; "cross": every pair of
            timesteps, Phi[t] conj(Phi[u]), with Phi itself where t = u; costs the square of the timesteps.
        root: "group": one root over all temporal bins of a frequency; "bin": one for each; "none".
        alpha: weight of the amplitude, 0..1; the phase has the rest.
        sigma: standard deviation of the frequencies; features have length 1.
        frequencies: how many are drawn for each call.
    """

    temporal: Temporal = "dft"
    root: Root = "group"
    alpha: float = 0.3
    sigma: float = 1.0
    frequencies: int = 256

    def draw(self, features: int, generator: torch.Generator) -> Float[Tensor, "features frequencies"]:
        """Frequencies for features of this many dimensions."""
        return self.sigma * torch.randn(features, self.frequencies, generator=generator)

    def __call__(
        self, real: Features, items: Other, frequencies: Float[Tensor, "features frequencies"]
    ) -> Float[Tensor, ""]:
        """The loss between recordings and items of one class."""
        first, second = (self._spectrum(unit(each), frequencies) for each in (real, items))
        amplitude, phase = amplitude_and_phase(first, second)
        total = self.alpha * amplitude + (1 - self.alpha) * phase
        if self.root == "none":
            return total.mean()
        if self.root == "bin":
            return (total + FLOOR).sqrt().mean()
        return (total.sum(0) + FLOOR).sqrt().mean()

    def _spectrum(self, features: Features, frequencies: Tensor) -> Tensor:
        """(bins, frequencies), complex."""
        value = characteristic(features, frequencies)
        if self.temporal == "dft":
            spectrum: Tensor = torch.fft.fft(value, dim=0, norm="ortho")
            return spectrum
        return value if self.temporal == "none" else _pairs(value)


def unit(features: Features) -> Features:
    """`features` with length 1 for each recording and timestep."""
    length: Tensor = features.norm(dim=2, keepdim=True)
    return features / (length + SMALL)


def characteristic(
    features: Features, frequencies: Float[Tensor, "features frequencies"]
) -> Complex[Tensor, "time frequencies"]:
    """The empirical characteristic function of each timestep."""
    angle = features @ frequencies
    return torch.complex(angle.cos().mean(1), angle.sin().mean(1))


def amplitude_and_phase(first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
    """A and P of two spectra, both at least 0."""
    one, other = ((each.real.square() + each.imag.square() + FLOOR).sqrt() for each in (first, second))
    phase = 2 * (one * other - first.real * second.real - first.imag * second.imag)
    return (one - other).square(), phase.clamp_min(0)


def _pairs(value: Tensor) -> Tensor:
    """Every timestep against every other; on the diagonal the value itself, so that a common phase counts as well."""
    crossed = value[:, None] * value[None].conj()
    own = torch.eye(len(value), dtype=torch.bool)[:, :, None]
    return torch.where(own, value[:, None].expand_as(crossed), crossed).flatten(0, 1)


def by_class(features: Features, classes: int) -> Float[Tensor, "time classes each features"]:
    """`features` of recordings that lie class by class, equally many of each."""
    return features.reshape(len(features), classes, -1, features.shape[2])


def mean_distance(real: Features, items: Other, classes: int, *, normalised: bool) -> Float[Tensor, ""]:
    """Squared distance of the mean features of each class, averaged over classes and timesteps.

    Args:
        real, items: class by class.
        normalised: features of length 1 for each recording and timestep; otherwise they are divided by the root of
            their number.
    """
    kept = [unit(each) if normalised else each / each.shape[2] ** 0.5 for each in (real, items)]
    first, second = (by_class(each, classes).mean(2) for each in kept)
    return (first - second).square().sum(2).mean()
