"""What each of PyTorch's operators does to a picture: one short function for each kind, no torch needed.

A function takes an `Op` and says what flows out of it, and which row of the table it deserves, if any.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

from striate.errors import PlanError
from striate.geometry.field import adaptive
from striate.geometry.shape import Pair
from striate.geometry.window import Window
from striate.grammar import plain, sliding
from striate.grammar import trace_moves as moves
from striate.grammar.trace_flow import Operand, Sizes, Spot, joined, sides, unions
from striate.grammar.trace_step import Cell, Op, Outcome
from striate.grammar.trace_words import activation, convolution
from striate.grammar.words import Word


def meet(op: Op) -> Outcome:
    """Arithmetic is a row where two things that saw the picture meet."""
    kept = Cell(op.name, joins=True) if len(op.data) > 1 else None
    return Outcome(joined(op.operands, op.out), kept)


def activate(op: Op) -> Outcome:
    """One number in, one number out."""
    flow = joined(op.operands, op.out)
    channels = Operand(op.out, flow).shape.channels
    return Outcome(flow, Cell(op.name.strip("_"), activation(op.name, op.args, channels)))


def softmax(op: Op) -> Outcome:
    """Along channels; along rows or columns, a place sees all others."""
    spot = op.data[0].flow.spot
    mixes = spot is not None and bool({spot.rows, spot.columns} & set(op.dims()))
    flow = joined(op.operands, op.out)
    return Outcome(flow.whole() if mixes else flow, Cell("softmax"), mixes)


def reduce(op: Op) -> Outcome:
    """A mean, a sum or a largest over some dimensions."""
    given, dims = op.data[0], op.dims()
    spot, kept = given.flow.spot, bool(op.args.get("keepdim"))
    if spot and not {spot.rows, spot.columns} & set(dims):
        return Outcome(given.flow) if kept else moves.without(op, dims)
    name = op.name.strip("_")
    if spot is None or not {spot.rows, spot.columns} <= set(dims):
        counts = name == "mean" and spot is None and len(given.sizes) > 2
        return Outcome(given.flow.at(None), Cell(name) if counts else None, bool(spot))
    called = {"mean": sliding.Gap(), "amax": sliding.Gmp()} if set(dims) <= {*spot[:2], 0} else {}
    one = spot._replace(height=1, width=1) if kept else None
    return Outcome(given.flow.whole().at(one), Cell(name, called.get(name)), True)


def batch_norm(op: Op) -> Outcome:
    """With statistics of its own; or, in an instance norm, with those of this very picture."""
    spelt = op.args.get("weight") is not None and op.args.get("bias") is not None
    word = (
        plain.BatchNorm(eps=op.args.get("eps") or op.args.get("epsilon") or 1e-5) if spelt else None
    )
    flow = joined(op.data, op.out)
    if op.args.get("training"):
        return Outcome(flow.whole(), Cell("instance_norm"), True)
    return Outcome(flow, Cell("batch_norm", word))


def layer_norm(op: Op) -> Outcome:
    """Over channels, place by place; or over the whole map."""
    flow, over = joined(op.data, op.out), len(op.args["normalized_shape"])
    mixes = flow.spot is not None and max(flow.spot[:2]) >= len(op.out) - over
    name = "rms_norm" if "rms" in op.name else "layer_norm"
    return Outcome(flow.whole() if mixes else flow, Cell(name), mixes)


def group_norm(op: Op) -> Outcome:
    """Over the whole map, for some channels."""
    return Outcome(joined(op.data, op.out).whole(), Cell("group_norm"), True)


def convolve(op: Op) -> Outcome:
    """Multiply-adds: every weight of a filter at every place of the map it makes (transposed: it takes)."""
    given, weight = op.args["input"], op.args["weight"]
    turned, bias = bool(op.args.get("transposed")), op.args.get("bias") is not None
    macs = (given.numbers if turned else prod(op.out)) * prod(weight.sizes[1:])
    rank = len(op.out)
    flow = joined(op.data, ())  # for what was squeezed on the way
    if turned or rank != 4:
        name = f"conv_transpose{rank - 2}d" if turned else f"conv{rank - 2}d"
        spot = Spot(2, 3, *op.out[2:]) if rank == 4 else None
        single = not turned and rank == 3 and weight.sizes[2] == 1 and len(op.data) == 1
        kept = given.flow if single else flow.at(spot)
        return Outcome(kept, Cell(name, macs=macs, bias=bias))
    kernel = weight.sizes[2], weight.sizes[3]
    by = {key: _pair(op.args[key]) for key in ("stride", "padding", "dilation")}
    word = convolution(given.sizes[1], op.out[1], kernel, op.args["groups"], by)
    windows = word.windows()
    made = _slid(op, given, windows) if windows else Outcome(flow)
    if len(op.data) > 1 and any(o.flow.fields is None for o in op.data):
        made = made._replace(flow=made.flow.whole())  # filters made from the picture
    return made._replace(cell=_cell("conv2d", word, macs, bias, given.sizes[2:], windows))


def _slid(op: Op, given: Operand, windows: tuple[Window, Window] | None) -> Outcome:
    """A window over the last two dimensions."""
    rank, flow = len(op.out), given.flow
    spot = Spot(rank - 2, rank - 1, *op.out[-2:])
    fields = None
    if windows and flow.fields and flow.spot and flow.spot[:2] == spot[:2]:
        fields = flow.fields[0].through(windows[0]), flow.fields[1].through(windows[1])
    return Outcome(replace(flow, spot=spot, fields=fields))


def _cell(
    name: str,
    word: Word | None,
    macs: int,
    bias: bool,
    side: Sizes,
    windows: tuple[Window, Window] | None,
) -> Cell:
    if windows is None:
        return Cell(name, word, macs, bias)
    over = list(zip(windows, side, strict=True))
    remainder = over[0][0].remainder(over[0][1]), over[1][0].remainder(over[1][1])
    unseen = over[0][0].unseen(over[0][1]), over[1][0].unseen(over[1][1])
    return Cell(name, word, macs, bias, remainder, unseen)


def _pair(value: Any) -> Pair:
    numbers = [int(v) for v in value] if isinstance(value, list | tuple) else [int(value)]
    return numbers[max(0, len(numbers) - 2)], numbers[-1]


def pool(op: Op) -> Outcome:
    """A window that keeps the largest, or the mean."""
    given, largest = op.data[0], op.name.startswith("max")
    kernel = _pair(op.args["kernel_size"])
    stride = _pair(op.args.get("stride") or kernel)
    by: dict[str, Any] = {"kernel": kernel, "stride": None if stride == kernel else stride}
    by["padding"], by["ceil"] = _pair(op.args.get("padding") or 0), bool(op.args.get("ceil_mode"))
    plainly = "2d" in op.name
    if largest:
        word: Word = sliding.MaxPool(**by, dilation=_pair(op.args.get("dilation") or 1))
    else:
        word = sliding.AvgPool(**by)
        unusual = not op.args.get("count_include_pad", True) and (any(by["padding"]) or by["ceil"])
        plainly = plainly and not unusual and not op.args.get("divisor_override")
    windows = word.windows()
    name = "max_pool" if largest else "avg_pool"
    cell = _cell(name, word if plainly else None, 0, False, given.sizes[-2:], windows)
    return _slid(op, given, windows)._replace(cell=cell)


def adapt(op: Op) -> Outcome:
    """To a given size; to one place it is the grammar's `gap` or `gmp`."""
    given, largest = op.data[0], "max" in op.name
    places = op.out[-2], op.out[-1]
    spot = Spot(len(op.out) - 2, len(op.out) - 1, *places)
    name = "adaptive_max_pool" if largest else "adaptive_avg_pool"
    if places == (1, 1):
        one = sliding.Gmp() if largest else sliding.Gap()
        return Outcome(given.flow.whole().at(spot), Cell(name, one), True)
    fields, was = given.flow.fields, given.flow.spot
    if fields and was and was[:2] == spot[:2]:
        high, wide = sides(was)
        fields = adaptive(fields[0], high, places[0]), adaptive(fields[1], wide, places[1])
    else:
        fields = None
    kind = sliding.MaxTo(places=places) if largest else sliding.AvgTo(places=places)
    return Outcome(replace(given.flow, spot=spot, fields=fields), Cell(name, kind))


