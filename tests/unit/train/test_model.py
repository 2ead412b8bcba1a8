import itertools

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import ConfigError
from neurodeploy.graph import simulate
from neurodeploy.quantize import quantize
from neurodeploy.train.config import ModelConfig, NeuronConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SMALL = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
SHAPE = (2, 9, 8)
KINDS = ("lif", "cuba", "if")
NETS = [
    pytest.param(
        model,
        NeuronConfig(kind=kind, threshold=0.5, reset=reset, readout=readout),
        id=f"{model.kind}-{kind}-{reset}-{readout}",
    )
    for model, kind, reset, readout in itertools.product(
        (SMALL, ModelConfig(kind="mlp", hidden=(12, 7)), ModelConfig(kind="mlp", hidden=(9,), batch_norm=False)),
        KINDS,
        ("zero", "subtract"),
        ("accumulate", "spikes"),
    )
]


def build(model: ModelConfig, neuron: NeuronConfig, seed: int = 0) -> SpikingNet:
    return build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(seed))


def frames(rng: np.random.Generator, batch: int = 6) -> np.ndarray:
    return (rng.random((batch, 7, *SHAPE)) < 0.3).astype(np.uint8)


def warmed_up(net: SpikingNet, recordings: np.ndarray) -> SpikingNet:
    """`net` after some steps of learning random labels, so that no statistic and no bias is at its start."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.5
    optimizer = make_optimizer(net, TrainConfig())
    labels = torch.arange(len(recordings)) % 3
    for _ in range(6):
        train_step(
            optimizer, mean_losses(net(as_input(recordings, torch.device("cpu"))).logits, labels).mean(), 0.01, 1.0
        )
    return net


@pytest.mark.parametrize(("model", "neuron"), NETS)
def test_in_integer_mode_the_network_computes_the_deployed_integers(
    model: ModelConfig, neuron: NeuronConfig, rng: np.random.Generator
) -> None:
    recordings = frames(rng)
    net = warmed_up(build(model, neuron), recordings)
    result = quantize(to_graph(net, SHAPE), 8, 7)
    trace = simulate(result.graph, np.moveaxis(recordings, 0, 1))
    net.is_integer = True
    for training in (True, False):
        net.train(training)
        output = net(as_input(recordings, torch.device("cpu")))
        for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
            assert spikes.any()
            np.testing.assert_array_equal(spikes.detach().numpy(), trace[name], err_msg=name)
        if neuron.readout == "accumulate":
            steps = output.logits.detach().double().cumsum(0).numpy() * result.scales["readout"]
            np.testing.assert_array_equal(np.rint(steps).astype(np.int64) * 64, trace["readout"])
            np.testing.assert_allclose(steps, np.rint(steps), atol=0.01)  # float32 logits of integers up to 2**17


@pytest.mark.parametrize(("model", "neuron"), NETS)
def test_the_float_network_is_its_graph(model: ModelConfig, neuron: NeuronConfig, rng: np.random.Generator) -> None:
    """float32 against float64: voltages may differ by rounding, so a spike may flip, but hardly ever does."""
    recordings = frames(rng)
    net = warmed_up(build(model, neuron), recordings).eval()
    trace = simulate(to_graph(net, SHAPE), np.moveaxis(recordings, 0, 1))
    with torch.no_grad():
        output = net(as_input(recordings, torch.device("cpu")))
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        assert (spikes.numpy() != trace[name]).mean() < 1e-3
    if neuron.readout == "accumulate" and all(
        np.array_equal(s.numpy(), trace[n]) for n, s in zip(net.neuron_names, output.spikes, strict=True)
    ):
        np.testing.assert_allclose(output.logits.cumsum(0).numpy(), trace["readout"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(("model", "neuron"), NETS)
@pytest.mark.parametrize("is_integer", [False, True])
def test_the_gradient_reaches_all_weights(
    model: ModelConfig, neuron: NeuronConfig, is_integer: bool, rng: np.random.Generator
) -> None:
    recordings = frames(rng)
    net = warmed_up(build(model, neuron), recordings)
    net.zero_grad()
    net.is_integer = is_integer
    mean_losses(net(as_input(recordings, torch.device("cpu"))).logits, torch.arange(6) % 3).mean().backward()
    for name, value in net.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.any(), name


@pytest.mark.parametrize("is_integer", [False, True])
@pytest.mark.parametrize("model", [SMALL, ModelConfig(kind="mlp", hidden=(30,))])
def test_the_loss_falls_on_eight_samples(model: ModelConfig, is_integer: bool, rng: np.random.Generator) -> None:
    recordings, labels = frames(rng, 8), torch.arange(8) % 3
    net = warmed_up(build(model, NeuronConfig()), recordings)
    net.is_integer = is_integer
    optimizer = make_optimizer(net, TrainConfig())
    losses = []
    for _ in range(40):
        value = mean_losses(net(as_input(recordings, torch.device("cpu"))).logits, labels).mean()
        losses.append(value.item())
        train_step(optimizer, value, 0.01, 1.0)
    assert losses[-1] < 0.2 * losses[0]


def test_the_same_seed_gives_the_same_weights_and_another_does_not() -> None:
    first, again, other = (build(SMALL, NeuronConfig(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stages.0.synapse.weight"], other["stages.0.synapse.weight"])


def test_building_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    build(SMALL, NeuronConfig())
    assert torch.equal(torch.get_rng_state(), before)


def test_the_default_network_has_the_published_size() -> None:
    net = build_model(ModelConfig(), NeuronConfig(), (2, 34, 34), 10, torch.Generator())
    assert sum(p.numel() for p in net.parameters() if p.ndim > 1) == 64_800
    assert net(torch.zeros(2, 1, 2, 34, 34)).logits.shape == (2, 1, 10)


def test_the_mlp_has_the_published_size() -> None:
    net = build_model(ModelConfig(kind="mlp"), NeuronConfig(), (2, 34, 34), 10, torch.Generator())
    assert sum(p.numel() for p in net.parameters() if p.ndim > 1) == 1_188_864


def test_kernels_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"model\.kernels"):
        build(ModelConfig(channels=(4,), kernels=(12,), strides=(1,), paddings=(0,)), NeuronConfig())


def test_dense_sums_of_a_map_do_not_depend_on_its_layout(rng: np.random.Generator) -> None:
    net = build(ModelConfig(kind="mlp", hidden=(5,)), NeuronConfig())
    plain = as_input(frames(rng), torch.device("cpu"))
    inner = plain.flatten(0, 1).contiguous(memory_format=torch.channels_last).view(plain.shape)
    assert inner.stride() != plain.stride()
    torch.testing.assert_close(net.eval()(inner).logits, net.eval()(plain).logits)


def test_autocast_does_not_touch_the_integers(rng: np.random.Generator) -> None:
    recordings = frames(rng)
    net = warmed_up(build(SMALL, NeuronConfig()), recordings).eval()
    net.is_integer = True
    wanted = net(as_input(recordings, torch.device("cpu")))
    with torch.autocast("cpu", torch.bfloat16):
        found = net(as_input(recordings, torch.device("cpu")))
    assert torch.equal(found.logits, wanted.logits)
    assert all(torch.equal(*pair) for pair in zip(found.spikes, wanted.spikes, strict=True))


def test_autocast_changes_the_float_network(rng: np.random.Generator) -> None:
    """So the test above tests something."""
    recordings = frames(rng)
    net = warmed_up(build(SMALL, NeuronConfig()), recordings).eval()
    wanted = net(as_input(recordings, torch.device("cpu"))).logits
    with torch.autocast("cpu", torch.bfloat16):
        assert not torch.equal(net(as_input(recordings, torch.device("cpu"))).logits, wanted)
