from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from neurodeploy.errors import GraphError, UnsupportedNodeError
from neurodeploy.graph.nodes import Cuba, Readout, Reset
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.model import SpikingNet, build_model, make_cell
from neurodeploy.train.stage import Stage
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 8, 8)


def net_of(*stages: Stage, features: int) -> SpikingNet:
    return SpikingNet(stages, nn.Linear(features, 3, bias=False))


def stage(synapse: nn.Module, norm: nn.Module | None = None) -> Stage:
    return Stage(synapse, norm, make_cell(NeuronConfig()))


def test_nodes_are_named_and_ordered() -> None:
    net = build_model(ModelConfig(), NeuronConfig(), (2, 34, 34), 10, torch.Generator())
    names = [node.name for node in to_graph(net, (2, 34, 34)).nodes]
    assert names == ["input", "conv1", "cuba1", "conv2", "cuba2", "conv3", "cuba3", "flatten", "fc", "readout"]
    mlp = build_model(
        ModelConfig(kind="mlp", hidden=(4, 4)), NeuronConfig(readout="spikes"), SHAPE, 3, torch.Generator()
    )
    assert [node.name for node in to_graph(mlp, SHAPE).nodes] == [
        "input",
        "flatten",
        "fc1",
        "cuba1",
        "fc2",
        "cuba2",
        "fc",
        "output",
    ]


def test_settings_of_neurons_and_input_are_kept() -> None:
    neuron = NeuronConfig(kind="cuba", current_decay=100, voltage_decay=300, threshold=0.7, reset="subtract")
    net = build_model(ModelConfig(kind="mlp", hidden=(4,)), neuron, SHAPE, 3, torch.Generator())
    graph = to_graph(net, SHAPE, high=255, timestep_us=2500.0)
    cuba = graph["cuba1"]
    assert isinstance(cuba, Cuba)
    assert (cuba.current_decay, cuba.voltage_decay, cuba.threshold, cuba.reset) == (100, 300, 0.7, Reset.SUBTRACT)
    assert (graph.input.high, graph.timestep_us) == (255, 2500.0)
    assert isinstance(graph.output, Readout)


def test_batch_norm_is_folded_into_weights_and_neuron_biases() -> None:
    norm = nn.BatchNorm1d(4)
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([1.0, 2.0, 0.5, -1.0]))
        norm.bias.fill_(0.25)
        norm.running_mean.fill_(3.0)
        norm.running_var.fill_(4.0 - norm.eps)
    linear = nn.Linear(128, 4, bias=False)
    graph = to_graph(net_of(stage(linear, norm), features=4), SHAPE)
    factor = np.array([0.5, 1.0, 0.25, -0.5])
    np.testing.assert_allclose(graph["fc1"].weight, linear.weight.detach().numpy() * factor[:, None], rtol=1e-6)
    np.testing.assert_allclose(graph["cuba1"].bias, 0.25 - 3 * factor)
    assert graph["fc1"].bias is None


@pytest.mark.parametrize(
    ("synapse", "kind"),
    [
        (nn.ConvTranspose2d(2, 4, 3, bias=False), "ConvTranspose2d"),
        (nn.Conv2d(2, 4, 3, padding="same", bias=False), "Conv2d"),
        (nn.Conv2d(2, 4, 3, padding_mode="circular", padding=1, bias=False), "Conv2d"),
        (nn.Conv2d(2, 4, 3, bias=True), "Conv2d"),
    ],
)
def test_synapses_without_a_form_in_the_graph_are_refused_by_path(synapse: nn.Module, kind: str) -> None:
    net = net_of(stage(nn.Linear(128, 4, bias=False)), features=4)
    net.stages[0].synapse = synapse
    with pytest.raises(UnsupportedNodeError, match=r"stages\.0") as caught:
        to_graph(net, SHAPE)
    assert caught.value.kind == kind


def test_an_unknown_module_is_refused_by_path() -> None:
    net = net_of(stage(nn.Linear(128, 4, bias=False), nn.BatchNorm1d(4)), features=4)
    net.stages[0].norm = nn.InstanceNorm1d(4, affine=True)
    with pytest.raises(UnsupportedNodeError, match=r"stages\.0\.norm"):
        to_graph(net, SHAPE)
    net = net_of(stage(nn.Linear(128, 4, bias=False)), features=4)
    net.dropout = nn.Dropout()
    with pytest.raises(UnsupportedNodeError, match="dropout"):
        to_graph(net, SHAPE)


def test_a_module_that_is_no_stage_is_refused_by_path() -> None:
    net = net_of(stage(nn.Linear(128, 4, bias=False)), features=4)
    net.stages.append(nn.Linear(4, 4))
    with pytest.raises(UnsupportedNodeError, match=r"stages\.1"):
        to_graph(net, SHAPE)


def test_weights_that_are_not_finite_are_refused() -> None:
    net = net_of(stage(nn.Linear(128, 4, bias=False)), features=4)
    with torch.no_grad():
        net.stages[0].synapse.weight[0, 0] = float("nan")
    with pytest.raises(GraphError, match="NaN"):
        to_graph(net, SHAPE)


def test_the_graph_shares_no_memory_with_the_model() -> None:
    net = net_of(stage(nn.Linear(128, 4, bias=False)), features=4).double()
    graph = to_graph(net, SHAPE)
    before = graph["fc"].weight.copy()
    with torch.no_grad():
        net.readout.weight.add_(1.0)
    np.testing.assert_array_equal(graph["fc"].weight, before)
    assert not replace(graph["fc"]).weight.flags.writeable
