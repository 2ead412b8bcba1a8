"""One function for each command of the command line; results are plain values, ready for JSON.

Imports of torch, onnx, h5py and matplotlib stay inside the functions that need them.
"""

from neurodeploy.api.catalogue import (
    data_fetch,
    data_list,
    data_stats,
    doctor,
    profiles_check,
    profiles_list,
    profiles_show,
)
from neurodeploy.api.deployment import (
    conformance,
    early_exit,
    energy,
    evaluate,
    export,
    fit,
    neurobench,
    verify,
)
from neurodeploy.api.evidence import measure, measured, validate
from neurodeploy.api.networks import bench_methods, compress, distill_data, import_model, prune, train, tune
from neurodeploy.api.reports import compare, report

__all__ = [
    "bench_methods",
    "compare",
    "compress",
    "conformance",
    "data_fetch",
    "data_list",
    "data_stats",
    "distill_data",
    "doctor",
    "early_exit",
    "energy",
    "evaluate",
    "export",
    "fit",
    "import_model",
    "measure",
    "measured",
    "neurobench",
    "profiles_check",
    "profiles_list",
    "profiles_show",
    "prune",
    "report",
    "train",
    "tune",
    "validate",
    "verify",
]
