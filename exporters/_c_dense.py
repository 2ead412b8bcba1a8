"""Dense synapses in C: tiles of eight outputs in registers, rows of all outputs, or the weights that are not zero."""

from __future__ import annotations

from neurodeploy.exporters._c_kernel import WEIGHT_WORDS, Code, Helper, amount, each_event, helper, put_function
from neurodeploy.exporters._c_lower import Link
from neurodeploy.exporters._c_text import width
from neurodeploy.exporters._c_weights import TILE, Packed, Table, index_table, pack, sparse, tiled
from neurodeploy.graph.nodes import Dense
from neurodeploy.graph.numeric import Array


def dense_code(link: Link, node: Dense, sums: str, order: Array, unit: int, rows: bool) -> Code:
    """Code that delivers through `node`.

    Args:
        sums: C expression of the sink's sums.
        order: graph index of each of the sink's places.
        unit: what one weight step is in the sink's sums.
        rows: store all outputs of an input side by side.
    """
    weight = node.weight[order][:, link.domain.graph_indices()]
    packed, few = pack(weight), sparse(weight)
    bytes_each = width(packed.kind)
    if few.bytes + (bytes_each - 1) * len(few.values) < bytes_each * weight.size:
        return _sparse(link, packed, sums, unit)
    return _rows(link, packed, sums, unit) if rows else _tiles(link, packed, sums, unit)


def _name(link: Link, what: str) -> str:
    return f"@NAME@_{what}_{link.number}"


def _rows(link: Link, packed: Packed, sums: str, unit: int) -> Code:
    outputs = len(packed.values)
    weights = Table(packed.kind, _name(link, "weights"), packed.values.T)
    body = [
        f"uint32_t *@NAME@_ALONE sums = {sums};",
        f"const {packed.kind} *@NAME@_ALONE w = {weights.name} + index * {outputs}u;",
        "uint32_t k;",
        f"for (k = 0u; k < {outputs}u; k++) {{",
        "    sums[k] += (uint32_t)w[k] * amount;",
        "}",
    ]
    one = amount(unit * packed.factor)
    return Code(put_function(link, body), each_event(link, one), one, "rows", f"put_{link.number}", (weights,))


def _sparse(link: Link, packed: Packed, sums: str, unit: int) -> Code:
    few = sparse(packed.values)
    starts = index_table(_name(link, "starts"), few.starts)
    places = index_table(_name(link, "places"), few.places)
    weights = Table(packed.kind, _name(link, "weights"), few.values)
    body = [
        f"uint32_t *sums = {sums};",
        f"uint32_t k = {starts.name}[index];",
        f"const uint32_t end = {starts.name}[index + 1u];",
        "for (; k < end; k++) {",
        f"    sums[{places.name}[k]] += (uint32_t){weights.name}[k] * amount;",
        "}",
    ]
    one, tables = amount(unit * packed.factor), (starts, places, weights)
    return Code(put_function(link, body), each_event(link, one), one, "sparse", f"put_{link.number}", tables)


def _tiles(link: Link, packed: Packed, sums: str, unit: int) -> Code:
    outputs, inputs = packed.values.shape
    weights = Table(packed.kind, _name(link, "weights"), tiled(packed.values), in_words=True)
    whole, rest = divmod(outputs, TILE)
    word, helpers, lines = WEIGHT_WORDS[packed.kind], [], []
    one = amount(unit * packed.factor)
    arguments = f"sums, weights, events, count, {one}"
    if whole:
        helpers.append(tile_helper(TILE, packed.kind))
        lines += [
            "uint32_t tile;",
            f"for (tile = 0u; tile < {whole}u; tile++) {{",
            f"    @NAME@_tile{TILE}_{word}({arguments});",
            f"    sums += {TILE}u;",
            f"    weights += {TILE * inputs}u;",
            "}",
        ]
    if rest:
        helpers.append(tile_helper(rest, packed.kind))
        lines.append(f"@NAME@_tile{rest}_{word}({arguments});")
    head = f"static void @NAME@_deliver_{link.number}(@NAME@_t *m, const @NAME@_index_t *events, uint32_t count)"
    start = [f"uint32_t *sums = {sums};", f"const {packed.kind} *weights = {weights.name};"]
    body = "\n".join(f"    {line}" for line in [*start, *lines])
    return Code("", f"{head}\n{{\n{body}\n}}\n", one, "tiles", "", (weights,), tuple(helpers))


def tile_helper(outputs: int, kind: str) -> Helper:
    """The function that adds the weights of one tile of `outputs`."""
    numbers = range(outputs)
    declare = "    int32_t " + ", ".join(f"s{k} = 0" for k in numbers) + ";"
    add = "\n".join(f"        s{k} += w[{k}];" for k in numbers)
    store = "\n".join(f"    sums[{k}] += (uint32_t)s{k} * amount;" for k in numbers)
    word = WEIGHT_WORDS[kind]
    parts = {"OUTPUTS": outputs, "WORD": word, "KIND": kind, "DECLARE": declare, "ADD": add, "STORE": store}
    plain = helper("tile.c.in", f"tile{outputs}_{word}", **parts)
    if outputs == TILE and kind == "int8_t":
        return helper("tile_dsp.c.in", plain.key, PLAIN=plain.text)
    return plain
