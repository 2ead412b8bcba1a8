"""PEQ-N: whole counts within 0..N whose mean is kept, and the gradient that passes."""

import numpy as np
import pytest
import torch

from neurodeploy.train.condense.quantizer import Quantizer

LEVELS = [1, 4, 15]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def parameters(levels: int) -> torch.Tensor:
    return torch.linspace(-1.0, levels + 1.0, 41)


@pytest.mark.parametrize("mode", ["bernoulli", "binomial"])
@pytest.mark.parametrize("levels", LEVELS)
def test_counts_are_whole_and_within_the_levels(mode: str, levels: int) -> None:
    counts = Quantizer(levels, mode)(parameters(levels).expand(500, -1), generator())
    assert torch.equal(counts, counts.round())
    assert counts.min() == 0
    assert counts.max() == levels


@pytest.mark.parametrize("mode", ["bernoulli", "binomial"])
@pytest.mark.parametrize("levels", LEVELS)
def test_the_mean_of_many_draws_is_the_mean(mode: str, levels: int) -> None:
    quantizer, z = Quantizer(levels, mode), parameters(levels)
    draws = quantizer(z.expand(10_000, -1), generator(1)).double()
    error = (draws.mean(0) - quantizer.mean(z).double()).abs()
    spread = draws.std(0) + 0.01  # the 0.01 for means so near to an end that no draw of 10,000 shows a spread
    assert bool((error <= 4 * spread / 100).all())


def test_the_mean_of_bernoulli_is_the_clipped_parameter() -> None:
    z = parameters(4)
    assert torch.equal(Quantizer(4).mean(z), z.clamp(0, 4))


@pytest.mark.parametrize("mode", ["bernoulli", "binomial"])
def test_the_gradient_of_the_identity_is_exact(mode: str) -> None:
    z = parameters(15).requires_grad_(True)
    weights = torch.randn(z.shape, generator=generator())
    (Quantizer(15, mode)(z, generator()) * weights).sum().backward()
    assert z.grad is not None
    assert torch.equal(z.grad, weights)


def test_the_clipped_gradient_is_zero_outside_the_levels() -> None:
    z = parameters(4).requires_grad_(True)
    Quantizer(4, ste="clipped")(z, generator()).sum().backward()
    assert z.grad is not None
    assert torch.equal(z.grad, ((z >= 0) & (z <= 4)).float())


def test_the_same_seed_gives_the_same_counts_and_another_seed_others() -> None:
    z = torch.full((100,), 0.5)
    first, same, other = (Quantizer(4)(z, generator(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("mode", ["bernoulli", "binomial"])
def test_parameters_start_at_the_counts(mode: str) -> None:
    counts = torch.tensor([0.01, 0.5, 2.0, 3.9])
    quantizer = Quantizer(4, mode)
    torch.testing.assert_close(quantizer.mean(quantizer.start(counts)), counts)


def test_counts_outside_the_levels_start_at_their_ends() -> None:
    assert Quantizer(4).start(torch.tensor([-2.0, 9.0])).tolist() == [0.0, 4.0]


def test_settling_brings_parameters_back_between_the_levels() -> None:
    z = torch.tensor([-1.0, 2.5, 7.0], requires_grad=True)
    Quantizer(4).settle_(z)
    assert z.tolist() == [0.0, 2.5, 4.0]


def test_rounded_and_drawn_counts_are_bytes() -> None:
    z = torch.tensor([0.2, 1.8, 3.0])
    rounded = Quantizer(4).final(z, "round", generator())
    assert rounded.dtype is torch.uint8
    assert rounded.tolist() == [0, 2, 3]
    drawn = Quantizer(4).final(z.expand(1000, -1), "sample", generator()).numpy()
    assert np.abs(drawn.mean(0) - [0.2, 1.8, 3.0]).max() < 0.1
