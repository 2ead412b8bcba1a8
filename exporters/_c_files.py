"""All files of target `c` for a network."""

from __future__ import annotations

import json

from neurodeploy.deployment import Deployment
from neurodeploy.exporters._c_board_files import board_files
from neurodeploy.exporters._c_context import Context
from neurodeploy.exporters._c_golden import SHARES, golden_file
from neurodeploy.exporters._c_header import state_bytes
from neurodeploy.exporters._c_lower import lower
from neurodeploy.exporters._c_packages import arduino_files, zephyr_files
from neurodeploy.exporters._c_report import as_json, report
from neurodeploy.exporters._c_source import Source, write
from neurodeploy.exporters._c_text import fill, identifier, template
from neurodeploy.graph import Graph, Schedule
from neurodeploy.graph.identity import network_hash
from neurodeploy.graph.nodes import Cuba, Readout
from neurodeploy.targets import Emitted


def network_files(deployment: Deployment, rows: bool) -> Emitted:
    """The files, and notes with the C prefix and the sizes.

    Args:
        rows: dense weights by input, which compilers for hosts vectorise, instead of in tiles for small processors.
    """
    name, graph = identifier(deployment.name), deployment.integer.graph
    context = Context(lower(deployment.integer), deployment.timesteps, rows, deployment.exit_rule)
    sha256 = network_hash(graph)
    source = write(context, name, _title(deployment), int(sha256[:8], 16))
    found = report(context, source, sha256)
    golden = golden_file(deployment.integer, deployment.exit_rule)
    files = {
        f"{name}.h": source.header.encode(),
        f"{name}.c": source.source.encode(),
        f"test_{name}.c": fill(golden.text, NAME=name).encode(),
        f"{name}.json": as_json({"name": name, **found}),
        "README.md": _readme(context, deployment, name, source).encode(),
    }
    for file in ("main_test.c", "example_main.c", "Makefile", "CMakeLists.txt"):
        classes = ", ".join(json.dumps(text) for text in _classes(context, deployment))
        values = {"CLASSES": classes, "COMPARED": fill(golden.compared, NAME=name)}
        files[file] = fill(template(f"{file}.in"), NAME=name, **values).encode()
    files |= board_files(name)
    files |= arduino_files(name, files[f"{name}.h"], files[f"{name}.c"])
    files |= zephyr_files(name)
    sizes = {"flash_bytes": source.const_bytes, "ram_bytes": state_bytes(context)}
    return Emitted(files, {"prefix": name, "sha256": sha256, "layout": "rows" if rows else "tiles", **sizes})


def _title(deployment: Deployment) -> str:
    shapes = deployment.integer.graph.shapes
    sizes = ["x".join(map(str, shapes[n.name])) for n in deployment.integer.graph.nodes if n.states or not n.inputs]
    return f"Spiking network {identifier(deployment.name)}, {' - '.join(sizes)}, in integers"


def _classes(context: Context, deployment: Deployment) -> list[str]:
    """One word for each output; numbers where the classes do not match them."""
    size = context.answer.view.size
    given = [name.encode("ascii", "replace").decode() for name in deployment.classes]
    return given if len(given) == size else [str(k) for k in range(size)]


def _readme(context: Context, deployment: Deployment, name: str, source: Source) -> str:
    graph = context.network.graph
    high = graph.input.high
    values = {
        "TITLE": _title(deployment),
        "GOLDEN": sum(len(shares) for shares in SHARES),
        "STATE": f"{state_bytes(context):,}",
        "CONST": f"{source.const_bytes:,}",
        "PERIOD": f"{graph.timestep_us:g}",
        "INDICES": _indices(graph),
        "REPEATS": "once" if high == 1 else f"{high} times",
        "REPEATED": f"If your sensor repeats itself, collect a timestep in a `{name}_event_set_t`."
        if high == 1
        else "That many times its weights are added.",
        "HIGH": high,
        "EARLY": "" if context.exit_rule is None else fill(template("early_exit.md.in"), NAME=name),
        "ANSWER": _answer(graph, name),
        "STEPS": deployment.timesteps,
        "SCHEDULE": "; each synapse delivers one timestep late, as on Loihi"
        if graph.schedule is Schedule.PIPELINED
        else "; a timestep passes through all layers",
        "LAYERS": _table(context, source),
    }
    return fill(template("README.md.in"), NAME=name, **values)


def _indices(graph: Graph) -> str:
    shape = graph.input.shape
    if len(shape) == 1:
        return f"Inputs are numbered 0..{shape[0] - 1}."
    channels, height, width = shape
    return (
        f"An event of polarity (channel) `p` at column `x` and row `y` has the index\n"
        f"`(p * {height} + y) * {width} + x`, with p < {channels}, y < {height}, x < {width}."
    )


def _answer(graph: Graph, name: str) -> str:
    if isinstance(graph.output, Cuba):
        return f"`{name}_counts` are the output spikes since the reset, `{name}_output` those of the last timestep."
    since = "accumulated since the reset" if isinstance(graph.output, Readout) else "of the last timestep"
    return f"`{name}_scores` are the output values, {since}."


def _table(context: Context, source: Source) -> str:
    lines = ["| layer | neurons | RAM, bytes | weights | flash, bytes |", "|---|---|---|---|---|"]
    for layer in report(context, source, "")["layers"]:
        weights = ", ".join(f"{x.get('weights', 'none')} ({x['layout']})" for x in layer["links"])
        flash = sum(link["flash_bytes"] for link in layer["links"])
        lines.append(f"| {layer['node']} | {layer['size']:,} | {layer['ram_bytes']:,} | {weights} | {flash:,} |")
    return "\n".join(lines)
