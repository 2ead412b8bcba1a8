"""NAME.json: where flash and RAM go, and what was proved, layer by layer."""

from __future__ import annotations

import json
from typing import Any

from neurodeploy.early_exit.file import rule_dict
from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_header import state_bytes
from neurodeploy.exporters._c_lower import Link, Sink
from neurodeploy.exporters._c_members import members
from neurodeploy.exporters._c_source import Source
from neurodeploy.exporters._state_range import input_range
from neurodeploy.graph.nodes import Cuba


def report(context: Context, source: Source, sha256: str) -> dict[str, Any]:  # JSON values
    """Sizes, storage and ranges."""
    graph = context.network.graph
    told: set[str] = set()
    return {
        "sha256": sha256,
        "schedule": graph.schedule.value,
        "timestep_us": graph.timestep_us,
        "timesteps": context.timesteps,
        "index": context.index_kind,
        "flash_bytes_without_code": source.const_bytes,
        "ram_bytes": state_bytes(context),
        **({} if context.exit_rule is None else {"early_exit": rule_dict(context.exit_rule)}),
        "layers": [_layer(context, source, sink, told) for sink in context.network.sinks],
    }


def _layer(context: Context, source: Source, sink: Sink, told: set[str]) -> dict[str, Any]:  # JSON values
    node = sink.node
    low, high = input_range(context.network.integer, node)
    found: dict[str, Any] = {
        "node": node.name,
        "kind": type(node).__name__,
        "size": sink.view.size,
        "order": "pixel by pixel" if sink.view.by_pixel else "as in the graph",
        "ram_bytes": sum(member.bytes for member in members(context) if member.owner == node.name),
        "input_range": [low, high],
        "links": [_link(source, link, told) for link in sink.links],
    }
    if isinstance(node, Cuba):
        plan = context.plans[node.name]
        found["sums"] = "kept apart from the voltage" if plan.keeps_current else "in place, in the voltage"
        found["current_may_wrap"] = plan.wraps
        found["voltage_may_saturate"] = plan.falls or plan.rises
    return found


def _link(source: Source, link: Link, told: set[str]) -> dict[str, Any]:  # JSON values
    code = source.codes[link.number]
    new = [table for table in code.tables if table.name not in told]  # links through one synapse share its tables
    told |= {table.name for table in new}
    found: dict[str, Any] = {
        "from": link.source,
        "delay": link.delay,
        "windows": [window.node.name for window in link.windows],
        "layout": code.layout,
        "flash_bytes": sum(table.bytes for table in new),
    }
    if link.synapse is not None:
        kind = next(table.kind for table in code.tables if "_weights_" in table.name)
        found |= {"synapse": link.synapse.name, "weights": kind}
    return found


def as_json(value: object) -> bytes:
    """Pretty and stable."""
    return (json.dumps(value, indent=1, sort_keys=True) + "\n").encode()
