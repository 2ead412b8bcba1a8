"""Activity as one .npz file: plain arrays and a JSON header, keyed by the network and by the recordings."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, final

import numpy as np

from neurodeploy.energy.activity import PLAIN, Activity, NodeActivity, NodeFacts
from neurodeploy.errors import ArtefactError, DataError
from neurodeploy.files import write_file
from neurodeploy.graph.numeric import Array
from neurodeploy.profile.quantity import WORK

SCHEMA_VERSION: Final = 2
NAME: Final = "activity.npz"
"""Name of the file in the folder of a run."""


@final
@dataclass(frozen=True, eq=False)
class Kept:
    """What a file holds.

    Args:
        network: SHA-256 of the network (with its exit rule, if it has one).
        data: SHA-256 of the frames.
        source: what the frames are, in words.
        full: the work of all timesteps.
        early: the work up to each sample's exit, or None.
    """

    network: str
    data: str
    source: str
    full: Activity
    early: Activity | None = None

    @property
    def parts(self) -> dict[str, Activity]:
        """By the name that they have in the file."""
        return {"full": self.full} | ({} if self.early is None else {"early": self.early})


def write_activity(path: Path, kept: Kept) -> None:
    """Write the file whole.

    Raises:
        OutputError: it cannot be written; what was there before is left.
    """
    arrays: dict[str, Array] = {}
    header: dict[str, Any] = {"schema_version": SCHEMA_VERSION, "network": kept.network, "data": kept.data}
    header |= {"source": kept.source, "parts": {}}
    for name, activity in kept.parts.items():
        header["parts"][name] = {
            "steps": activity.steps,
            "timestep_us": activity.timestep_us,
            "nodes": [asdict(node.facts) for node in activity.nodes],
        }
        arrays[f"{name}/until"] = activity.until
        for node in activity.nodes:
            arrays |= {f"{name}/{node.facts.name}/{key}": array for key, array in node.arrays().items()}
            if node.spikes is not None:
                arrays[f"{name}/{node.facts.name}/spikes"] = node.spikes
    buffer = io.BytesIO()
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_file(path, buffer.getvalue())


def read_activity(path: Path) -> Kept:
    """The activity in a file, checked.

    Raises:
        ArtefactError: it cannot be read, or is no activity of this version; the reason is named.
    """
    hint = "Record again: neurodeploy energy RUN."
    try:
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        if header["schema_version"] != SCHEMA_VERSION:
            found = header["schema_version"]
            raise ArtefactError(path=path, reason=f"schema version {found!r}, allowed: {SCHEMA_VERSION}", hint=hint)
        parts = {name: _part(arrays, name, facts) for name, facts in header["parts"].items()}
        network, data, source = (str(header[key]) for key in ("network", "data", "source"))
        return Kept(network, data, source, parts["full"], parts.get("early"))
    except OSError as error:
        raise ArtefactError(path=path, reason=f"cannot be read ({error.strerror})") from error
    except (KeyError, TypeError, ValueError, EOFError, AttributeError, DataError, zipfile.BadZipFile) as error:
        reason = f"is no activity that was recorded here ({type(error).__name__}: {error})"
        raise ArtefactError(path=path, reason=reason, hint=hint) from error


def _part(arrays: Mapping[str, Array], part: str, header: Mapping[str, Any]) -> Activity:
    until, steps = arrays[f"{part}/until"], int(header["steps"])
    if until.ndim != 1 or until.dtype.kind != "i" or until.min() < 1 or until.max() > steps:
        raise ValueError(f"{part}/until is not timesteps 1..{steps} of samples")
    nodes = tuple(_node(arrays, f"{part}/{facts['name']}/", NodeFacts(**facts), steps) for facts in header["nodes"])
    timestep = header["timestep_us"]
    return Activity(nodes, until, steps, None if timestep is None else float(timestep))


def _node(arrays: Mapping[str, Array], prefix: str, facts: NodeFacts, steps: int) -> NodeActivity:
    own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
    spikes = own.pop("spikes", None)
    shape = own[PLAIN[0]].shape
    for name, array in own.items():
        if array.dtype.kind != "i" or array.shape != shape or shape[0] != steps or array.min() < 0:
            raise ValueError(f"{prefix}{name} is not amounts of {steps} timesteps")
        if name not in PLAIN and name.split(".")[1] not in WORK:
            raise ValueError(f"{prefix}{name}: no such kind of work")
    empty = NodeActivity(facts, {}, **dict.fromkeys(PLAIN, own[PLAIN[0]]))
    return empty.with_arrays(own, spikes)
