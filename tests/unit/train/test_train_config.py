from dataclasses import replace

import pytest

from neurodeploy.config import as_tree, build, read_config
from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.errors import ConfigError
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig

WRONG = {
    "model.kind": ["cnn"],
    "model.channels": [(), (0, 2, 3)],
    "model.kernels": [(3,), (3, 3, 3, 3), (0, 1, 1)],
    "model.strides": [(1, 1), (0, 1, 1)],
    "model.paddings": [(-1, 0, 0)],
    "model.hidden": [(), (0,)],
    "neuron.kind": ["alif"],
    "neuron.voltage_decay": [-1, 4097],
    "neuron.current_decay": [-1, 4097],
    "neuron.threshold": [0.0, -1.0, float("inf"), float("nan")],
    "neuron.reset": ["soft"],
    "neuron.surrogate": ["box"],
    "neuron.gamma": [0.0, float("nan")],
    "neuron.readout": ["max"],
    "train.epochs": [0],
    "train.batch_size": [0],
    "train.lr": [0.0, -1.0, float("nan")],
    "train.warmup": [-0.1, 0.6],
    "train.weight_decay": [-1.0],
    "train.loss": ["mse"],
    "train.tet_lambda": [-0.1, 1.1],
    "train.label_smoothing": [-0.1, 1.0],
    "train.clip_norm": [0.0],
    "train.quantize_from": [-0.1, 1.1],
    "train.weight_bits": [1, 9],
    "train.layer_bits": [(1, 8), (8, 9)],
    "train.quantizer": ["best"],
    "penalty.rate": [-1.0],
    "penalty.target_rate": [-0.1, 1.1],
    "penalty.synops": [-1.0, float("nan")],
    "train.threads": [-1, 257],
    "seed": [-1],
    "device": ["tpu"],
}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_a_value_out_of_range_is_refused_by_its_key(key: str, value: object) -> None:
    section, _, name = key.rpartition(".")
    with pytest.raises(ConfigError) as caught:
        build(RunConfig, {section: {name: value}} if section else {name: value})
    assert caught.value.key == key


@pytest.mark.parametrize(
    "changed",
    [{"data": DataConfig(timesteps=0)}, {"augment": AugmentConfig(drop=2.0)}],
)
def test_sections_of_others_are_checked_too(changed: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        replace(RunConfig(), **changed).check()


def test_defaults_are_in_range_and_survive_a_round_trip() -> None:
    config = RunConfig(model=ModelConfig(channels=(1,), kernels=(3,), strides=(1,), paddings=(0,)), seed=3)
    config.check()
    assert build(RunConfig, as_tree(config)) == config


def test_words_reach_every_section() -> None:
    words = ["model.kind=mlp", "neuron.reset=subtract", "train.lr=1", "augment.shift=0", "dataset=nmnist", "seed=4"]
    config = read_config(RunConfig, None, words)
    assert (config.model.kind, config.neuron.reset, config.train.lr) == ("mlp", "subtract", 1.0)
    assert (config.augment.shift, config.data.dataset, config.seed) == (0.0, "nmnist", 4)


def test_decays_follow_the_kind() -> None:
    neuron = NeuronConfig(voltage_decay=300, current_decay=200)
    assert neuron.decays == (4096, 300)
    assert replace(neuron, kind="cuba").decays == (200, 300)
    assert replace(neuron, kind="if").decays == (4096, 0)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"train\.epoch"):
        build(RunConfig, {"train": {"epoch": 3}})
    assert TrainConfig().epochs > 0
