"""What methods noted in several processes, each of which saw a part of every batch, as one memory that all have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from neurodeploy.errors import ProcessError
from neurodeploy.train import ranks
from neurodeploy.train.methods.method import Method

Memory = Mapping[str, Tensor]


def remembered(methods: Sequence[Method]) -> list[Memory]:
    """What each method remembers now, for `agree`; nothing with one process."""
    return [] if ranks.size() == 1 else [_copy(method.state()) for method in methods]


def agree(methods: Sequence[Method], before: Sequence[Memory]) -> None:
    """Join what the methods of all processes noted since `before`, which was the same everywhere.

    An entry that one process changed, as those of a table of recordings are, gets its value. Where several changed an
    entry, a float, taken for a running mean, gets the mean of theirs; an integer gets the sum of its changes, unless
    all changed it alike.

    Raises:
        ProcessError: a tensor has another shape in every process.
    """
    if ranks.size() == 1:
        return
    for method, kept in zip(methods, before, strict=True):
        now = _copy(method.state())
        changed = {name: value for name, value in now.items() if not _same(kept.get(name), value)}
        of_all = ranks.of_all(changed)
        names = sorted({name for each in of_all for name in each})
        joined = {name: _joined(name, kept.get(name), [each.get(name) for each in of_all]) for name in names}
        method.restore({**now, **joined})


def facts(methods: Sequence[Method]) -> dict[str, float]:
    """`<method>_<fact>` -> its value, the mean over processes."""
    own = {f"{method.name}_{key}": float(value) for method in methods for key, value in method.facts().items()}
    if ranks.size() == 1:
        return own
    of_all = ranks.of_all(own)
    return {name: sum(each[name] for each in of_all) / len(of_all) for name in own}


def _copy(memory: Memory) -> Memory:
    return {name: value.detach().cpu().clone() for name, value in memory.items()}


def _same(kept: Tensor | None, value: Tensor) -> bool:
    return kept is not None and kept.shape == value.shape and not bool(_differs(kept, value).any())


def _differs(kept: Tensor, value: Tensor) -> Tensor:
    """Where the two differ; NaN, which tables hold for what was never seen, is equal to NaN."""
    return (kept != value) & ~((kept != kept) & (value != value))


def _joined(name: str, kept: Tensor | None, found: Sequence[Tensor | None]) -> Tensor:
    """`kept` with the changes in `found`; None there: no change."""
    given = [value for value in found if value is not None]
    if len(given) == len(found) and all(_same(given[0], value) for value in given):
        return given[0]
    if kept is None or any(value.shape != kept.shape for value in given):
        reason = f"what a method keeps as '{name}' has no place that is the same in all processes"
        raise ProcessError(rank=ranks.rank(), size=ranks.size(), reason=reason, hint="Train in one process.")
    values, changed = torch.stack(given), torch.stack([_differs(kept, value) for value in given])
    if kept.is_floating_point():
        mean = torch.where(changed, values, 0).sum(0) / changed.sum(0)
        return torch.where(changed.any(0), mean.to(kept.dtype), kept)
    if kept.dtype == torch.bool:
        return kept ^ changed.any(0)
    first = values.gather(0, changed.long().argmax(0, keepdim=True))
    alike = ((values == first) | ~changed).all(0)
    return torch.where(alike & changed.any(0), first[0], kept + torch.where(changed, values - kept, 0).sum(0))
