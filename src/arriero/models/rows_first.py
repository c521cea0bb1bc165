"""A copy of an encoder's graph that takes the rows of its table of words before it unfolds them.

An int8 graph keeps the table (30,522 words of 384 numbers) as int8 with Cast and Mul behind it. onnxruntime
folds these three to float32 when it opens the graph: 47 MB, of which a message reads some twenty rows. In the
copy the rows are gathered first, then cast and scaled: the same operations on the same numbers, so that the
vectors are the same bit for bit, and the table stays at 12 MB.

The other weights are folded as before: each message needs all of them (without any folding a text takes
nine times as long).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from arriero.core.errors import MissingExtra, ModelCorrupt, ModelError
from arriero.models.files import replaced

try:
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import NodeProto, helper
except ImportError as error:
    raise MissingExtra("onnx", "local") from error

KIND = "rows_first"  # in a row of the catalogue: repack = "rows_first"
TABLE_FROM = 1 << 20  # weights: of a smaller table (MiniLM's 512 places) float32 is below 4 MB


@dataclass(frozen=True, slots=True)
class _Table:
    """An int8 table and a number for each of its rows; the two nodes that unfold it."""

    weights: str
    scales: str
    cast: NodeProto
    scaled: NodeProto


def rows_first(source: Path, target: Path) -> Path:
    """Write `source` to `target` with the large tables read row by row; `target` is whole or as before.

    Blocks: about 1 s for 23 million weights. Raises `ModelCorrupt` when `source` is no ONNX file and
    `ModelError` when there is no such table in it; importing this file raises `MissingExtra`.
    """
    try:
        model = onnx.load(source)
    except (DecodeError, OSError) as error:
        raise ModelCorrupt(f"{str(source)!r} is no ONNX file ({error}); pull it again") from error
    nodes = _rewritten(model.graph)
    if nodes is None:
        raise ModelError(
            f"{str(source)!r} has no table of int8 rows with Cast and Mul behind it; "
            f"take repack = {KIND!r} out of its row in the catalogue"
        )
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    onnx.checker.check_model(model)
    with replaced(target) as unfinished:
        onnx.save(model, unfinished)
    return target


def _rewritten(graph: Any) -> Sequence[NodeProto] | None:
    """The nodes with each Gather in front of what unfolds its table; None when there is nothing to do."""
    stored = {one.name: tuple(one.dims) for one in graph.initializer}
    made = {name: node for node in graph.node for name in node.output}
    tables = {
        node.output[0]: table
        for node in graph.node
        if node.op_type == "Gather" and (table := _table(node, made, stored))
    }
    nodes: list[NodeProto] = []
    for node in graph.node:
        table = tables.get(node.output[0])
        nodes += _gathered(node, table) if table else [node]
    used = Counter(name for node in nodes for name in node.input)
    used.update(one.name for one in graph.output)
    for table in tables.values():
        for unfolding in (table.scaled, table.cast):  # unless something else reads the whole table
            if unfolding in nodes and not used[unfolding.output[0]]:
                nodes.remove(unfolding)
                used.subtract(unfolding.input)
    return nodes if tables else None


def _table(
    gather: NodeProto, made: Mapping[str, NodeProto], stored: Mapping[str, tuple[int, ...]]
) -> _Table | None:
    scaled = made.get(gather.input[0])
    if scaled is None or scaled.op_type != "Mul":
        return None
    cast = made.get(scaled.input[0])
    if cast is None or cast.op_type != "Cast":
        return None
    weights, scales = cast.input[0], scaled.input[1]
    shape = stored.get(weights, ())
    axis = next((one.i for one in gather.attribute if one.name == "axis"), 0)
    if axis or prod(shape) < TABLE_FROM or stored.get(scales) != (shape[0], 1):
        return None
    return _Table(weights, scales, cast, scaled)


def _gathered(gather: NodeProto, table: _Table) -> Sequence[NodeProto]:
    """The rows and their numbers, then what was done to the whole table; the output keeps its name."""
    rows, name = gather.input[1], gather.output[0]
    to = next(one.i for one in table.cast.attribute if one.name == "to")
    return (
        helper.make_node("Gather", [table.weights, rows], [f"{name}_rows"]),
        helper.make_node("Gather", [table.scales, rows], [f"{name}_scales"]),
        helper.make_node("Cast", [f"{name}_rows"], [f"{name}_cast"], to=to),
        helper.make_node("Mul", [f"{name}_cast", f"{name}_scales"], [name]),
    )
