"""Recordings whose class is the lag between two pulses: what a network without memory tells only with delays."""

import numpy as np
import torch
from held import Held

from neurodeploy.data.augment import AugmentConfig
from neurodeploy.data.config import DataConfig
from neurodeploy.train.config import ModelConfig, NeuronConfig, RunConfig, TrainConfig
from neurodeploy.train.loop import Training
from neurodeploy.train.model import build_model
from neurodeploy.train.to_graph import to_graph

LAG, STEPS, MOST = 5, 24, 8
TESTED = 400

STILL = AugmentConfig(shift=0.0, rotation=0.0, scale=0.0, shear=0.0, drop=0.0)


def coincidences(rng: np.random.Generator, count: int) -> Held:
    """A pulse on each of two inputs; class 1: the second comes 5 steps after the first; class 0: 1 to 9, but not 5."""
    frames, labels = np.zeros((count, STEPS, 2, 1, 1), np.uint8), np.arange(count) % 2
    others = [lag for lag in range(1, 10) if lag != LAG]
    for recording, label in enumerate(labels):
        start, lag = rng.integers(0, STEPS - 10), LAG if label else rng.choice(others)
        frames[recording, start, 0] = frames[recording, start + lag, 1] = 1
    return Held(frames, labels)


def trained_on_coincidences(
    delays: str, *, epochs: int = 24, hidden: tuple[int, ...] = (16,), delay_lr: float = 0.1, seed: int = 0
) -> tuple[Training, float]:
    """Neurons without any memory, trained on 400 recordings; and their accuracy on others in the deployed integers."""
    neuron = NeuronConfig(voltage_decay=4096, delays=delays, max_delay=MOST, delay_lr=delay_lr)
    config = RunConfig(
        data=DataConfig(timesteps=STEPS, validation=0.0),
        model=ModelConfig(kind="mlp", hidden=hidden),
        neuron=neuron,
        train=TrainConfig(epochs=epochs, batch_size=20, lr=0.02, quantize_from=0.7),
        augment=STILL,
        seed=seed,
        device="cpu",
    )
    net = build_model(config.model, neuron, (2, 1, 1), 2, torch.Generator().manual_seed(seed))
    rng = np.random.default_rng([100, seed])
    training = Training(config, net, coincidences(rng, 400), lambda net: to_graph(net, (2, 1, 1)))
    for _ in range(epochs):
        training.run_epoch(lambda: None)
    found = training.evaluate(coincidences(rng, TESTED), np.arange(TESTED))
    return training, found["integer"].accuracy
