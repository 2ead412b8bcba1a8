"""Fewer weight bits and timesteps under one bit budget: measured, chosen, and trained into a new run."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, final

import numpy as np

from neurodeploy import subject
from neurodeploy.config import override
from neurodeploy.costs import costs
from neurodeploy.data.frame_set import open_frames
from neurodeploy.data.split import split_validation
from neurodeploy.deployment import Deployment
from neurodeploy.energy import LayerBudget, bit_budget
from neurodeploy.energy.bit_budget import COUNTED, NOT_COUNTED
from neurodeploy.errors import ConfigError
from neurodeploy.graph import Graph
from neurodeploy.quantize import LayerChoice, allocate, quantize
from neurodeploy.quantize.weight_format import LEAST_BITS, MOST_BITS
from neurodeploy.runs.activity import count_activity
from neurodeploy.sensitivity import Sensitivity, closest_formats, divisors, measure, synapse_layers
from neurodeploy.train import run_dir
from neurodeploy.train.config import RunConfig
from neurodeploy.train.loop import SPLIT
from neurodeploy.train.training import train_run

EPOCHS = 20
SLOWER = 10
"""Fine-tuning learns at this fraction of the run's own rate."""
FLOAT_SHARE = 0.3
"""Share of the epochs in floats where the timesteps change, so that batch norm sees the new ones."""
DECIDED = ("train.weight_bits", "train.layer_bits", "train.init", "recipe.kind")
KEPT = ("neuron.kind", "neuron.readout", "neuron.delays")
"""Settings that a compression is not asked about."""
FEW = 8
"""Recordings on which the dense products of each layer are counted; they do not depend on the recordings."""


@final
@dataclass(frozen=True)
class Plan:
    """What was chosen.

    Args:
        bits: layer -> stored bits per weight, in order.
        budget: mean bit budget of a synapse that comes of it.
        divergence: of the answers, as predicted from the sensitivities, which are taken to add up.
    """

    timesteps: int
    bits: Mapping[str, int]
    budget: float
    divergence: float


