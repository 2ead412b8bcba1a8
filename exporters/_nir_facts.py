"""What a NIR file leaves open, said beside it: in its metadata, in network.json and in README.md.

The file is right without them: no reader needs to know more than dt, and how to make an answer of the output.
"""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._nir_neuron import DT, is_lif, voltage_unit
from neurodeploy.graph import Graph
from neurodeploy.graph.nodes import Cuba

SPIKE_RULE: Final = "spike where v > v_threshold, then v = v_reset in the same step"
ANSWER: Final = "sum of the output over all timesteps; the largest is the class, of equal ones the first"


def metadata_of(deployment: Deployment) -> dict[str, Any]:
    """Metadata of the whole graph."""
    graph = deployment.integer.graph
    return {
        "neurodeploy": version("neurodeploy"),
        "dt": DT,
        "timestep_us": float(graph.timestep_us),
        "timesteps": deployment.timesteps,
        "schedule": graph.schedule.value,
        "reset": "zero",
        "spike_rule": SPIKE_RULE,
        "answer": ANSWER,
        "input_high": graph.input.high,
    }


def neuron_facts(graph: Graph) -> dict[str, dict[str, Any]]:
    """The integers that each neuron was made of, and the size of a weight step in its voltages."""
    return {
        node.name: {
            "threshold": int(node.threshold),
            "current_decay": node.current_decay,
            "voltage_decay": node.voltage_decay,
            "voltage_unit": voltage_unit(node),
        }
        for node in graph.nodes
        if isinstance(node, Cuba)
    }


def sidecar(deployment: Deployment) -> bytes:
    """network.json."""
    graph = deployment.integer.graph
    kinds = {n.name: "LIF" if is_lif(n) else "CubaLIF" for n in graph.nodes if isinstance(n, Cuba)}
    facts = {
        **metadata_of(deployment),
        "nir": version("nir"),
        "name": deployment.name,
        "classes": list(deployment.classes),
        "input_shape": list(graph.input.shape),
        "neurons": {name: {"kind": kinds[name], **found} for name, found in neuron_facts(graph).items()},
    }
    return (json.dumps(facts, indent=1, sort_keys=True) + "\n").encode()


def readme(deployment: Deployment, warnings: list[str]) -> bytes:
    """README.md, with the call of every reader."""
    text = importlib.resources.files("neurodeploy.exporters").joinpath("nir_readme.md.in").read_text(encoding="utf-8")
    graph = deployment.integer.graph
    values: Mapping[str, object] = {
        "name": deployment.name,
        "dt": DT,
        "timesteps": deployment.timesteps,
        "shape": ", ".join(str(size) for size in graph.input.shape),
        "values": "0 or 1" if graph.input.high == 1 else f"whole numbers 0..{graph.input.high}",
        "answer": ANSWER,
        "warnings": "".join(f"- {text}\n" for text in warnings) or "- none\n",
    }
    for key, value in values.items():
        text = text.replace(f"@{key}@", str(value))
    return text.encode()
