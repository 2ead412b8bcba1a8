"""Data sets, one file each; a new file here is a new data set. Its `DATASET` says everything about it."""

from __future__ import annotations

import sys

from neurodeploy.data.datasets.dataset import Dataset
from neurodeploy.data.discover import load_module, module_names

_NOT_A_DATASET = ("dataset",)


def names() -> tuple[str, ...]:
    """Names of all data sets, sorted; nothing is imported to list them."""
    return module_names(sys.modules[__name__], _NOT_A_DATASET)


def find(name: str) -> Dataset:
    """The data set called `name`.

    Raises:
        ConfigError: there is none of that name.
    """
    dataset: Dataset = load_module(sys.modules[__name__], name, names(), "dataset").DATASET
    return dataset
