"""The training that is advised for a condensed set."""

from typing import Any

import pytest

from neurodeploy.condensing import batch_size, recipe, steps
from neurodeploy.config import build
from neurodeploy.train.config import RunConfig


def settings_of(items: int) -> dict[str, float]:
    return {key: float(value) for key, value in (word.split("=") for word in recipe(items))}


@pytest.mark.parametrize("items", [3, 10, 11, 30, 100, 101, 500])
def test_the_advised_epochs_see_as_many_items_as_the_advised_steps(items: int) -> None:
    wanted = settings_of(items)
    seen, meant = wanted["train.epochs"] * items, steps(items) * batch_size(items)
    assert meant <= seen < meant + items


@pytest.mark.parametrize(("items", "batch", "expected"), [(4, 4, 300), (32, 10, 300), (100, 10, 500), (101, 32, 1000)])
def test_few_items_are_trained_on_in_few_small_steps(items: int, batch: int, expected: int) -> None:
    assert (batch_size(items), steps(items)) == (batch, expected)


def test_the_recipe_is_a_configuration_of_training() -> None:
    tree: dict[str, dict[str, Any]] = {}
    for key, value in settings_of(10).items():
        section, name = key.split(".")
        tree.setdefault(section, {})[name] = int(value) if name in ("epochs", "batch_size") else value
    job = build(RunConfig, tree)
    assert (job.train.epochs, job.train.batch_size, job.augment.drop) == (300, 10, 0.6)
