"""Networks that learn delays: their graphs compute what they compute, in floats and in the deployed integers."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.graph import Graph, simulate
from neurodeploy.graph.nodes import Dense, Reset
from neurodeploy.graph.parallel import side_by_side
from neurodeploy.quantize import quantize
from neurodeploy.train.config import ModelConfig, NeuronConfig, RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.delays import AxonalDelay, SynapticDelay, delays_of
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.from_graph import from_graph
from neurodeploy.train.integer import run_integer
from neurodeploy.train.loop import make_optimizer, train_step
from neurodeploy.train.loss import mean_losses
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.neurons.surrogate import surrogate
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 9
CNN = ModelConfig(channels=(4, 6), kernels=(3, 3), strides=(2, 1), paddings=(1, 0))
MLP = ModelConfig(kind="mlp", hidden=(12, 7))
NETS = [
    pytest.param(
        model,
        NeuronConfig(kind=kind, threshold=0.5, reset=reset, readout=readout, delays=delays, max_delay=5),
        id=f"{model.kind}-{delays}-{kind}-{readout}",
    )
    for (model, readout), delays, (kind, reset) in itertools.product(
        ((CNN, "spikes"), (MLP, "accumulate"), (replace(MLP, batch_norm=False), "spikes")),
        ("axon", "synapse"),
        (("lif", "zero"), ("cuba", "subtract")),
    )
]
LEAKY = NeuronConfig(threshold=0.5, learn_decay=True, delays="synapse", max_delay=5)
NETS.append(pytest.param(MLP, LEAKY, id="mlp-synapse-learned-decay"))


def build(model: ModelConfig, neuron: NeuronConfig) -> SpikingNet:
    return build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0))


def frames(rng: np.random.Generator, batch: int = 6) -> np.ndarray:
    return (rng.random((batch, STEPS, *SHAPE)) < 0.3).astype(np.uint8)


def learned(net: SpikingNet, recordings: np.ndarray, steps: int = 6) -> SpikingNet:
    """`net` after some steps of learning random labels, half of them in integers."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.momentum = 0.5
    optimizer, labels = make_optimizer(net, TrainConfig(), 0.5), torch.arange(len(recordings)) % 3
    for net.is_integer in (False, True):
        for _ in range(steps):
            output = net(as_input(recordings, torch.device("cpu")))
            train_step(optimizer, mean_losses(output.logits, labels).mean(), 0.02, 1.0)
    return net


@pytest.mark.parametrize(("model", "neuron"), NETS)
def test_in_integer_mode_the_network_computes_the_deployed_integers(
    model: ModelConfig, neuron: NeuronConfig, rng: np.random.Generator
) -> None:
    recordings = frames(rng)
    net = learned(build(model, neuron), recordings)
    graph = quantize(to_graph(net, SHAPE), 8, STEPS, net.formats).graph
    trace = simulate(graph, np.moveaxis(recordings, 0, 1))
    again = run_integer(graph, np.moveaxis(recordings, 0, 1))
    for training in (True, False):
        net.train(training)
        output = net(as_input(recordings, torch.device("cpu")))
        for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
            assert spikes.any()
            np.testing.assert_array_equal(spikes.detach().numpy(), trace[name], err_msg=name)
            np.testing.assert_array_equal(again[name], trace[name], err_msg=name)
    assert any(ref.delay > 0 for node in graph.graph.nodes for ref in node.inputs)


@pytest.mark.parametrize(("model", "neuron"), NETS)
def test_in_evaluation_the_float_network_is_its_graph(
    model: ModelConfig, neuron: NeuronConfig, rng: np.random.Generator
) -> None:
    """float32 against float64: voltages may differ by rounding, so a spike may flip, but hardly ever does."""
    recordings = frames(rng)
    net = learned(build(model, neuron), recordings, 3).eval()
    net.is_integer = False
    trace = simulate(to_graph(net, SHAPE), np.moveaxis(recordings, 0, 1))
    with torch.no_grad():
        output = net(as_input(recordings, torch.device("cpu")))
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        assert (spikes.numpy() != trace[name]).mean() < 1e-3


