"""Operators that move numbers about, or leave them: what becomes of the picture's rows and columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from striate.geometry.window import Window
from striate.grammar import plain
from striate.grammar.trace_flow import Operand, Sizes, Spot, joined, viewed
from striate.grammar.trace_step import Cell, Op, Outcome


def same(op: Op) -> Outcome:
    """Place by place."""
    return Outcome(joined(op.operands, op.out))


def overwrite(op: Op) -> Outcome:
    """What is written is what counts."""
    return Outcome(joined(op.operands[1:] if op.operands[1].flow.data else op.operands, op.out))


def lost(op: Op) -> Outcome:
    """Known, free of cost, but places move in a way that is not followed."""
    return Outcome(joined(op.operands, op.out).whole())


def along(op: Op) -> Outcome:
    """Works along some dimensions; the picture stays where these are others."""
    spot = op.data[0].flow.spot
    along = (
        op.dims("dims" if "dims" in op.args else "dim") if {"dim", "dims"} & set(op.args) else []
    )
    if spot is None or {spot.rows, spot.columns} & set(along):
        return lost(op)
    return same(op)


def index(op: Op) -> Outcome:
    """`x[:, numbers]` picks channels; anything else is not followed."""
    spot, indices = op.data[0].flow.spot, op.args["indices"]
    picked = [d for d, index in enumerate(indices) if index is not None]
    kept = len(op.out) == len(op.data[0].sizes) and len(picked) == 1
    if spot is None or not kept or picked[0] in spot[:2]:
        return lost(op)
    return Outcome(op.data[0].flow)


def view(op: Op) -> Outcome:
    """A reshape. Rows, columns and channels to one vector is the `flatten` of the grammar."""
    given, out = op.data[0], op.out
    spot = given.flow.spot
    if spot is None or out == given.sizes:
        return Outcome(given.flow)
    if (
        len(out) == 2
        and out[0] == 1
        and len(given.sizes) > 2
        and (spot.height, spot.width) != (1, 1)
    ):
        return Outcome(given.flow.at(None), Cell("flatten", plain.Flatten()), True)
    if (spot.height, spot.width) == (1, 1):
        return Outcome(given.flow.at(one(out)), whole=True)
    return Outcome(given.flow.at(viewed(spot, given.sizes, out)))


def one(out: Sizes) -> Spot | None:
    """A map of one place, if that is what these sizes are."""
    return Spot(2, 3, 1, 1) if len(out) == 4 and out[2:] == (1, 1) else None


def carry(op: Op, where: Mapping[int, int]) -> Outcome:
    """Dimension d becomes dimension `where[d]`."""
    flow = op.data[0].flow
    return Outcome(flow.at(flow.spot.carried(where) if flow.spot else None))


def permute(op: Op) -> Outcome:
    """Dimensions in another order."""
    return carry(op, {d: i for i, d in enumerate(op.dims("dims"))})


def transpose(op: Op) -> Outcome:
    """Two dimensions change places; `t` changes the first and the last."""
    rank = len(op.out)
    a, b = (op.args["dim0"] % rank, op.args["dim1"] % rank) if "dim0" in op.args else (0, rank - 1)
    return carry(op, {d: b if d == a else a if d == b else d for d in range(rank)})


def unsqueeze(op: Op) -> Outcome:
    """A new dimension of 1."""
    new = op.args["dim"] % len(op.out)
    return carry(op, {d: d + (d >= new) for d in range(len(op.out))})


def squeeze(op: Op) -> Outcome:
    """Dimensions of 1 go."""
    sizes = op.data[0].sizes
    gone = [d for d in op.dims() if sizes[d] == 1]
    return without(op, gone)


def without(op: Op, gone: list[int]) -> Outcome:
    """These dimensions go."""
    left = [d for d in range(len(op.data[0].sizes)) if d not in gone]
    return carry(op, {d: i for i, d in enumerate(left)})


def expand(op: Op) -> Outcome:
    """Copies along dimensions; new ones stand in front."""
    shift = len(op.out) - len(op.data[0].sizes)
    return carry(op, {d: d + shift for d in range(len(op.data[0].sizes))})


def sliced(op: Op) -> Outcome:
    """Every step-th row from `start` on is a window of one row."""
    given, dim = op.data[0], op.dims()[0]
    size, spot = given.sizes[dim], given.flow.spot
    start, step = op.args.get("start") or 0, op.args.get("step") or 1
    start = max(0, start + size) if start < 0 else min(start, size)
    if op.out == given.sizes or spot is None or dim not in spot[:2]:
        return Outcome(given.flow)
    if spot.merged:
        return lost(op)
    taken = Window(1, step, before=-start)
    rows, columns = given.flow.fields or (None, None)
    if dim == spot.rows:
        spot, rows = spot._replace(height=op.out[dim]), rows and rows.through(taken)
    else:
        spot, columns = spot._replace(width=op.out[dim]), columns and columns.through(taken)
    return Outcome(
        replace(given.flow, spot=spot, fields=(rows, columns) if rows and columns else None)
    )


def part(op: Op) -> Outcome:
    """Some of the channels, or one place of the picture."""
    spot, dim = op.data[0].flow.spot, op.dims()[0]
    if spot and dim in spot[:2]:
        return Outcome(op.data[0].flow.at(None))
    dropped = len(op.out) < len(op.data[0].sizes)
    return without(op, [dim] if dropped else [])


def cat(op: Op) -> Outcome:
    """Channels one after another are a join; rows, columns or tokens are not followed."""
    dim = op.dims()[0]
    flow = joined([replace_size(o, dim, op.out) for o in op.operands], op.out)
    if flow.spot is None or dim in flow.spot[:2]:
        flow = flow.at(None)
    return Outcome(flow, Cell("concat", joins=True) if len(op.operands) > 1 else None)


def replace_size(operand: Operand, dim: int, out: Sizes) -> Operand:
    """The operand as long as the result along one dimension, so that concatenating is a join too."""
    return operand._replace(
        sizes=tuple(out[d] if d == dim else s for d, s in enumerate(operand.sizes))
    )


def stack(op: Op) -> Outcome:
    """Tensors side by side, along a new dimension."""
    new = op.args["dim"] % len(op.out)
    flow = joined(op.operands, op.data[0].sizes)
    where = {d: d + (d >= new) for d in range(len(op.out))}
    return Outcome(
        flow.at(flow.spot.carried(where) if flow.spot else None), Cell("stack", joins=True)
    )


def pad(op: Op) -> Outcome:
    """Rows and columns around the picture move the field, not its size."""
    pads = list(op.args.get("pad") or op.args.get("padding") or ())
    flow, rank = op.data[0].flow, len(op.out)
    if not any(pads):
        return Outcome(flow)
    before = {rank - 1 - i: pads[2 * i] for i in range(len(pads) // 2)}
    spot = flow.spot
    if spot is None or (spot.merged and op.out[spot.rows] != spot.height * spot.width):
        return Outcome(flow.at(None), Cell("pad"))
    if not spot.merged:
        spot = spot._replace(height=op.out[spot.rows], width=op.out[spot.columns])
        if flow.fields:
            shifts = (
                Window(1, before=before.get(spot.rows, 0)),
                Window(1, before=before.get(spot.columns, 0)),
            )
            fields = flow.fields[0].through(shifts[0]), flow.fields[1].through(shifts[1])
            flow = replace(flow, fields=fields)
    return Outcome(flow.at(spot), Cell("pad"))
