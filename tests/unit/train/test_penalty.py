"""Penalties: the operations they count are those of the energy report, and learning with them saves some."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from held import Held

from neurodeploy.energy import count
from neurodeploy.errors import ConfigError
from neurodeploy.graph import simulate
from neurodeploy.quantize import quantize
from neurodeploy.train.config import ModelConfig, NeuronConfig, PenaltyConfig, RunConfig, TrainConfig
from neurodeploy.train.evaluate import as_input
from neurodeploy.train.loop import Training
from neurodeploy.train.methods.method import Batch
from neurodeploy.train.methods.penalty import Penalty, make_penalty
from neurodeploy.train.model import Output, SpikingNet, build_model
from neurodeploy.train.to_graph import to_graph

SHAPE, STEPS = (2, 9, 8), 6
CONV = ModelConfig(channels=(4, 6), kernels=(5, 3), strides=(2, 1), paddings=(2, 1))
MLP = ModelConfig(kind="mlp", hidden=(12, 7))
ON = PenaltyConfig(rate=0.5, target_rate=0.1, synops=2.0)


def build(model: ModelConfig, readout: str) -> SpikingNet:
    neuron = NeuronConfig(threshold=0.1, readout=readout)
    return build_model(model, neuron, SHAPE, 3, torch.Generator().manual_seed(0)).eval()


def held(rng: np.random.Generator, high: int = 1) -> Held:
    counts = (rng.random((6, STEPS, *SHAPE)) < 0.4) * rng.integers(1, high + 1, (6, STEPS, *SHAPE))
    return Held(counts.astype(np.uint8), np.arange(6) % 3)


def penalised(net: SpikingNet, recordings: Held, config: PenaltyConfig = ON) -> tuple[Penalty, Batch, Output]:
    method = make_penalty(config, net, recordings)
    assert method is not None
    frames, indices = as_input(recordings.frames, torch.device("cpu")), np.arange(len(recordings.labels))
    batch = Batch(indices, frames, frames, torch.from_numpy(recordings.labels), None, 1, 0.0)
    return method, batch, net(frames)


@pytest.mark.parametrize("high", [1, 5], ids=["binary", "counts"])
@pytest.mark.parametrize("readout", ["accumulate", "spikes"])
@pytest.mark.parametrize("model", [CONV, MLP], ids=["conv", "mlp"])
def test_operations_are_those_that_the_simulator_counts(
    model: ModelConfig, readout: str, high: int, rng: np.random.Generator
) -> None:
    net, recordings = build(model, readout), held(rng, high)
    net.is_integer = True
    method, batch, output = penalised(net, recordings)
    graph = quantize(to_graph(net, SHAPE, high=high), net.weight_bits, STEPS, net.formats).graph
    counts = count(graph, simulate(graph, np.moveaxis(recordings.frames, 0, 1)))
    wanted = counts.mean("accumulate")[0] + counts.mean("multiply_accumulate")[0]
    assert all(spikes.any() for spikes in output.spikes)
    assert float(method.synaptic_operations(batch.frames, output).detach()) == pytest.approx(wanted, rel=1e-12)


def test_a_border_pixel_costs_less_than_one_in_the_middle() -> None:
    """So a fan-out that ignores borders would not pass the test above."""
    method, *_ = penalised(build(CONV, "accumulate"), held(np.random.default_rng(0)))
    assert method.fans[0][0, 0, 0] < method.fans[0][0, 4, 4]


def test_the_loss_is_the_rates_above_the_target_and_the_share_of_the_operations(rng: np.random.Generator) -> None:
    net = build(CONV, "accumulate")
    method, batch, output = penalised(net, held(rng))
    above = [max(0.0, float(spikes.detach().mean()) - 0.1) for spikes in output.spikes]
    assert max(above) > 0
    share = float(method.synaptic_operations(batch.frames, output).detach()) / (method.dense * STEPS)
    assert 0 < share < 1
    assert float(method.loss(net, batch, output).detach()) == pytest.approx(0.5 * np.mean(above) + 2 * share, rel=1e-5)


def test_all_inputs_active_at_all_times_are_a_share_of_one() -> None:
    net = build(MLP, "accumulate")
    method, batch, _ = penalised(net, held(np.random.default_rng(0)))
    full = Output(torch.zeros(STEPS, 6, 3), tuple(torch.ones(STEPS, 6, size) for size in (12, 7)))
    assert float(method.synaptic_operations(torch.ones_like(batch.frames), full)) == method.dense * STEPS


def test_spikes_that_are_the_answer_are_not_penalised(rng: np.random.Generator) -> None:
    net = build(MLP, "spikes")
    method, batch, output = penalised(net, held(rng))
    other = Output(output.logits, (*output.spikes[:-1], 1 - output.spikes[-1]))
    assert float(method.loss(net, batch, other).detach()) == float(method.loss(net, batch, output).detach())


@pytest.mark.parametrize("config", [PenaltyConfig(rate=1.0), PenaltyConfig(synops=1.0)], ids=["rate", "synops"])
def test_the_gradient_reaches_the_weights_of_all_spiking_layers(
    config: PenaltyConfig, rng: np.random.Generator
) -> None:
    net = build(CONV, "accumulate")
    method, batch, output = penalised(net, held(rng), config)
    method.loss(net, batch, output).backward()
    assert all(stage.synapse.weight.grad.any() for stage in net.stages)


def test_a_rate_below_the_target_costs_nothing(rng: np.random.Generator) -> None:
    net = build(CONV, "accumulate")
    method, batch, output = penalised(net, held(rng), PenaltyConfig(rate=1.0, target_rate=1.0))
    assert float(method.loss(net, batch, output).detach()) == 0


def training(rng: np.random.Generator, penalty: PenaltyConfig) -> Training:
    labels = np.arange(24) % 3
    frames = (rng.random((24, STEPS, *SHAPE)) < 0.2 + 0.2 * labels[:, None, None, None, None]).astype(np.uint8)
    config = RunConfig(
        model=CONV,
        neuron=NeuronConfig(threshold=0.5),
        train=TrainConfig(epochs=6, batch_size=8, lr=0.02, quantize_from=0.5),
        penalty=penalty,
    )
    config = replace(config, data=replace(config.data, timesteps=STEPS))
    net = build_model(CONV, config.neuron, SHAPE, 3, torch.Generator().manual_seed(0))
    found = Training(config, net, Held(frames, labels), lambda net: to_graph(net, SHAPE))
    for _ in range(6):
        found.run_epoch(lambda: None)
    return found


def test_training_with_a_penalty_saves_operations_and_records_them(rng: np.random.Generator) -> None:
    seed = int(rng.integers(1 << 30))
    free, paid = (
        training(np.random.default_rng(seed), PenaltyConfig(synops=weight)).history for weight in (1e-9, 20.0)
    )
    assert paid[-1]["penalty_synops"] < 0.9 * free[-1]["penalty_synops"]
    assert paid[-1]["penalty_rate"] < free[-1]["penalty_rate"]


def test_without_weights_there_is_no_penalty(rng: np.random.Generator) -> None:
    assert make_penalty(PenaltyConfig(target_rate=0.5), build(MLP, "accumulate"), held(rng)) is None


@pytest.mark.parametrize("wrong", [{"rate": -1.0}, {"synops": float("nan")}, {"target_rate": 1.5}])
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    (key,) = wrong
    with pytest.raises(ConfigError, match=rf"penalty\.{key}"):
        PenaltyConfig(**wrong).check()