@pytest.mark.parametrize("delays", ["axon", "synapse"])
def test_a_delay_that_is_one_step_off_is_seen(delays: str, rng: np.random.Generator) -> None:
    """So the tests above compare something."""
    recordings = frames(rng)
    net = learned(build(MLP, NeuronConfig(threshold=0.5, delays=delays, max_delay=5)), recordings)
    graphs = [quantize(to_graph(net, SHAPE), 8, STEPS, net.formats).graph]
    next(delays_of(net)).steps.data[:2] = 2.6 - next(delays_of(net)).rounded()[:2] % 2
    graphs.append(quantize(to_graph(net, SHAPE), 8, STEPS, net.formats).graph)
    first, second = (simulate(graph, np.moveaxis(recordings, 0, 1))["cuba2"] for graph in graphs)
    assert (first != second).any()


@pytest.mark.parametrize(("model", "neuron"), NETS)
@pytest.mark.parametrize("is_integer", [False, True])
def test_the_gradient_reaches_weights_and_delays(
    model: ModelConfig, neuron: NeuronConfig, is_integer: bool, rng: np.random.Generator
) -> None:
    recordings = frames(rng)
    net = learned(build(model, neuron), recordings, 3)
    net.zero_grad()
    net.is_integer = is_integer
    mean_losses(net(as_input(recordings, torch.device("cpu"))).logits, torch.arange(6) % 3).mean().backward()
    for name, value in net.named_parameters():
        assert value.grad is not None, name
        assert torch.isfinite(value.grad).all(), name
        assert value.grad.any(), name


def test_learned_step_sizes_and_widths_reach_every_part_of_a_layer(rng: np.random.Generator) -> None:
    recordings = frames(rng)
    net = build(MLP, NeuronConfig(threshold=0.5, delays="synapse", max_delay=3))
    net.store_weights((4, 3, 8), learn_steps=True)
    learned(net, recordings).eval()
    graph = quantize(to_graph(net, SHAPE), 8, STEPS, net.formats).graph
    trace = simulate(graph, np.moveaxis(recordings, 0, 1))
    with torch.no_grad():
        output = net(as_input(recordings, torch.device("cpu")))
    for name, spikes in zip(net.neuron_names, output.spikes, strict=True):
        np.testing.assert_array_equal(spikes.numpy(), trace[name])
    assert {name: form.bits for name, form in net.formats.items()} == {
        **{f"fc1_d{delay}": 4 for delay in range(4)},
        **{f"fc2_d{delay}": 3 for delay in range(4)},
        "fc": 8,
    }


def names(graph: Graph) -> list[str]:
    return [node.name for node in graph.nodes if isinstance(node, Dense)]


def test_a_layer_is_one_node_for_each_of_its_delays() -> None:
    net = build(MLP, NeuronConfig(delays="axon", max_delay=5))
    delay = next(delays_of(net))
    delay.steps.data = torch.tensor([0.0, 3.2] * 6)
    graph = to_graph(net, SHAPE)
    assert names(graph) == ["fc1", "fc2_d0", "fc2_d3", "fc"]
    assert [(ref.node, ref.delay) for ref in graph["fc2_d3"].inputs] == [("cuba1", 3)]
    parts = side_by_side(graph)["fc2_d0"]
    np.testing.assert_array_equal(sum(part.weight for part in parts), net.stages[1].folded()[0].detach().numpy())
    assert not parts[0].weight[:, 1::2].any()
    delay.steps.data.fill_(2.5)
    assert names(to_graph(net, SHAPE)) == ["fc1", "fc2", "fc"]
    assert to_graph(net, SHAPE)["fc2"].inputs[0].delay == 2


def test_the_channels_of_a_map_delay_what_is_flattened() -> None:
    net = build(CNN, NeuronConfig(delays="axon", max_delay=5, readout="spikes"))
    (delay,) = delays_of(net)
    assert isinstance(delay, AxonalDelay)
    assert len(delay.steps) == 6
    delay.steps.data = torch.arange(6).float()
    columns = to_graph(net, SHAPE)["fc_d4"].weight.any(0).reshape(6, -1)
    assert columns.any(1).tolist() == [False] * 4 + [True, False]


def test_dense_layers_of_neurons_are_delayed_and_the_readout_that_adds_up_is_not() -> None:
    kinds = {
        (delays, readout): [
            type(stage.delay) for stage in build(MLP, NeuronConfig(delays=delays, readout=readout)).stages
        ]
        for delays, readout in itertools.product(("axon", "synapse"), ("accumulate", "spikes"))
    }
    assert kinds[("axon", "accumulate")] == [type(None), AxonalDelay]
    assert kinds[("axon", "spikes")] == [type(None), AxonalDelay, AxonalDelay]
    assert kinds[("synapse", "accumulate")] == [SynapticDelay] * 2
    assert kinds[("synapse", "spikes")] == [SynapticDelay] * 3


