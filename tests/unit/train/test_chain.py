"""Phases of the recipes iir, inherit and ann-init, and what a network of one timestep computes."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.graph import simulate
from neurodeploy.quantize import quantize
from neurodeploy.train.config import ModelConfig, NeuronConfig, RecipeConfig, RunConfig, TrainConfig
from neurodeploy.train.convert import ceilings, convert_ann
from neurodeploy.train.model import SpikingNet, build_model
from neurodeploy.train.recipes import Phase, phases_of
from neurodeploy.train.recipes.percentile import LEAST, quantiles
from neurodeploy.train.to_graph import to_graph

SHAPE = (2, 6, 6)
MODEL = ModelConfig(channels=(8, 8, 8), kernels=(3, 3, 1), strides=(1, 1, 1), paddings=(1, 0, 0))


def config(steps: int, **recipe: object) -> RunConfig:
    return RunConfig(data=DataConfig(timesteps=steps), recipe=RecipeConfig(**recipe), train=TrainConfig(lr=0.01))


def steps_of(phases: tuple[Phase, ...]) -> list[int]:
    return [phase.config.data.steps for phase in phases]


def rates(phases: tuple[Phase, ...]) -> list[float]:
    return [phase.config.train.lr for phase in phases]


def epochs(phases: tuple[Phase, ...]) -> list[int]:
    return [phase.config.train.epochs for phase in phases]


def test_iir_halves_the_timesteps_down_to_those_of_the_run() -> None:
    assert steps_of(phases_of(config(1, kind="iir"))) == [8, 4, 2, 1]
    assert steps_of(phases_of(config(3, kind="iir"))) == [8, 4, 3]
    assert steps_of(phases_of(config(1, kind="iir", chain=(5, 3, 1)))) == [5, 3, 1]


def test_inherit_begins_with_a_third_of_the_timesteps_and_ends_with_a_sixth_of_the_epochs() -> None:
    phases = phases_of(config(6, kind="inherit"))
    assert steps_of(phases) == [2, 6]
    assert epochs(phases) == [60, 10]


def test_later_phases_learn_at_a_quarter_of_the_rate() -> None:
    assert rates(phases_of(config(1, kind="iir"))) == [0.01, 0.0025, 0.0025, 0.0025]
    begun = replace(config(1, kind="iir"), train=TrainConfig(lr=0.01, init="runs/x"))
    phases = phases_of(begun)
    assert rates(phases) == [0.0025] * 4
    assert [phase.config.train.init for phase in phases] == [""] * 4


def test_each_phase_has_the_epochs_and_rates_that_are_given() -> None:
    phases = phases_of(config(1, kind="iir", chain=(4, 1), phase_epochs=(3, 2), phase_lr=(0.1, 0.2)))
    assert epochs(phases) == [3, 2]
    assert rates(phases) == [0.1, 0.2]


def test_only_the_last_phase_ends_in_integers() -> None:
    phases = phases_of(config(1, kind="iir"))
    assert [phase.config.train.quantize_from for phase in phases] == [1.0, 1.0, 1.0, 0.6]


def test_the_last_phase_sees_what_the_run_sees() -> None:
    for each in (config(1, kind="iir"), config(8, kind="inherit"), config(4, kind="ann-init", ann_timesteps=1)):
        last = phases_of(each)[-1].config
        assert (last.data, last.model, last.neuron) == (each.data, each.model, each.neuron)


def test_without_new_bins_phases_see_the_first_windows() -> None:
    data = DataConfig(timesteps=10, skip=1, take=2)
    phases = phases_of(replace(config(1, kind="iir", chain=(8, 4, 2), rebin=False), data=data))
    assert [(each.config.data.timesteps, each.config.data.skip, each.config.data.steps) for each in phases] == [
        (10, 1, 8),
        (10, 1, 4),
        (10, 1, 2),
    ]


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (config(8, kind="iir"), "recipe.chain.*each smaller.*data.timesteps, which is 8"),
        (config(1, kind="iir", chain=(4, 4, 1)), "each smaller"),
        (config(1, kind="iir", chain=(8, 4, 2)), "recipe.chain.*ends with 1"),
        (config(8, kind="inherit", chain=(8, 2)), "each larger"),
        (config(1, kind="inherit"), "each larger"),
        (config(1, kind="iir", phase_epochs=(1, 2)), "recipe.phase_epochs.*4 phases"),
        (config(1, kind="iir", phase_lr=(0.1,)), "recipe.phase_lr.*4 phases"),
        (replace(config(1, kind="iir"), data=DataConfig(timesteps=2, skip=1)), "recipe.rebin=true"),
        (
            replace(config(1, kind="iir", rebin=False), data=DataConfig(timesteps=4, take=1)),
            "data.timesteps.*at least 8 windows",
        ),
        (
            replace(config(1, kind="ann-init", ann_timesteps=4), data=DataConfig(timesteps=8, take=1)),
            "recipe.ann_timesteps",
        ),
        (replace(config(1, kind="ann-init"), neuron=NeuronConfig(readout="spikes")), "neuron.readout.*accumulate"),
        (replace(config(1, kind="iir", ann_epochs=1), neuron=NeuronConfig(kind="relu")), "neuron.kind.*lif, cuba, if"),
    ],
)
def test_what_fits_no_chain_is_refused(found: RunConfig, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}"):
        phases_of(found)


@pytest.mark.parametrize(
    "wrong", [{"chain": (0, 1)}, {"phase_epochs": (0,)}, {"phase_lr": (0.0,)}, {"ann_timesteps": -1}]
)
def test_settings_out_of_range_are_refused(wrong: dict) -> None:
    with pytest.raises(ConfigError, match=f"recipe.{next(iter(wrong))}"):
        RecipeConfig(**wrong).check()


def test_an_artificial_network_comes_first_if_epochs_are_given_for_it() -> None:
    ann, *chain = phases_of(config(1, kind="iir", ann_epochs=7))
    assert (ann.name, ann.config.neuron.kind, ann.config.train.epochs, ann.config.data.steps) == ("ann", "relu", 7, 8)
    assert steps_of(tuple(chain)) == [8, 4, 2, 1]
    assert rates(tuple(chain)) == [0.0025] * 4


def test_an_artificial_network_has_none_of_the_settings_of_spiking_neurons() -> None:
    leaky = replace(config(1, kind="iir", ann_epochs=1), neuron=NeuronConfig(learn_decay=True))
    for phase in phases_of(leaky):
        phase.config.check()


def test_an_artificial_network_of_one_frame_sees_the_whole_recording() -> None:
    ann, last = phases_of(config(8, kind="ann-init", ann_timesteps=1))
    assert (ann.config.data.steps, last.config.data.steps) == (1, 8)
    assert last.config.train.lr == pytest.approx(0.001)


def network(kind: str = "lif", steps: int = 1, **neuron: object) -> SpikingNet:
    """Weights of one seed, statistics of its drives."""
    settings = NeuronConfig(kind=kind, threshold=0.5, **neuron)
    net = build_model(MODEL, settings, SHAPE, 3, torch.Generator().manual_seed(1))
    with torch.no_grad():
        for _ in range(20):
            net.train()(frames(steps))
    return net.eval()


def frames(steps: int = 1, batch: int = 32) -> torch.Tensor:
    return (torch.rand(steps, batch, *SHAPE, generator=torch.Generator().manual_seed(steps)) < 0.3).float()


@pytest.mark.parametrize("is_integer", [False, True])
@pytest.mark.parametrize(
    "other",
    [{"voltage_decay": 0}, {"voltage_decay": 4096}, {"reset": "subtract"}, {"kind": "if"}],
    ids=lambda other: "-".join(map(str, other.values())),
)
def test_one_timestep_knows_no_leak_and_no_reset(other: dict, is_integer: bool) -> None:
    first, second = network(), network(**other)
    first.is_integer = second.is_integer = is_integer
    with torch.no_grad():
        ours, theirs = first(frames()), second(frames())
    assert all(a.any() and torch.equal(a, b) for a, b in zip(ours.spikes, theirs.spikes, strict=True))
    assert torch.equal(ours.logits, theirs.logits)


def test_with_two_timesteps_the_leak_matters() -> None:
    first, second = network(steps=2, voltage_decay=0), network(steps=2, voltage_decay=4096)
    with torch.no_grad():
        assert not torch.equal(first(frames(2)).spikes[-1], second(frames(2)).spikes[-1])


def test_one_timestep_is_one_pass_of_a_binary_network() -> None:
    net = network(voltage_decay=1000)
    graph = quantize(to_graph(net, SHAPE), 8, 1).graph
    value = frames().numpy()
    trace = simulate(graph, value.astype(np.int64))
    nodes = {node.name: node for node in graph.graph.nodes}
    outputs = torch.from_numpy(value[0]).double()
    for number in (1, 2, 3):
        conv, neurons = nodes[f"conv{number}"], nodes[f"cuba{number}"]
        weight = torch.from_numpy(np.asarray(conv.weight, np.float64))
        total = torch.nn.functional.conv2d(outputs, weight, None, conv.stride, conv.padding)
        bias = torch.from_numpy(np.asarray(neurons.bias, np.float64)).reshape(-1, 1, 1)
        outputs = (total + bias > neurons.threshold).double()
        assert outputs.any()
        np.testing.assert_array_equal(trace[f"cuba{number}"][0], outputs.numpy())
    answer = outputs.flatten(1) @ torch.from_numpy(np.asarray(nodes["fc"].weight, np.float64)).T
    with torch.no_grad():
        net.is_integer = True
        best = net(frames()).logits[0].argmax(1)
    np.testing.assert_array_equal(answer.argmax(1), best)


def trained_ann() -> SpikingNet:
    net = build_model(MODEL, NeuronConfig(kind="relu"), SHAPE, 3, torch.Generator().manual_seed(2))
    with torch.no_grad():
        for _ in range(20):
            net.train()(frames(4, 64))
    return net.eval()


def spiking() -> SpikingNet:
    return build_model(MODEL, NeuronConfig(kind="if", threshold=1.0), SHAPE, 3, torch.Generator().manual_seed(3)).eval()


def test_quantiles_leave_a_tenth_of_the_drives_of_the_loudest_timestep_above_them() -> None:
    ann, net = trained_ann(), spiking()
    seen = frames(4, 64)
    scales = quantiles(ann, net, seen)
    stage = ann.stages[0]
    drives = stage.norm(stage.synapse(seen.flatten(0, 1))).reshape(4, -1)
    above = (drives > scales[0]).float().mean(1)
    assert float(above.max()) == pytest.approx(0.1, abs=1e-3)
    assert len(scales) == 3


def test_quantiles_wake_deep_layers_in_one_timestep_where_ceilings_leave_them_quiet() -> None:
    ann, loud, quiet = trained_ann(), spiking(), spiking()
    convert_ann(ann, loud, quantiles(ann, loud, frames(4, 64)))
    convert_ann(ann, quiet, ceilings(ann))
    with torch.no_grad():
        rates = [float(net(frames()).spikes[-1].mean()) for net in (loud, quiet)]
    assert rates[0] > 10 * rates[1]


def test_a_layer_whose_drives_are_not_positive_gets_the_least_scale() -> None:
    ann = trained_ann()
    ann.stages[1].norm.bias.data.fill_(-100.0)
    assert quantiles(ann, spiking(), frames(4, 64))[1] == LEAST


def test_finding_quantiles_changes_no_network() -> None:
    ann, net = trained_ann(), spiking()
    before = [{name: value.clone() for name, value in each.state_dict().items()} for each in (ann, net)]
    quantiles(ann, net, frames(2))
    for each, kept in zip((ann, net), before, strict=True):
        assert all(torch.equal(value, kept[name]) for name, value in each.state_dict().items())
