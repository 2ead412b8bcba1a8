"""Plain modules: whatever forward does with time, shapes and sums is found; what it computes itself is refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from neurodeploy.errors import UnsupportedNodeError
from neurodeploy.graph.nodes import Readout

sys.path.insert(0, str(Path(__file__).parent))
from source_nets import assert_equal, frames, proved, seeded

snn = pytest.importorskip("snntorch", reason="snnTorch is not installed")
from_snntorch = pytest.importorskip("neurodeploy.importers.snntorch").from_snntorch

Rng = np.random.Generator
Forward = Callable[[Any, Tensor], Any]


class Plain(nn.Module):
    """Layers for maps (2, 6, 6) or vectors (72,), and a forward that each test writes."""

    def __init__(self, forward: Forward) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1)
        self.pool = nn.AvgPool2d(2)
        self.inner = nn.Conv2d(4, 4, 3, padding=1)
        self.fc1 = nn.Linear(72, 12)
        self.fc2 = nn.Linear(12, 12)
        self.fc3 = nn.Linear(12, 5)
        self.mapped = nn.Linear(36, 5)
        for name in ("lif1", "lif2", "lif3", "lif4"):
            setattr(self, name, snn.Leaky(beta=0.75, threshold=0.2))
        self.loss = nn.CrossEntropyLoss()
        self.relu = nn.ReLU()
        self.drop = nn.Dropout()
        self.work = forward

    def forward(self, x: Tensor) -> Any:
        for name in ("lif1", "lif2", "lif3", "lif4"):
            getattr(self, name).reset_mem()
        return self.work(self, x)


def stepwise(net: Plain, x: Tensor) -> Tensor:
    """The usual loop, states passed on by hand."""
    first, last = net.lif1.reset_mem(), net.lif2.reset_mem()
    spikes = []
    for step in range(x.shape[0]):
        z, first = net.lif1(net.fc1(x[step].flatten(1)), first)
        z, last = net.lif2(net.fc3(z), last)
        spikes.append(z)
    return torch.stack(spikes)


def batch_first(net: Plain, x: Tensor) -> Tensor:
    return stepwise(net, x.transpose(0, 1)).transpose(0, 1)


def sums_before_the_loop(net: Plain, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
    """All sums at once; lists of spikes and of states."""
    sums = net.fc1(x.reshape(x.shape[0], x.shape[1], -1))
    spikes, states = [], []
    for each in sums:
        z, _ = net.lif1(each)
        z, state = net.lif2(net.fc3(z))
        spikes.append(z)
        states.append(state)
    return states, spikes


def time_in_the_batch(net: Plain, x: Tensor) -> dict[str, Tensor]:
    """Synapses on (time * batch, ...), neurons step by step, spikes counted."""
    sums = net.fc1(x.flatten(0, 1).flatten(1)).unflatten(0, x.shape[:2])
    z = torch.stack([net.lif1(each)[0] for each in sums])
    sums = net.fc3(z.flatten(0, 1)).unflatten(0, x.shape[:2])
    return {"counts": torch.stack([net.lif2(each)[0] for each in sums]).sum(0)}


def modules_twice(net: Plain, x: Tensor) -> Tensor:
    """The same synapses and pooling for maps of two sizes."""
    spikes = []
    for frame in x:
        large, _ = net.lif1(net.conv(frame))
        small, _ = net.lif2(net.conv(net.pool(frame)))
        z, _ = net.lif3(net.mapped(net.pool(large).flatten(1)) + net.mapped(small.flatten(1)))
        spikes.append(z)
    return torch.stack(spikes)


def recurrent(net: Plain, x: Tensor) -> Tensor:
    """Spikes of the last step come back."""
    z = torch.zeros(x.shape[1], 12)
    spikes = []
    for frame in x:
        z, _ = net.lif1(net.fc1(frame.flatten(1)) + net.fc2(z))
        spikes.append(net.lif2(net.fc3(z))[0])
    return torch.stack(spikes)


def dropped(net: Plain, x: Tensor) -> Tensor:
    """A map flattened on its way into a layer that gives what it gets."""
    spikes = []
    for frame in x:
        z, _ = net.lif1(net.pool(net.conv(frame)))
        spikes.append(net.lif2(net.mapped(net.drop(z.flatten(1))))[0])
    return torch.stack(spikes)


def scaled(net: Plain, x: Tensor) -> Tensor:
    return stepwise(net, x * 0.5)


def delayed_frames(net: Plain, x: Tensor) -> Tensor:
    return stepwise(net, torch.cat([torch.zeros_like(x[:1]), x[:-1]]))


@pytest.mark.parametrize(
    "forward",
    [
        stepwise,
        batch_first,
        sums_before_the_loop,
        time_in_the_batch,
        modules_twice,
        dropped,
        recurrent,
        scaled,
        delayed_frames,
    ],
)
def test_the_import_computes_what_forward_does(forward: Forward, rng: Rng) -> None:
    net = seeded(lambda: Plain(forward))
    assert_equal(proved(from_snntorch, net, frames(rng, 2, 6, 6, time=6, samples=9)))


def test_sums_of_spikes_and_of_synapses(rng: Rng) -> None:
    def forward(net: Plain, x: Tensor) -> Tensor:
        spikes = []
        for frame in x:
            one, _ = net.lif1(net.fc1(frame.flatten(1)))
            two, _ = net.lif2(net.fc2(one))
            three, _ = net.lif3(net.fc3(one + two) + net.mapped(net.pool(net.conv(frame)).flatten(1)))
            spikes.append(three)
        return torch.stack(spikes)

    net = seeded(lambda: Plain(forward))
    graph = from_snntorch(net, (2, 6, 6)).graph
    assert {ref.node for ref in graph["fc3"].inputs} == {"lif1", "lif2"}
    assert {ref.node for ref in graph["lif3"].inputs} == {"fc3", "mapped", "lif3_back"}
    assert_equal(proved(from_snntorch, net, frames(rng, 2, 6, 6)))


def test_spikes_that_come_back_arrive_one_step_later() -> None:
    graph = from_snntorch(seeded(lambda: Plain(recurrent)), (2, 6, 6)).graph
    assert [(ref.node, ref.delay) for ref in graph["fc2"].inputs] == [("lif1", 1)]


def test_a_factor_of_the_frames_goes_into_the_weights() -> None:
    net = seeded(lambda: Plain(scaled))
    imported = from_snntorch(net, (2, 6, 6))
    np.testing.assert_allclose(imported.graph["fc1"].weight, net.fc1.weight.detach().numpy() * 0.5, rtol=1e-6)
    assert any("its input is multiplied by 0.5" in note for note in imported.notes)


def test_sums_as_the_answer_become_a_readout(rng: Rng) -> None:
    def forward(net: Plain, x: Tensor) -> Tensor:
        return torch.stack([net.fc3(net.lif1(net.fc1(frame.flatten(1)))[0]) for frame in x]).mean(0)

    net = seeded(lambda: Plain(forward))
    graph = from_snntorch(net, (2, 6, 6)).graph
    assert isinstance(graph.output, Readout)
    assert_equal(proved(from_snntorch, net, frames(rng, 2, 6, 6)))


def test_what_the_answer_does_not_need_is_left_out_and_named() -> None:
    def forward(net: Plain, x: Tensor) -> Tensor:
        spikes = []
        for frame in x:
            z, _ = net.lif1(net.fc1(frame.flatten(1)))
            net.lif3(net.fc2(z))
            spikes.append(net.lif2(net.fc3(z))[0])
        return torch.stack(spikes)

    imported = from_snntorch(seeded(lambda: Plain(forward)), (2, 6, 6))
    assert "fc2" not in imported.paths.values()
    assert "not needed for the answer, left out: fc2, lif3" in imported.notes


def test_a_single_step_module_is_called_step_by_step(rng: Rng) -> None:
    class Single(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(72, 12), snn.Leaky(beta=0.75, threshold=0.2, init_hidden=True))
            self.last = snn.Leaky(beta=0.875, threshold=0.2, init_hidden=True, output=True)
            self.fc = nn.Linear(12, 5)

        def forward(self, frame: Tensor) -> Any:
            return self.last(self.fc(self.body(frame.view(len(frame), -1))))

    net = seeded(Single)
    imported = from_snntorch(net, (2, 6, 6))
    assert imported.paths["body_0"] == "body.0"
    assert_equal(proved(from_snntorch, net, frames(rng, 2, 6, 6)))


def test_frames_of_a_network_that_begins_with_a_linear_are_flattened(rng: Rng) -> None:
    def make() -> nn.Module:
        return nn.Sequential(nn.Linear(72, 8), snn.Leaky(beta=0.75, threshold=0.3, init_hidden=True))

    imported = from_snntorch(seeded(make), (2, 6, 6))
    assert "frames (2, 6, 6) are flattened in the order channel, row, column" in imported.notes
    assert_equal(proved(from_snntorch, seeded(make), frames(rng, 2, 6, 6)))


def refusal(forward: Forward) -> str:
    with pytest.raises(UnsupportedNodeError) as caught:
        from_snntorch(seeded(lambda: Plain(forward)), (2, 6, 6))
    return str(caught.value)


def loop(step: Callable[[Any, Tensor, int], Tensor]) -> Forward:
    return lambda net, x: torch.stack([step(net, frame.flatten(1), time) for time, frame in enumerate(x)])


REFUSED: list[tuple[str, Forward, list[str]]] = [
    (
        "a function between modules",
        loop(lambda net, frame, _: net.lif1(torch.relu(net.fc1(frame) - 1))[0]),
        ["node 'lif1'", "was not given by a module that is known"],
    ),
    (
        "a nonlinear function of the frames",
        loop(lambda net, frame, _: net.lif1(net.fc1(frame**2))[0]),
        ["node 'fc1'", "was not given"],
    ),
    (
        "an unknown module",
        loop(lambda net, frame, _: net.lif1(net.relu(net.fc1(frame)))[0]),
        ["node 'relu' (ReLU)", "torch's ReLU has no form", "Linear", "Leaky"],
    ),
    (
        "a state that feeds a synapse",
        loop(lambda net, frame, _: net.lif2(net.fc3(net.lif1(net.fc1(frame))[1]))[0]),
        ["node 'fc3'", "reads a state of 'lif1'"],
    ),
    (
        "a state as the answer",
        loop(lambda net, frame, _: net.lif1(net.fc1(frame))[1]),
        ["node 'network'", "what it gives is not recognised"],
    ),
    (
        "the last timestep as the answer",
        lambda net, x: [net.lif1(net.fc1(frame.flatten(1)))[0] for frame in x][-1],
        ["it gives only the last timestep"],
    ),
    (
        "neurons that serve twice",
        loop(lambda net, frame, _: net.lif1(net.fc2(net.lif1(net.fc1(frame))[0]))[0]),
        ["node 'lif1'", "called several times in a timestep"],
    ),
    (
        "a wiring that changes",
        loop(lambda net, frame, time: net.lif1((net.fc1(frame), net.fc2(net.lif2(net.fc1(frame))[0]))[time > 0])[0]),
        ["node 'lif1'", "differs from timestep to timestep"],
    ),
    (
        "frames of the future",
        lambda net, x: torch.stack([net.lif1(net.fc1(frame.flatten(1)))[0] for frame in x.flip(0)]),
        ["node 'fc1'", "was not given"],
    ),
    (
        "a factor before neurons",
        loop(lambda net, frame, _: net.lif1(net.fc1(frame) * 2)[0]),
        ["node 'lif1'", "multiplied by 2"],
    ),
]


@pytest.mark.parametrize(("forward", "words"), [(f, w) for _, f, w in REFUSED], ids=[name for name, _, _ in REFUSED])
def test_what_has_no_form_is_refused_where_it_enters(forward: Forward, words: list[str]) -> None:
    message = refusal(forward)
    assert all(word in message for word in words), message


def test_max_pooling_of_sums_is_refused_by_its_path() -> None:
    net = seeded(lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.MaxPool2d(2), snn.Leaky(beta=0.5, init_hidden=True)))
    with pytest.raises(UnsupportedNodeError, match=r"node '1' \(MaxPool2d\).*not spikes.*Place it after the neuron"):
        from_snntorch(net, (2, 6, 6))


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (nn.Conv2d(2, 3, 3, padding="same"), "padding is 'same'"),
        (nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), "circular"),
        (nn.AvgPool2d(2, padding=1), "it pads"),
        (nn.AvgPool2d(4, ceil_mode=True), "without partial windows"),
        (nn.MaxPool2d(2, padding=1), "it pads"),
        (nn.AdaptiveAvgPool2d(4), "windows differ in size"),
        (nn.BatchNorm2d(2, track_running_stats=False), "running statistics"),
    ],
)
def test_a_layer_setting_without_a_form_is_refused(layer: nn.Module, words: str) -> None:
    def make() -> nn.Module:
        return nn.Sequential(layer, nn.Flatten(), nn.LazyLinear(4), snn.Leaky(beta=0.5, init_hidden=True))

    net = seeded(make)
    with torch.no_grad():
        net(torch.zeros(2, 2, 6, 6))
    with pytest.raises(UnsupportedNodeError, match=rf"node '0' .*{words}"):
        from_snntorch(net, (2, 6, 6))


def test_the_size_of_maps_must_be_said() -> None:
    net = seeded(lambda: nn.Sequential(nn.Conv2d(2, 3, 3), snn.Leaky(beta=0.5, init_hidden=True)))
    with pytest.raises(UnsupportedNodeError, match="Give the shape of a frame"):
        from_snntorch(net)


def test_a_module_that_does_not_run_says_why() -> None:
    net = seeded(lambda: nn.Sequential(nn.Linear(20, 3), snn.Leaky(beta=0.5, init_hidden=True)))
    with pytest.raises(UnsupportedNodeError, match=r"cannot be run .*shapes cannot be multiplied.*\(21,\) were given"):
        from_snntorch(net, (21,))
