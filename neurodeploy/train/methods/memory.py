"""What methods remember between epochs, as the tensors of a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from neurodeploy.errors import CheckpointError
from neurodeploy.train.checkpoint import Tensors
from neurodeploy.train.methods.method import Method


def methods_state(methods: Sequence[Method]) -> dict[str, Tensor]:
    """`<method>.state.<name>` and `<method>.module.<name>` -> tensor."""
    found: dict[str, Tensor] = {}
    for method in methods:
        parts = {"state": method.state(), "module": method.module.state_dict() if method.module is not None else {}}
        for part, tensors in parts.items():
            found |= {f"{method.name}.{part}.{name}": tensor for name, tensor in tensors.items()}
    return found


def restore_methods(methods: Sequence[Method], tensors: Tensors, path: Path) -> None:
    """Give every method back what it remembered.

    Raises:
        CheckpointError: the tensors are those of other methods.
    """
    strange = {name for name in tensors if name.split(".")[0] not in {method.name for method in methods}}
    if strange:
        reason, hint = "it remembers other methods", "Use the configuration that the checkpoint was trained with."
        raise CheckpointError(path=path, reason=reason, unknown=strange, hint=hint)
    for method in methods:
        try:
            method.restore(_below(tensors, f"{method.name}.state."))
        except (KeyError, ValueError) as error:
            reason = f"what method {method.name} remembers is missing or of another shape"
            raise CheckpointError(path=path, reason=reason) from error
        if method.module is not None:
            wanted, found = method.module.state_dict(), _below(tensors, f"{method.name}.module.")
            if {name: t.shape for name, t in wanted.items()} != {name: t.shape for name, t in found.items()}:
                raise CheckpointError(
                    path=path, reason=f"what method {method.name} trained is missing or of another shape"
                )
            method.module.load_state_dict(found)


def _below(tensors: Tensors, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