@pytest.mark.parametrize(("model", "delays"), [(CNN, "axon"), (CNN, "synapse"), (replace(MLP, hidden=(5,)), "axon")])
def test_a_network_without_a_layer_to_delay_is_refused(model: ModelConfig, delays: str) -> None:
    with pytest.raises(ConfigError, match=r"neuron\.delays.*dense layer of neurons"):
        build(model, NeuronConfig(delays=delays))


@pytest.mark.parametrize("delays", ["axon", "synapse"])
def test_weights_begin_as_those_of_a_network_without_delays(delays: str) -> None:
    plain, delayed = (build(MLP, NeuronConfig(delays=each)) for each in ("none", delays))
    assert all(torch.equal(value, delayed.state_dict()[name]) for name, value in plain.state_dict().items())
    assert any(delay.steps.any() for delay in delays_of(delayed))


def test_delays_have_a_learning_rate_of_their_own_that_follows_the_schedule() -> None:
    net = build(MLP, NeuronConfig(delays="synapse"))
    optimizer = make_optimizer(net, TrainConfig(lr=0.01, weight_decay=0.5), 0.2)
    output = net(torch.ones(4, 2, *SHAPE))
    train_step(optimizer, output.logits.square().mean(), 0.005, 1.0)
    *weights, delays = optimizer.param_groups
    assert [group["lr"] for group in weights] == [0.005, 0.005]
    assert delays["lr"] == pytest.approx(0.1)
    assert delays["weight_decay"] == 0
    assert {id(value) for value in delays["params"]} == {id(delay.steps) for delay in delays_of(net)}


def test_gradients_of_delays_do_not_shorten_those_of_weights() -> None:
    norms = []
    for scale in (0.0, 1e6):
        net = build(MLP, NeuronConfig(delays="axon", max_delay=5))
        for delay in delays_of(net):
            delay.grad_scale = scale
        optimizer = make_optimizer(net, TrainConfig())
        train_step(optimizer, net(torch.ones(7, 2, *SHAPE)).logits.square().mean(), 0.0, 1.0)
        norms.append([float(synapse.weight.grad.norm()) for synapse in net.synapses])
    assert norms[0] == pytest.approx(norms[1])


def test_training_goes_on_from_graphs_without_delays_only() -> None:
    net = build(MLP, NeuronConfig(delays="axon", max_delay=5))
    next(delays_of(net)).steps.data[:] = 3.0
    with pytest.raises(UnsupportedNodeError, match="only chains without delays") as caught:
        from_graph(to_graph(net, SHAPE), Reset.ZERO, surrogate("triangle", 1.0))
    assert caught.value.node == "fc2"


DELAYED = RunConfig(data=DataConfig(timesteps=8), model=MLP, neuron=NeuronConfig(delays="axon", max_delay=7))


def test_a_configuration_with_delays_is_accepted() -> None:
    DELAYED.check()


@pytest.mark.parametrize(
    ("config", "key"),
    {
        "longer than Loihi's": (replace(DELAYED, neuron=NeuronConfig(max_delay=63)), "neuron.max_delay"),
        "a negative limit": (replace(DELAYED, neuron=NeuronConfig(max_delay=-1)), "neuron.max_delay"),
        "a negative rate": (replace(DELAYED, neuron=NeuronConfig(delay_lr=-0.1)), "neuron.delay_lr"),
        "as long as the recording": (replace(DELAYED, data=DataConfig(timesteps=8, take=7)), "neuron.max_delay"),
        "no neurons": (replace(DELAYED, neuron=NeuronConfig(kind="relu", delays="axon")), "neuron.delays"),
        "one timestep at a time": (replace(DELAYED, train=TrainConfig(gradient="sltt", loss="tet")), "neuron.delays"),
        "step by step": (replace(DELAYED, train=TrainConfig(execution="step")), "neuron.delays"),
        "another network": (replace(DELAYED, model=ModelConfig(kind="graph")), "neuron.delays"),
        "a recipe of several phases": (replace(DELAYED, recipe=RecipeConfig(kind="hsd")), "neuron.delays"),
    }.values(),
)
def test_settings_that_do_not_go_with_delays_are_named(config: RunConfig, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.check()
    assert caught.value.key == key
