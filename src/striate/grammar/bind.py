"""A plan meets its input: every layer gets its shape, cost, field, and a name that the built network keeps.

The result is a tree of `Layer` and `Block`, read by the table (flattened) and by the builders (as it is).
A child is named after its word and counted within its parent: `stage1.res2.body.conv1`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from striate.errors import DoesNotFit, LimitExceeded, NeedsMap, ShapesDiffer, Unbound, WordFault
from striate.geometry.field import Field, adaptive, hull
from striate.geometry.shape import Shape
from striate.grammar.combine import Branches, Item, Items, Repeat, Residual, Stage, words_in
from striate.grammar.layer import Block, Fields, Layer, Node, layers_of
from striate.grammar.plain import Full
from striate.grammar.sliding import Adaptive, Conv
from striate.grammar.words import Word, where

__all__ = ["Block", "Fields", "Layer", "Node", "bind", "layers_of"]

MAX_SIZE = 10**18  # what PyTorch's 64-bit sizes can hold


@dataclass(frozen=True)
class _Flow:
    """What reaches a layer: its shape, and the part of the picture behind it."""

    shape: Shape
    field: Fields | None


def bind(items: Items, given: Shape) -> tuple[Node, ...]:
    """The tree of bound layers for an input of shape `given`."""
    nodes, _ = _sequence(items, _Flow(given, (Field(), Field())), "", None)
    return nodes


def _sequence(
    items: Items, flow: _Flow, path: str, following: Word | None
) -> tuple[tuple[Node, ...], _Flow]:
    nodes: list[Node] = []
    counts: dict[str, int] = {}
    for item, after in _unrolled(items, following):
        name = _named(item, counts)
        node, flow = _node(item, flow, path + name, after)
        nodes.append(node)
    return tuple(nodes), flow


def _unrolled(items: Items, following: Word | None) -> Iterator[tuple[Item, Word | None]]:
    """Each item with the word right after it; repeats are spliced in."""
    for i, item in enumerate(items):
        after = _first_word(items[i + 1]) if i + 1 < len(items) else following
        if isinstance(item, Repeat):
            again = _first_word(item.body[0])
            for time in range(item.times):
                yield from _unrolled(item.body, again if time + 1 < item.times else after)
        else:
            yield item, after


def _first_word(item: Item) -> Word | None:
    """The word an item starts with, if it has just one way in."""
    while isinstance(item, Repeat | Stage):
        item = item.body[0]
    return item if isinstance(item, Word) else None


def _named(item: Item, counts: dict[str, int]) -> str:
    if isinstance(item, Stage):
        if "=" + item.name in counts:
            said = f"two stages here are named {item.name!r}"
            hint = "rename one, or repeat inside the stage: `name=( … )*2`"
            raise WordFault(said, hint, **where(item.at, len(item.name)))
        counts["=" + item.name] = 1
        return item.name
    stem = "res" if isinstance(item, Residual) else "fork"
    if isinstance(item, Word):
        stem = item.spelling
    counts[stem] = counts.get(stem, 0) + 1
    return f"{stem}{counts[stem]}"


def _node(item: Item, flow: _Flow, path: str, following: Word | None) -> tuple[Node, _Flow]:
    match item:
        case Stage():
            nodes, flow = _sequence(item.body, flow, path + ".", following)
            return Block(path, "stage", (nodes,)), flow
        case Residual():
            return _residual(item, flow, path)
        case Branches():
            return _branches(item, flow, path)
        case Word():
            return _layer(item, flow, path, following)
    raise TypeError(f"not an item of a plan: {item!r}")


def _layer(word: Word, flow: _Flow, path: str, following: Word | None) -> tuple[Layer, _Flow]:
    given = flow.shape
    if word.needs_map and given.flat:
        raise NeedsMap(
            f"`{word.text}` works on rows and columns, but here is a vector of {given}",
            "move it before `flatten` or `fc`",
            **word.where,
        )
    if isinstance(word, Full) and word.features is None:
        raise Unbound(
            "only the last `fc` may go without its number, and only when the number of classes is known",
            "write a number, as in `fc10`, or give the classes: "
            "`plan.on(3, 32, 32, classes=10)`, `--classes 10`",
            **word.where,
        )
    try:
        layer = _measured(word, flow, path, following)
    except DoesNotFit as fault:
        raise DoesNotFit(
            f"{word.text} does not fit {given.height}x{given.width}: {fault.text}",
            "pad more, use a smaller kernel, or shrink the map less before it",
            **word.where,
        ) from None
    except LimitExceeded as fault:
        raise LimitExceeded(f"{word.text}: {fault.text}", fault.hint, **word.where) from None
    return layer, _Flow(layer.output, layer.field)


def _measured(word: Word, flow: _Flow, path: str, following: Word | None) -> Layer:
    given = flow.shape
    output, field = word.shape(given), _field(word, flow)
    _check_sizes(output, field)
    remainder = unseen = (0, 0)
    if windows := word.windows():
        rows, columns = windows
        remainder = rows.remainder(given.height), columns.remainder(given.width)
        unseen = rows.unseen(given.height), columns.unseen(given.width)
    bias = word.has_bias(following)
    return Layer(
        name=path,
        word=word.text,
        kind=word,
        given=given,
        output=output,
        parameters=word.parameters(given, bias),
        macs=word.macs(given),
        has_bias=bias,
        field=field,
        remainder=remainder,
        unseen=unseen,
    )


def _check_sizes(output: Shape, field: Fields | None) -> None:
    largest = max(output.channels, output.height, output.width)
    for side in field or ():
        largest = max(largest, side.size, side.jump, -side.start)
    if largest > MAX_SIZE:
        raise LimitExceeded("a size grows beyond 10^18", "use smaller numbers, or fewer of them")


def _field(word: Word, flow: _Flow) -> Fields | None:
    if word.sees_all or flow.field is None:
        return None
    rows, columns = flow.field
    if windows := word.windows():
        return rows.through(windows[0]), columns.through(windows[1])
    if isinstance(word, Adaptive):
        height, width = flow.shape.sides
        return adaptive(rows, height, word.places[0]), adaptive(columns, width, word.places[1])
    return flow.field


def _residual(item: Residual, flow: _Flow, path: str) -> tuple[Block, _Flow]:
    body, out = _sequence(item.body, flow, path + ".body.", None)
    shortcut: tuple[Node, ...] = ()
    short = flow
    if out.shape != flow.shape:
        shortcut, short = _projection(item, flow, out.shape, path)
    flow = _joined([out, short], out.shape)
    join = Layer(path, "add", None, out.shape, out.shape, field=flow.field)
    return Block(path, "residual", (body, shortcut), join), flow


def _projection(
    item: Residual, flow: _Flow, wanted: Shape, path: str
) -> tuple[tuple[Node, ...], _Flow]:
    """The shortcut made when shapes differ, He et al. (2015), option B."""
    if wanted.flat or flow.shape.flat:
        raise ShapesDiffer(
            f"a residual adds what goes in, {flow.shape}, to what comes out, {wanted}: these cannot be added",
            "make the body keep the length of the vector",
            **where(item.at),
        )
    stride = -(-flow.shape.height // wanted.height), -(-flow.shape.width // wanted.width)
    conv = Conv(kernel=(1, 1), stride=stride, channels=wanted.channels, at=item.at)
    norm = next((w for w in words_in(item.body) if w.name == "bn"), None)
    words = (conv, replace(norm, at=item.at)) if norm else (conv,)
    nodes, out = _sequence(words, flow, path + ".shortcut.", None)
    if out.shape != wanted:
        raise ShapesDiffer(
            f"the body of this residual makes {wanted} of {flow.shape}, "
            f"but a 1x1 convolution with stride {stride[0]}x{stride[1]} makes {out.shape}",
            "write the shortcut out: `[ body + shortcut ]`",
            **where(item.at),
        )
    return nodes, out


def _branches(item: Branches, flow: _Flow, path: str) -> tuple[Block, _Flow]:
    arms, ends = [], []
    for i, body in enumerate(item.arms, 1):
        nodes, end = _sequence(body, flow, f"{path}.arm{i}.", None)
        arms.append(nodes)
        ends.append(end)
    first = ends[0].shape
    adds = item.how == "add"
    for i, end in enumerate(ends, 1):
        same = end.shape == first if adds else (end.shape[1:] == first[1:])
        if not same:
            what = "the same shape" if adds else "the same height and width"
            raise ShapesDiffer(
                f"arms that are {'added' if adds else 'concatenated'} need {what}; "
                f"arm 1 makes {first}, arm {i} makes {end.shape}",
                "check the padding and the stride of each arm",
                **where(item.at),
            )
    output = first if adds else first._replace(channels=sum(end.shape.channels for end in ends))
    flow = _joined(ends, output)
    if output.channels > MAX_SIZE:
        raise LimitExceeded("a size grows beyond 10^18", "use fewer arms", **where(item.at))
    join = Layer(path, item.how, None, output, output, field=flow.field)
    return Block(path, item.how, tuple(arms), join), flow


def _joined(ends: list[_Flow], output: Shape) -> _Flow:
    fields = [end.field for end in ends if end.field is not None]
    if len(fields) < len(ends):
        return _Flow(output, None)
    rows = hull([f[0] for f in fields], output.height)
    columns = hull([f[1] for f in fields], output.width)
    return _Flow(output, (rows, columns))
