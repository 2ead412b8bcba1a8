"""Sums over events against the same synapses in torch: values, gradients, and when which of the two is used."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from neurodeploy.train.events import sums as module
from neurodeploy.train.events.layout import laid_out
from neurodeploy.train.events.sums import event_sum
from neurodeploy.train.stage import synapse_sum

CONVOLUTIONS = {
    "5x5": (2, 16, (5, 5), (1, 1), (2, 2)),
    "stride 2": (3, 8, (3, 3), (2, 2), (1, 1)),
    "stride 3": (2, 8, (4, 4), (3, 3), (0, 0)),
    "uneven": (2, 8, (3, 5), (2, 1), (0, 2)),
    "stride above kernel": (2, 8, (1, 1), (2, 2), (0, 0)),
    "padding above kernel": (2, 8, (2, 2), (1, 1), (3, 3)),
}


@pytest.fixture(autouse=True)
def no_least(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small layers take part."""
    monkeypatch.setattr(module, "LEAST_WORK", 0)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def sparse(shape: tuple[int, ...], generator: torch.Generator, density: float = 0.04) -> Tensor:
    """Amounts 0, 1, 2, ... like event counts."""
    amounts = torch.randint(1, 4, shape, generator=generator).float()
    return (torch.rand(shape, generator=generator) < density) * amounts


def assert_same_gradients(
    found: Tensor, wanted: Tensor, inputs: tuple[Tensor, ...], generator: torch.Generator
) -> None:
    towards = torch.randn(wanted.shape, generator=generator)
    pairs = [torch.autograd.grad((sums * towards).sum(), inputs) for sums in (found, wanted)]
    for ours, theirs in zip(*pairs, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)  # other order of the same float32 sums


@pytest.mark.parametrize("rows", [1, 30, 700])
def test_dense_sums_and_gradients_are_those_of_torch(rows: int, generator: torch.Generator) -> None:
    linear = nn.Linear(50, 64, bias=False)
    folded = sparse((rows, 50), generator).requires_grad_()
    found, wanted = event_sum(linear, folded, linear.weight), F.linear(folded, linear.weight)
    assert found is not None
    torch.testing.assert_close(found, wanted)
    assert_same_gradients(found, wanted, (folded, linear.weight), generator)


@pytest.mark.parametrize("is_inner", [False, True])
@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions_and_gradients_are_those_of_torch(name: str, is_inner: bool, generator: torch.Generator) -> None:
    inputs, outputs, kernel, stride, padding = CONVOLUTIONS[name]
    conv = nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=padding, bias=False)
    maps = sparse((20, inputs, 9, 11), generator)
    maps = maps.contiguous(memory_format=torch.channels_last) if is_inner else maps
    maps.requires_grad_()
    found, wanted = event_sum(conv, maps, conv.weight), F.conv2d(maps, conv.weight, None, stride, padding)
    assert found is not None
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, wanted)
    assert_same_gradients(found, wanted, (maps, conv.weight), generator)


def test_integers_are_exact(generator: torch.Generator) -> None:
    conv, linear = nn.Conv2d(2, 8, 3, bias=False), nn.Linear(162, 64, bias=False)
    maps = sparse((10, 2, 9, 9), generator)
    for synapse, values in ((conv, maps), (linear, maps.flatten(1))):
        weight = torch.randint(-255, 256, synapse.weight.shape, generator=generator).float()
        found = event_sum(synapse, values, weight)
        assert found is not None
        assert torch.equal(found, synapse_sum(synapse, values[None].double(), weight.double()).float())


def test_no_event_at_all_gives_zeros(generator: torch.Generator) -> None:
    linear = nn.Linear(50, 64, bias=False)
    found = event_sum(linear, torch.zeros(10, 50), linear.weight)
    assert found is not None
    assert not found.any()
    found.sum().backward()
    assert linear.weight.grad is not None
    assert not linear.weight.grad.any()


