"""Fits of a deployment on profiles; for microcontrollers with the bytes of the C that is generated for it."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from neurodeploy.deployment import Deployment
from neurodeploy.errors import (
    ArtefactError,
    ConfigError,
    GraphError,
    RangeError,
    ToolchainMissingError,
    UnsupportedNodeError,
)
from neurodeploy.placement import Fit, Footprint, Network, Problem, fit, read_network
from neurodeploy.profile import Profile
from neurodeploy.targets import Artefact, find, names, write_artefact

MEMORY = "memory"
BOARD = "cortex-m4"
"""The core that code is compiled for when it is measured."""


def fits(
    deployment: Deployment, profiles: Sequence[Profile], given: Mapping[str, int] | None = None, *, search: bool = True
) -> list[Fit]:
    """The network on each profile, in order.

    Args:
        profiles: such that say how a network is put on the chip.
        given: limits that the user gives, for profiles of microcontrollers only.
        search: look for the smallest changes.
    Raises:
        ProfileError: a profile says nothing about placement.
    """
    network = read_network(deployment.integer.graph)
    is_memory = [profile.rules is not None and profile.rules.model == MEMORY for profile in profiles]
    bytes_ = footprint(deployment, network) if any(is_memory) else None
    return [
        fit(network, profile, given=given, footprint=bytes_, search=search)
        if small
        else fit(network, profile, search=search)
        for profile, small in zip(profiles, is_memory, strict=True)
    ]


def memories(flash: int | None, ram: int | None, profiles: Sequence[Profile]) -> dict[str, int]:
    """The limits of a microcontroller whose memories the user gives.

    Raises:
        ConfigError: a size is not positive, or no profile is one of a microcontroller.
    """
    given = {"flash_bytes": flash, "ram_bytes": ram}
    found = {name: size for name, size in given.items() if size is not None}
    for name, size in found.items():
        key = f"--{name.removesuffix('_bytes')}"
        if size < 1:
            raise ConfigError(key=key, found=size, allowed="bytes, at least 1")
        if not any(profile.rules is not None and profile.rules.model == MEMORY for profile in profiles):
            hint = "Add --profile cortex_m, or leave it out."
            raise ConfigError(key=key, found=size, allowed="with a profile of a microcontroller only", hint=hint)
    return found


def footprint(deployment: Deployment, network: Network) -> Footprint | Problem | None:
    """Bytes of the generated C, as its header states them; code as a compiler measures it, where there is one.

    A network that C cannot express is a Problem; None where this installation generates no C.
    """
    if "c" not in names():
        return None
    exporter = find("c")
    try:
        emitted = exporter.emit(deployment)
    except UnsupportedNodeError as error:
        return Problem(error.node, str(error))
    except (GraphError, RangeError) as error:
        return Problem("network", str(error))
    prefix = str(emitted.notes["prefix"])
    header = emitted.files[f"{prefix}.h"].decode()
    constants, state = (header_bytes(header, f"{prefix}_{word}_BYTES") for word in ("CONST", "STATE"))
    with tempfile.TemporaryDirectory(prefix="neurodeploy-fit-") as folder:
        code = code_bytes(write_artefact(exporter, deployment, Path(folder) / "c"))
    said = "generated C" if code is None else f"generated C, code compiled for {BOARD} with -O2"
    return Footprint(constants, state, code, said, network)


def header_bytes(header: str, macro: str) -> int:
    """The number that a generated header defines.

    Raises:
        ArtefactError: it does not.
    """
    found = re.search(rf"^#define {macro}\s+(\d+)[uU]?\b", header, re.MULTILINE)
    if found is None:
        raise ArtefactError(path=macro, reason="the generated header does not define it")
    return int(found[1])


def code_bytes(artefact: Artefact) -> int | None:
    """Bytes of program code, or None where the compiler is missing."""
    from neurodeploy.exporters._c_boards import BOARDS
    from neurodeploy.exporters._c_measure import sizes

    board = next(board for board in BOARDS if board.name == BOARD)
    try:
        return sizes(artefact, board).code
    except ToolchainMissingError:
        return None
