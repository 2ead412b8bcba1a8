"""Networks of other frameworks as graphs; every import is proved against the framework it came from."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from neurodeploy.importers.drift import Drift, drift
from neurodeploy.importers.imported import Imported

if TYPE_CHECKING:
    from neurodeploy.importers.netx import from_netx
    from neurodeploy.importers.nir import read_nir, run_nir
    from neurodeploy.importers.norse import from_norse
    from neurodeploy.importers.proof import prove
    from neurodeploy.importers.snntorch import from_snntorch
    from neurodeploy.importers.spikingjelly import from_spikingjelly

PLACES = {
    "from_netx": "netx",
    "from_norse": "norse",
    "from_snntorch": "snntorch",
    "from_spikingjelly": "spikingjelly",
    "prove": "proof",
    "read_nir": "nir",
    "run_nir": "nir",
}
"""Function -> module that holds it; it is imported, with torch and the framework, when the function is asked for."""

__all__ = [
    "Drift",
    "Imported",
    "drift",
    "from_netx",
    "from_norse",
    "from_snntorch",
    "from_spikingjelly",
    "prove",
    "read_nir",
    "run_nir",
]


def __getattr__(name: str) -> object:
    if name not in PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{PLACES[name]}"), name)