def compress(
    source: Path,
    budget: float,
    words: Sequence[str] = (),
    *,
    out: Path = Path("runs"),
    command: Sequence[str] = (),
    samples: int = 0,
    progress: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Fine-tune the run `source` into a new run below `out` whose mean bit budget is at most `budget`.

    The bit budget of a synapse is timesteps x weight bits x bits of its input values; its mean weighs each layer by its
    dense products of a timestep, so that with binary spikes and one width it is timesteps x weight bits. States, which
    have 24 bits before and after, biases and delays are no part of it. Weight bits 2..8 of each layer and a number of
    timesteps that divides the run's are chosen, out of all allocations, so that the answers on the validation split
    move least, as measured for each layer alone and added up; then the weights are trained on with learned step sizes.

    Args:
        words: key=value settings of the fine-tuning; data.timesteps=N fixes the timesteps.
        command: the command line, to be kept in the new run.
        samples: test recordings for the table; 0 takes all.
    Returns:
        the run, what was chosen and measured, and what the network costs: before, with its weights rounded as chosen,
        and after the fine-tuning.
    Raises:
        CheckpointError: `source` is no run.
        ConfigError: the budget is below the least that can be chosen.
    """
    _refuse_chosen(words)
    if not (math.isfinite(budget) and budget > 0):
        raise ConfigError(key="--bit-budget", found=budget, allowed="a number above 0, for instance 16")
    run = run_dir.load_run(source)
    network, graph = run_dir.deployment(run), run.task.graph(run.model)
    budgets = bit_budget(count_activity(network, subject.samples(source, limit=FEW)))
    members = {name: [node.name for node in nodes] for name, nodes in synapse_layers(graph).items()}
    layers = {name: [b for b in budgets if b.name in of] for name, of in members.items()}
    refuse_below_least(budget, layers, min(_steps(run.config, words)))
    plan = choose(sensitivity := _measured(run.config, graph, words, progress), layers, budget)
    progress(
        f"chosen: {plan.timesteps} timesteps; {', '.join(f'{name} {bits} bits' for name, bits in plan.bits.items())}"
    )
    path = train_run(_config(run, plan, words), out, start=run.start, command=command)
    after, rounded = subject.samples(path, limit=samples), _rounded(graph, plan, network)
    table = {
        "before": costs(network, subject.samples(source, limit=samples)),
        "rounded": costs(rounded, after),
        "after": costs(subject.deployment(path), after),
    }
    return {"run": str(path), **_shown(plan, sensitivity), "samples": after.source, "table": table}


def _refuse_chosen(words: Sequence[str]) -> None:
    for word in words:
        key = word.partition("=")[0]
        if key in DECIDED:
            raise ConfigError(key=key, found="given", allowed="nothing: compress decides it")
        if key in KEPT or key.startswith("model."):
            raise ConfigError(key=key, found="given", allowed="nothing: the layers and neurons of the run stay")


def _measured(config: RunConfig, graph: Graph, words: Sequence[str], say: Callable[[str], None]) -> Sensitivity:
    """On the validation split of the run; on its training split where it has none."""
    data, steps = config.data, _steps(config, words)
    split = open_frames(data).train
    learned, validated = split_validation(split.labels, data.validation, np.random.default_rng([config.seed, SPLIT]))
    found = measure(graph, data, split, validated if len(validated) else learned, steps, say)
    return replace(found, recordings=f"{found.recordings} {'validation' if len(validated) else 'training'} recordings")


def _steps(config: RunConfig, words: Sequence[str]) -> tuple[int, ...]:
    """The timesteps among which is chosen."""
    is_fixed = bool(config.data.skip or config.data.take) or any(word.startswith("data.timesteps=") for word in words)
    return (override(config, words).data.steps,) if is_fixed else divisors(config.data.steps)


def refuse_below_least(budget: float, layers: Mapping[str, Sequence[LayerBudget]], steps: int) -> None:
    """Refuse a budget that even `steps` timesteps and 2 bits for all weights exceed.

    Raises:
        ConfigError: it is one.
    """
    nodes = [node for each in layers.values() for node in each]
    cost, macs = LEAST_BITS * sum(node.macs * node.spike_bits for node in nodes), sum(node.macs for node in nodes)
    if not cost <= _allowed(budget, macs, steps):
        # Rounded up, so that what the message says is accepted.
        least = math.ceil(cost * steps / macs * 1e4 - 1e-6) / 1e4
        raise ConfigError(key="--bit-budget", found=budget, allowed=f"{least:.10g} or more")


def _allowed(budget: float, macs: int, steps: int) -> float:
    """Weight bits times bits of their inputs that all synapses may have together; a little more, for rounding."""
    return budget * macs / steps * (1 + 1e-9)


def choose(sensitivity: Sensitivity, layers: Mapping[str, Sequence[LayerBudget]], budget: float) -> Plan:
    """The timesteps and bits of least predicted divergence whose mean bit budget is at most `budget`.

    Args:
        layers: of the network, in order -> their synapses; the products of these, and the bits of their input values.
    Raises:
        ConfigError: there are none.
    """
    refuse_below_least(budget, layers, min(sensitivity.steps))
    macs = sum(node.macs for nodes in layers.values() for node in nodes)
    prices = {name: sum(node.macs * node.spike_bits for node in nodes) for name, nodes in layers.items()}
    choices = [
        LayerChoice(price, {bits: effect.divergence for bits, effect in sensitivity.layers[name].items()})
        for name, price in prices.items()
    ]
    plans = []
    for steps, effect in sensitivity.steps.items():
        found = allocate(choices, _allowed(budget, macs, steps))
        if found is not None:
            bits = dict(zip(prices, found.bits, strict=True))
            plans.append(Plan(steps, bits, found.cost * steps / macs, effect.divergence + found.loss))
    return min(plans, key=lambda plan: (plan.divergence, plan.budget))


def _config(run: run_dir.Run, plan: Plan, words: Sequence[str]) -> RunConfig:
    """The run's own settings, the recipe of fine-tuning, `words`, and what was chosen."""
    config = run.config
    share = 0.0 if plan.timesteps == config.data.steps else FLOAT_SHARE
    recipe = [f"train.epochs={EPOCHS}", f"train.lr={config.train.lr / SLOWER!r}", f"train.quantize_from={share}"]
    steps = [] if plan.timesteps == config.data.steps else [f"data.timesteps={plan.timesteps}"]
    chosen = [f"train.layer_bits={list(plan.bits.values())}", f"train.init={run.path.resolve()}", "recipe.kind=plain"]
    return override(config, [*recipe, "train.quantizer=lsq", *words, *steps, *chosen])


def _shown(plan: Plan, sensitivity: Sensitivity) -> dict[str, Any]:
    """Plain values of the choice and of what it rests on."""
    return {
        "timesteps": plan.timesteps,
        "weight_bits": dict(plan.bits),
        "bit_budget": plan.budget,
        "bit_budget_of": {"counted": COUNTED, "not_counted": NOT_COUNTED},
        "sensitivity": {
            "recordings": sensitivity.recordings,
            "timesteps": {str(steps): asdict(effect) for steps, effect in sensitivity.steps.items()},
            "layers": {
                name: {str(bits): asdict(effect) for bits, effect in sorted(each.items())}
                for name, each in sensitivity.layers.items()
            },
        },
    }


def _rounded(graph: Graph, plan: Plan, network: Deployment) -> Deployment:
    """The weights as they are, in the bits that were chosen."""
    integer = quantize(graph, MOST_BITS, plan.timesteps, closest_formats(graph, plan.bits)).graph
    return Deployment(integer, graph, plan.timesteps, network.classes, network.name)
