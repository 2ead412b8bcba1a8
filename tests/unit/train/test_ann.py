"""Activations of artificial networks: values, gradients, and what a training with them leaves behind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from held import Held

from neurodeploy.errors import ConfigError, UnsupportedNodeError
from neurodeploy.train.ann import LEAST_CEILING, Qcfs, Relu
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.model import build_model
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 6, 6)
MODEL = ModelConfig(channels=(4,), kernels=(3,), strides=(1,), paddings=(0,))
CONFIG = RunConfig(
    model=MODEL,
    neuron=NeuronConfig(kind="qcfs", qcfs_lambda=1.5),
    train=TrainConfig(epochs=3, batch_size=8, quantize_from=0.5, loss="tet"),
)


def training(config: RunConfig) -> Training:
    rng = np.random.default_rng(0)
    labels = np.arange(20, dtype=np.int64) % 2
    frames = (rng.random((20, 3, *SHAPE)) < 0.2 + 0.4 * labels.reshape(-1, 1, 1, 1, 1)).astype(np.uint8)
    net = build_model(config.model, config.neuron, SHAPE, 2, torch.Generator().manual_seed(0))
    return Training(config, net, Held(frames, labels), lambda net: to_graph(net, SHAPE))


def by_hand(level: float, ceiling: float, levels: int) -> float:
    return ceiling * min(max(np.floor(level * levels / ceiling + 0.5) / levels, 0.0), 1.0)


def test_qcfs_is_a_staircase_between_0_and_lambda() -> None:
    points = torch.linspace(-2, 4, 401)
    for levels, ceiling in ((1, 0.5), (4, 1.3), (8, 2.0)):
        found = Qcfs(levels, ceiling)(points).detach().numpy()
        wanted = [by_hand(float(point), ceiling, levels) for point in points]
        np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_a_level_on_the_edge_of_two_steps_is_rounded_up() -> None:
    assert float(Qcfs(4, 1.0)(torch.tensor(0.125)).detach()) == 0.25


@pytest.mark.parametrize("level", [-0.7, -0.1, 0.2, 0.61, 1.1, 1.16, 1.5, 3.0])
def test_gradients_of_qcfs_are_those_of_the_definition(level: float) -> None:
    levels, ceiling = 4, 1.3
    point, qcfs = torch.tensor(level, requires_grad=True), Qcfs(levels, ceiling)
    qcfs(point).backward()
    half = ceiling / (2 * levels)
    inside, above = -half < level < ceiling - half, level >= ceiling - half
    by_lambda = by_hand(level, ceiling, levels) / ceiling - level / ceiling if inside else float(above)
    assert float(point.grad) == float(inside)
    assert float(qcfs.learned.grad) == pytest.approx(by_lambda, abs=1e-6)


def test_the_gradient_by_lambda_is_that_of_autograd_with_a_straight_through_floor() -> None:
    points, levels = torch.linspace(-1, 3, 997, dtype=torch.float64), 8
    ceiling = torch.tensor(1.7, dtype=torch.float64, requires_grad=True)
    scaled = points * levels / ceiling + 0.5
    share = (scaled + (scaled.floor() - scaled).detach()) / levels
    # In a region of its own the clip is a plain function; at its bounds torch gives 0 where the definition gives 1.
    inside = (points > -ceiling / (2 * levels)) & (points < ceiling * (1 - 0.5 / levels))
    above = (points >= ceiling * (1 - 0.5 / levels)).double()
    (ceiling * torch.where(inside, share, above)).sum().backward()
    qcfs = Qcfs(levels, 1.7)
    qcfs(points.float()).sum().backward()
    assert float(qcfs.learned.grad) == pytest.approx(float(ceiling.grad), rel=1e-4)


def test_lambda_stays_above_its_least_value() -> None:
    qcfs = Qcfs(4, 1.0)
    qcfs.learned.data.fill_(-3.0)
    assert float(qcfs(torch.tensor(10.0)).detach()) == pytest.approx(LEAST_CEILING)


def test_relu_notes_the_quantile_of_its_activations_while_it_is_trained() -> None:
    relu = Relu()
    values = torch.arange(1, 1001).float()
    relu(values)
    assert float(relu.ceiling) == 999.0
    relu.eval()(10 * values)
    assert float(relu.ceiling) == 999.0
    relu.train()(2 * values)
    assert 999.0 < float(relu.ceiling) < 1998.0


def test_timesteps_of_an_artificial_network_know_nothing_of_each_other() -> None:
    net = build_model(MODEL, CONFIG.neuron, SHAPE, 2, torch.Generator().manual_seed(0)).eval()
    frames = (torch.rand(4, 3, *SHAPE, generator=torch.Generator().manual_seed(1)) < 0.4).float()
    order = torch.tensor([2, 0, 3, 1])
    assert torch.equal(net(frames).logits[order], net(frames[order]).logits)


@pytest.mark.parametrize("kind", ["qcfs", "relu"])
def test_an_artificial_network_is_trained_and_never_integer(kind: str) -> None:
    run = training(replace(CONFIG, neuron=replace(CONFIG.neuron, kind=kind)))
    for _ in range(3):
        run.run_epoch(lambda: None)
    assert [record["phase"] for record in run.history] == ["float"] * 3
    assert not any("integer" in key or key == "firing_rate" for record in run.history for key in record)
    assert set(run.evaluate(run.frames, run.validated)) == {"float"}
    assert run.best_epoch() in (1, 2, 3)


def test_an_artificial_network_has_no_graph_and_the_refusal_names_the_way() -> None:
    with pytest.raises(UnsupportedNodeError, match=r"recipe\.kind=hsd"):
        to_graph(training(CONFIG).net, SHAPE)


def test_a_counted_readout_is_refused() -> None:
    with pytest.raises(ConfigError) as error:
        NeuronConfig(kind="relu", readout="spikes").check()
    assert error.value.key == "neuron.readout"


@pytest.mark.parametrize("change", [{"execution": "step"}, {"gradient": "sltt", "loss": "tet"}])
def test_ways_through_time_are_refused(change: dict) -> None:
    with pytest.raises(ConfigError):
        replace(CONFIG, train=replace(CONFIG.train, **change)).check()


def test_levels_and_lambda_out_of_range_are_refused() -> None:
    for change in ({"qcfs_levels": 0}, {"qcfs_lambda": 0.0}):
        with pytest.raises(ConfigError):
            NeuronConfig(**change).check()
