"""The choice of timesteps and bits under a budget."""

import pytest

from neurodeploy.compressing import choose
from neurodeploy.energy import LayerBudget
from neurodeploy.errors import ConfigError
from neurodeploy.sensitivity import Effect, Sensitivity


def sensitivity(steps: dict[int, float], **layers: float) -> Sensitivity:
    """Divergences at timesteps, and of layers: so much for each bit below 8."""
    return Sensitivity(
        "all",
        {count: Effect(moved, 0.0, 1.0) for count, moved in steps.items()},
        {name: {b: Effect(each * (8 - b), 0.0, 1.0) for b in range(2, 9)} for name, each in layers.items()},
    )


def layer(name: str, macs: int, spike_bits: int = 1) -> list[LayerBudget]:
    return [LayerBudget(name, macs, 8, spike_bits, 8, 0.1, 0.0)]


LAYERS = {"conv1": layer("conv1", 100), "fc": layer("fc", 300)}


def test_bits_go_where_the_answers_are_sensitive() -> None:
    plan = choose(sensitivity({8: 0.0}, conv1=1.0, fc=0.001), LAYERS, 32.0)
    assert plan.bits == {"conv1": 8, "fc": 2}
    assert plan.budget == 8 * (100 * 8 + 300 * 2) / 400 == 28
    assert plan.divergence == pytest.approx(0.006)


def test_timesteps_are_given_up_where_that_moves_the_answers_less_than_bits_do() -> None:
    measured = {"conv1": 1.0, "fc": 1.0}
    assert choose(sensitivity({8: 0.0, 4: 0.5, 2: 90.0}, **measured), LAYERS, 32.0).timesteps == 4
    assert choose(sensitivity({8: 0.0, 4: 50.0, 2: 90.0}, **measured), LAYERS, 32.0).timesteps == 8


def test_a_budget_that_allows_everything_changes_nothing() -> None:
    plan = choose(sensitivity({8: 0.0, 4: 0.1}, conv1=1.0, fc=1.0), LAYERS, 64.0)
    assert (plan.timesteps, plan.bits, plan.budget) == (8, {"conv1": 8, "fc": 8}, 64)


def test_wide_inputs_cost_their_bits() -> None:
    wide = {"conv1": layer("conv1", 100, spike_bits=8), "fc": layer("fc", 100)}
    plan = choose(sensitivity({1: 0.0}, conv1=1.0, fc=1.0), wide, 20.0)
    assert plan.bits == {"conv1": 4, "fc": 8}
    assert plan.budget == (8 * 4 + 8) / 2


def test_nodes_of_one_layer_share_its_bits_and_add_their_products() -> None:
    split = {"fc1": [*layer("fc1_d0", 50), *layer("fc1_d2", 50)], "fc": layer("fc", 300)}
    plan = choose(sensitivity({8: 0.0}, fc1=1.0, fc=0.001), split, 32.0)
    assert plan.bits == {"fc1": 8, "fc": 2}


def test_the_least_that_is_named_is_accepted() -> None:
    layers = {"a": layer("a", 100, spike_bits=3), "b": layer("b", 500)}
    measured = sensitivity({7: 0.0}, a=1.0, b=1.0)
    with pytest.raises(ConfigError) as refused:
        choose(measured, layers, 1.0)
    least = float(refused.value.allowed.split()[0])
    assert choose(measured, layers, least).bits == {"a": 2, "b": 2}
    assert least == pytest.approx(14 * 800 / 600, abs=1e-4)


@pytest.mark.parametrize("budget", [1.9, 0.0, -4.0, float("nan")])
def test_a_budget_below_the_least_is_refused_with_the_least(budget: float) -> None:
    with pytest.raises(ConfigError, match="2 or more"):
        choose(sensitivity({4: 0.0, 1: 0.0}, conv1=1.0, fc=1.0), LAYERS, budget)
