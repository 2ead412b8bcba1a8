import numpy as np
import pytest
import torch
from held import Held

from neurodeploy.graph import predictions, scores, simulate
from neurodeploy.quantize import quantize
from neurodeploy.train import evaluate as module
from neurodeploy.train.config import ModelConfig, NeuronConfig
from neurodeploy.train.evaluate import evaluate
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 5, 5)


@pytest.fixture(params=["accumulate", "spikes"])
def net(request: pytest.FixtureRequest) -> SpikingNet:
    neuron = NeuronConfig(threshold=0.2, readout=request.param)
    model = ModelConfig(kind="mlp", hidden=(20,), batch_norm=False)
    return build_model(model, neuron, SHAPE, 4, torch.Generator().manual_seed(0))


@pytest.fixture
def held(rng: np.random.Generator) -> Held:
    return Held((rng.random((30, 6, *SHAPE)) < 0.4).astype(np.uint8), rng.integers(0, 4, 30))


def test_integers_are_evaluated_as_the_simulator_would(net: SpikingNet, held: Held) -> None:
    result = quantize(to_graph(net, SHAPE), 8, 6)
    frames = np.moveaxis(held.frames, 1, 0)
    answers = predictions(result.graph.graph, simulate(result.graph, frames))
    found = evaluate(result.graph, held, np.arange(30))
    assert found.accuracy == (answers == held.labels).mean()
    wanted = np.zeros((4, 4), int)
    np.add.at(wanted, (held.labels, answers), 1)
    np.testing.assert_array_equal(found.confusion, wanted)
    assert found.samples == 30
    assert found.per_class == [pytest.approx(wanted[k, k] / wanted[k].sum()) for k in range(4)]


def test_both_modes_have_nearly_the_same_loss_and_rates(net: SpikingNet, held: Held) -> None:
    """8 bits change a random small network by less than a tenth; a wrong scale of the logits would change it by far more."""
    result = quantize(to_graph(net, SHAPE), 8, 6)
    scale = result.scales[result.graph.graph.output.name]
    integer = evaluate(result.graph, held, np.arange(30), readout_scale=scale)
    plain = evaluate(net, held, np.arange(30))
    assert integer.loss == pytest.approx(plain.loss, rel=0.1)
    assert set(integer.firing_rates) == set(plain.firing_rates) == set(net.neuron_names)
    for name, rate in plain.firing_rates.items():
        assert integer.firing_rates[name] == pytest.approx(rate, rel=0.1)


def test_batches_do_not_matter(net: SpikingNet, held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = quantize(to_graph(net, SHAPE), 8, 6).graph
    whole = [evaluate(network, held, np.arange(30)) for network in (net, graph)]
    monkeypatch.setattr(module, "BATCH", 7)
    for one, parts in zip(whole, [evaluate(network, held, np.arange(30)) for network in (net, graph)], strict=True):
        np.testing.assert_array_equal(one.confusion, parts.confusion)
        assert one.firing_rates == pytest.approx(dict(parts.firing_rates))


def test_evaluating_leaves_the_network_as_it_was(net: SpikingNet, held: Held) -> None:
    net.train()
    net.is_integer = True
    evaluate(net, held, np.arange(4))
    assert net.training
    assert net.is_integer


def test_only_the_chosen_recordings_count(net: SpikingNet, held: Held) -> None:
    assert evaluate(net, held, np.array([3, 5])).samples == 2
    assert evaluate(net, held, np.array([3])).per_class.count(None) == 3


def test_the_float_answers_are_those_of_the_float_graph(net: SpikingNet, held: Held) -> None:
    graph = to_graph(net, SHAPE)
    trace = simulate(graph, np.moveaxis(held.frames, 1, 0))
    answers = scores(graph, trace).argmax(1)
    assert evaluate(net, held, np.arange(30)).accuracy == pytest.approx((answers == held.labels).mean(), abs=0.04)