def resize(op: Op) -> Outcome:
    """A map of another size, in ways whose fields are not followed."""
    rank = len(op.out)
    spot = Spot(2, 3, *op.out[2:]) if rank == 4 else None
    name = "upsample" if "upsample" in op.name else op.name.strip("_")
    return Outcome(op.data[0].flow.whole().at(spot), Cell(name))


def multiply(op: Op) -> Outcome:
    """Matrices ... n k and ... k m: one of them weights, a linear layer; or both from the picture."""
    first, second = _factors(op)
    inner = first.sizes[-1]
    macs = first.numbers * (second.sizes[-1] if len(second.sizes) > 1 else 1)
    if (first.flow.data and second.flow.data) or not unions([first.flow, second.flow]):
        return Outcome(joined(op.data, ()).at(None), Cell("matmul", macs=macs), True)
    bias = op.name.startswith(("add", "badd"))
    given = first if first.flow.data else second
    along = len(given.sizes) - (1 if first.flow.data else 2)
    flow, spot = given.flow, given.flow.spot
    if given.numbers == inner:
        word = _full(prod(op.out), bias)
        return Outcome(flow.whole().at(moves.one(op.out)), Cell("linear", word, macs, bias), True)
    mixes = spot is not None and along in spot[:2]
    return Outcome(flow.at(None if mixes else spot), Cell("linear", None, macs, bias), mixes)


def _full(features: int, bias: bool) -> Word | None:
    try:
        return plain.Full(features=features, bias=bias)
    except PlanError:
        return None


def _factors(op: Op) -> tuple[Operand, Operand]:
    for a, b in (
        ("mat1", "mat2"),
        ("batch1", "batch2"),
        ("self", "mat2"),
        ("mat", "vec"),
        ("self", "vec"),
    ):
        if isinstance(op.args.get(a), Operand) and isinstance(op.args.get(b), Operand):
            return op.args[a], op.args[b]
    return op.args["self"], op.args["tensor"]


def attend(op: Op) -> Outcome:
    """Queries times keys, and the weights times values."""
    query, key, value = (op.args[k] for k in ("query", "key", "value"))
    tokens = key.sizes[-2]
    macs = query.numbers * tokens + query.numbers // query.sizes[-1] * tokens * value.sizes[-1]
    return Outcome(joined(op.data, ()).at(None), Cell("attention", macs=macs), True)