def test_threads_do_not_change_a_bit(generator: torch.Generator) -> None:
    conv, linear = nn.Conv2d(2, 8, 3, bias=False), nn.Linear(162, 64, bias=False)
    maps = sparse((300, 2, 9, 9), generator)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for synapse, values in ((conv, maps), (linear, maps.flatten(1))):
                sums = event_sum(synapse, values, synapse.weight)
                assert sums is not None
                found += [sums, *torch.autograd.grad(sums.square().sum(), synapse.weight)]
    finally:
        torch.set_num_threads(before)
    assert all(torch.equal(one, two) for one, two in zip(found[:4], found[4:], strict=True))


def test_an_event_that_is_forgotten_is_noticed(monkeypatch: pytest.MonkeyPatch, generator: torch.Generator) -> None:
    """So the comparisons above compare something."""
    linear, folded = nn.Linear(50, 64, bias=False), sparse((30, 50), generator)
    right = module._events

    def damaged(values: module.Array) -> module.Events:
        events = right(values)
        events.bounds[7, 1] -= 1
        return events

    monkeypatch.setattr(module, "_events", damaged)
    with pytest.raises(AssertionError):
        torch.testing.assert_close(event_sum(linear, folded, linear.weight), F.linear(folded, linear.weight))


LINEAR, CONV = nn.Linear(50, 64, bias=False), nn.Conv2d(2, 8, 3, bias=False)
LEFT_TO_TORCH = {
    "dense input": (LINEAR, torch.ones(20, 50)),
    "dense maps": (CONV, torch.ones(5, 2, 9, 9)),
    "float64": (LINEAR, torch.zeros(20, 50).double()),
    "gaps": (LINEAR, torch.zeros(20, 100)[:, ::2]),
    "maps with gaps": (CONV, torch.zeros(5, 2, 9, 18)[..., ::2]),
    "few sums": (nn.Linear(50, 10, bias=False), torch.zeros(20, 50)),
    "groups": (nn.Conv2d(2, 8, 3, groups=2, bias=False), torch.zeros(5, 2, 9, 9)),
    "dilation": (nn.Conv2d(2, 8, 3, dilation=2, bias=False), torch.zeros(5, 2, 9, 9)),
    "no rows": (LINEAR, torch.zeros(0, 50)),
}


@pytest.mark.parametrize("name", LEFT_TO_TORCH)
def test_what_is_faster_or_only_right_in_torch_is_left_to_it(name: str) -> None:
    synapse, folded = LEFT_TO_TORCH[name]
    assert event_sum(synapse, folded, synapse.weight.to(folded.dtype)) is None


@pytest.mark.parametrize(("stride", "uses_events"), [(1, True), (2, False)])
def test_convolutions_that_skip_places_want_fewer_events(
    stride: int, uses_events: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLED", 1)
    conv, maps = nn.Conv2d(2, 8, 3, stride=stride, bias=False), torch.zeros(5, 2, 10, 10)
    maps[..., 0] = 1
    assert module.STRIDED_LIMIT < maps.mean() < module.MAP_LIMIT
    assert (event_sum(conv, maps, conv.weight) is not None) is uses_events


def test_small_layers_are_left_to_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEAST_WORK", 20 * 50 * 64 + 1)
    assert event_sum(LINEAR, torch.zeros(20, 50), LINEAR.weight) is None


def test_bfloat16_autocast_is_left_to_torch() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        assert event_sum(LINEAR, torch.zeros(20, 50), LINEAR.weight) is None


def test_weights_keep_their_numbers_in_any_order_of_memory(generator: torch.Generator) -> None:
    for shape in ((64, 50), (10, 50), (8, 3, 5, 5)):
        weight = torch.randn(shape, generator=generator)
        assert torch.equal(laid_out(weight), weight)
    assert laid_out(torch.randn(64, 50)).t().is_contiguous()


def test_gradients_lie_as_the_weights_do(generator: torch.Generator) -> None:
    """Otherwise every step would copy them."""
    for synapse, values in (
        (nn.Linear(50, 64, bias=False), sparse((30, 50), generator)),
        (CONV, sparse((9, 2, 9, 9), generator)),
    ):
        synapse.weight = nn.Parameter(laid_out(synapse.weight.detach()))
        sums = event_sum(synapse, values, synapse.weight)
        assert sums is not None
        (found,) = torch.autograd.grad(sums.sum(), synapse.weight)
        assert found.stride() == synapse.weight.stride()
