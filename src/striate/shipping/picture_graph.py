"""The self-contained graph: 1 H W 3 uint8 of any size to K probabilities, preparation included.

It does in ONNX what `Preparation` does with Pillow, bit for bit. Resizing is two products of float64
matrices whose weights are Pillow's own: triangle filter, 22-bit whole numbers, rounded to uint8 after each
pass. All before the scale is whole numbers, which float64 holds exactly. ONNX's own Resize is up to 18
levels off.

    pixels 1 H W 3 → cut → rgb or luma C H W → width pass → height pass → placed → centred → / 255, mean, std
    → network → / temperature, softmax in float64 → probabilities 1 K

Nothing of this can be read from a file that a stranger made: it is written here and merged with the network.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from striate.pictures.prepare import Preparation
from striate.shipping.graph_text import Graph
from striate.shipping.to_onnx import LOGITS, OPSET, PROBABILITIES, loaded, stamped

PIXELS = "pixels"
_BITS = float(1 << 22)
_RED, _GREEN, _BLUE = 19595.0, 38470.0, 7471.0  # Pillow's own for luma


def picture_graph(
    tensor: bytes, preparation: Preparation, temperature: float, facts: dict[str, Any]
) -> bytes:
    """The bytes of a self-contained ONNX file around a graph that `tensor_graph` made."""
    model = loaded(tensor)
    graph = Graph()
    ready = prepared(graph, preparation)
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [_renamed(name) for name in names]
    for one in model.graph.initializer:
        one.name = _renamed(one.name)
    graph.rename(ready, "net_" + model.graph.input[0].name)
    made = loaded(tensor)
    made.CopyFrom(model)
    del made.graph.node[:], made.graph.initializer[:], made.graph.input[:], made.graph.output[:]
    del made.graph.value_info[:]
    after = Graph("out_")
    wide = after.op("Cast", "net_" + LOGITS, to=after.DOUBLE)
    heated = after.op("Div", wide, after.double(temperature))
    after.rename(
        after.op("Cast", after.op("Softmax", heated, axis=1), to=after.FLOAT), PROBABILITIES
    )
    made.graph.node.extend([*graph.nodes, *model.graph.node, *after.nodes])
    made.graph.initializer.extend([*graph.held, *model.graph.initializer, *after.held])
    made.graph.input.append(graph.value(PIXELS, graph.UINT8, [1, "H", "W", 3]))
    classes = len(facts["classes"])
    made.graph.output.append(graph.value(PROBABILITIES, graph.FLOAT, [1, classes]))
    made.graph.name = "pictures"
    for one in made.opset_import:
        if one.domain in ("", "ai.onnx"):
            one.version = max(one.version, OPSET)
    return stamped(made, facts)


def preparation_graph(preparation: Preparation) -> bytes:
    """The preparation alone, 1 H W 3 uint8 to 1 C H W float32, to be compared with the other executor."""
    graph = Graph()
    graph.rename(prepared(graph, preparation), "images")
    shape = [1, preparation.channels, *preparation.size]
    return graph.model(
        [graph.value(PIXELS, graph.UINT8, [1, "H", "W", 3])],
        [graph.value("images", graph.FLOAT, shape)],
        OPSET,
    )


def prepared(graph: Graph, preparation: Preparation) -> str:
    """The name of the 1 C H W float32 that the network takes."""
    planes = graph.op("Transpose", graph.op("Squeeze", PIXELS, graph.integers([0])), perm=[2, 0, 1])
    shape = graph.op("Shape", planes, start=1)
    sides = graph.op("Cast", shape, to=graph.DOUBLE)
    inner = _inner(graph, preparation, sides) if preparation.fit == "pad" else None
    height, width = (inner.height, inner.width) if inner else preparation.size
    if preparation.fit == "crop":
        sides, *box = _box(graph, preparation, sides)
        # Bytes are cut, and only what is left becomes float64, eight times as large.
        planes = graph.op("Slice", planes, *box)
    planes = graph.op("Cast", planes, to=graph.DOUBLE)
    if preparation.mode == "L":
        planes = _luma(graph, planes)
    tall, wide = _each(graph, sides)
    across = graph.op("Transpose", _weights(graph, wide, width), perm=[1, 0])
    planes = _rounded(graph, graph.op("MatMul", planes, across))
    planes = _rounded(graph, graph.op("MatMul", _weights(graph, tall, height), planes))
    if inner:
        planes = _placed(graph, preparation, planes, inner)
    if preparation.centre != "none":
        planes = _centred(graph, preparation, planes)
    most, mean, std = (  # of four axes, which the planes so get too
        graph.array(np.array(values, np.float32).reshape(1, -1, 1, 1))
        for values in (255.0, preparation.mean, preparation.std)
    )
    made = graph.op("Div", graph.op("Cast", planes, to=graph.FLOAT), most)
    return graph.op("Div", graph.op("Sub", made, mean), std)


def _renamed(name: str) -> str:
    return f"net_{name}" if name else name


def _luma(graph: Graph, planes: str) -> str:
    """(19595 R + 38470 G + 7471 B + 0x8000) >> 16."""
    shares = graph.array(np.array([_RED, _GREEN, _BLUE]).reshape(3, 1, 1))
    total = graph.op("ReduceSum", graph.op("Mul", planes, shares), graph.integers([0]), keepdims=1)
    raised = graph.op("Add", total, graph.double(float(0x8000)))
    return graph.op("Floor", graph.op("Div", raised, graph.double(65536.0)))


class _Inner:
    """Names of whole numbers: where in the target the picture goes, and its size there."""

    def __init__(self, top: str, left: str, height: str, width: str) -> None:
        self.top, self.left, self.height, self.width = top, left, height, width


def _each(graph: Graph, pair: str) -> tuple[str, str]:
    """Both numbers of a row of two."""
    first, second = (graph.op("Gather", pair, graph.integer(i), axis=0) for i in (0, 1))
    return first, second


def _box(graph: Graph, preparation: Preparation, sides: str) -> tuple[str, str, str, str]:
    """The sides of the cut, its starts, ends and axes, as `Preparation.box` has them. Height and width are
    one row of two all the way.
    """
    H, W = (float(side) for side in preparation.size)
    # The smaller of height x W and width x H says which side stays whole.
    crossed = graph.op("Mul", sides, graph.array(np.array([W, H])))
    kept = graph.op(
        "Div", graph.op("ReduceMin", crossed, axes=[0], keepdims=1), graph.array(np.array([W, H]))
    )
    taken = graph.op("Mul", kept, graph.double(preparation.ratio))
    taken = graph.op("Floor", graph.op("Add", taken, graph.double(0.5)))
    taken = graph.op("Min", graph.op("Max", taken, graph.double(1.0)), sides)
    start = graph.op("Floor", graph.op("Div", graph.op("Sub", sides, taken), graph.double(2.0)))
    end = graph.op("Add", start, taken)
    return taken, graph.whole(start), graph.whole(end), graph.integers([1, 2])


def _inner(graph: Graph, preparation: Preparation, sides: str) -> _Inner:
    """As `Preparation.inner` has it where all of a picture is kept."""
    H, W = preparation.size
    high, wide = _each(graph, sides)
    by_rows = graph.op("Mul", high, graph.double(float(W)))
    by_columns = graph.op("Mul", wide, graph.double(float(H)))
    is_wide = graph.op("LessOrEqual", by_rows, by_columns)
    both = (
        (_shrunk(graph, by_rows, wide), graph.double(float(H)), graph.op("Not", is_wide), H),
        (_shrunk(graph, by_columns, high), graph.double(float(W)), is_wide, W),
    )
    found = []
    for other, full, is_full, most in both:
        side = graph.op("Min", graph.op("Where", is_full, full, other), graph.double(float(most)))
        gap = graph.op("Sub", graph.double(float(most)), side)
        start = graph.op("Floor", graph.op("Div", gap, graph.double(2.0)))
        found.append((graph.whole(start), graph.whole(side)))
    (top, tall), (left, broad) = found
    return _Inner(top, left, tall, broad)


def _shrunk(graph: Graph, product: str, by: str) -> str:
    """max(1, (2 product + by) // (2 by))."""
    double = graph.op("Mul", by, graph.double(2.0))
    raised = graph.op("Add", graph.op("Mul", product, graph.double(2.0)), by)
    return graph.op("Max", graph.op("Floor", graph.op("Div", raised, double)), graph.double(1.0))


def _weights(graph: Graph, source: str, wanted: str | int) -> str:
    """The matrix (wanted, source) of Pillow's weights, which are whole numbers by 2**22."""
    if isinstance(wanted, int):
        target = graph.double(float(wanted))
        middles = graph.array(np.arange(wanted)[:, None] + 0.5)
    else:
        target = graph.op("Cast", wanted, to=graph.DOUBLE)
        rows = graph.op("Unsqueeze", graph.steps(target), graph.integers([1]))
        middles = graph.op("Add", rows, graph.double(0.5))
    scale = graph.op("Div", source, target)
    support = graph.op("Max", scale, graph.double(1.0))
    columns = graph.steps(source)
    half = graph.double(0.5)
    centre = graph.op("Mul", middles, scale)
    low = graph.op("Floor", graph.op("Add", graph.op("Sub", centre, support), half))
    low = graph.op("Max", low, graph.double(0.0))
    high = graph.op("Floor", graph.op("Add", graph.op("Add", centre, support), half))
    high = graph.op("Min", high, source)
    away = graph.op("Add", graph.op("Sub", columns, centre), half)
    away = graph.op("Abs", graph.op("Mul", away, graph.op("Div", graph.double(1.0), support)))
    near = graph.op("Max", graph.op("Sub", graph.double(1.0), away), graph.double(0.0))
    inside = graph.op(
        "And", graph.op("GreaterOrEqual", columns, low), graph.op("Less", columns, high)
    )
    near = graph.op("Where", inside, near, graph.double(0.0))
    total = graph.op("ReduceSum", near, graph.integers([1]), keepdims=1)
    share = graph.op("Mul", graph.op("Div", near, total), graph.double(_BITS))
    return graph.op("Div", graph.op("Floor", graph.op("Add", share, half)), graph.double(_BITS))


def _rounded(graph: Graph, planes: str) -> str:
    """Pillow's rounding after a pass: (sum + 2**21) >> 22 of whole numbers, within 0 ... 255."""
    level = graph.op("Floor", graph.op("Add", planes, graph.double(0.5)))
    return graph.op("Clip", level, graph.double(0.0), graph.double(255.0))


def _canvas(preparation: Preparation) -> np.ndarray[Any, np.dtype[np.float64]]:
    """C 1 1: the colour `fill`, as the preparation has it."""
    red, green, blue = preparation.fill
    grey = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    colour = preparation.fill if preparation.channels == 3 else (grey,)
    return np.array(colour, np.float64).reshape(-1, 1, 1)


def _placed(graph: Graph, preparation: Preparation, planes: str, inner: _Inner) -> str:
    """The picture within the target; the rest is `fill`."""
    H, W = preparation.size
    for axis, start, side, most in (
        (1, inner.top, inner.height, H),
        (2, inner.left, inner.width, W),
    ):
        at = graph.op("Sub", graph.array(np.arange(most, dtype=np.int64)), start)
        planes = _gathered(graph, preparation, planes, axis, (at, side, most))
    return planes


def _gathered(
    graph: Graph, preparation: Preparation, planes: str, axis: int, place: tuple[str, str, int]
) -> str:
    """Along one axis, what lies at each place; `fill` where a place is outside of the `side` that is
    there.
    """
    at, side, most = place
    inside = graph.op(
        "And", graph.op("GreaterOrEqual", at, graph.integer(0)), graph.op("Less", at, side)
    )
    last = graph.op("Sub", side, graph.integer(1))
    kept = graph.op("Max", graph.op("Min", at, last), graph.integer(0))
    found = graph.op("Gather", planes, kept, axis=axis)
    shape = [1, most, 1] if axis == 1 else [1, 1, most]
    inside = graph.op("Reshape", inside, graph.integers(shape))
    return graph.op("Where", inside, found, graph.array(_canvas(preparation)))


def _centred(graph: Graph, preparation: Preparation, planes: str) -> str:
    """Moved by whole pixels until the middle of the object is the middle, as `Preparation` does."""
    apart = graph.op("Abs", graph.op("Sub", planes, graph.array(_canvas(preparation))))
    object_ = graph.op("ReduceSum", apart, graph.integers([0]), keepdims=0)
    moves = []
    for axis, side in enumerate(preparation.size):
        mass = graph.op("ReduceSum", object_, graph.integers([1 - axis]), keepdims=0)
        moves.append(_move(graph, mass, side, preparation.centre == "box"))
    for axis, side in enumerate(preparation.size):
        at = graph.op("Sub", graph.array(np.arange(side, dtype=np.int64)), graph.whole(moves[axis]))
        planes = _gathered(graph, preparation, planes, axis + 1, (at, graph.integer(side), side))
    return planes


def _move(graph: Graph, mass: str, side: int, by_box: bool) -> str:
    """How far to go, a whole number in float64; 0 where there is no object."""
    places = graph.array(np.arange(side, dtype=np.float64))
    weight = graph.op("ReduceSum", mass, graph.integers([0]), keepdims=0)
    if by_box:
        held = graph.op("Greater", mass, graph.double(0.0))
        far, none = graph.double(float(side)), graph.double(-1.0)
        top = graph.op("ReduceMin", graph.op("Where", held, places, far), axes=[0], keepdims=0)
        bottom = graph.op("ReduceMax", graph.op("Where", held, places, none), axes=[0], keepdims=0)
        twice = graph.op("Sub", graph.op("Sub", graph.double(float(side)), top), bottom)
        move = graph.op("Floor", graph.op("Div", twice, graph.double(2.0)))
    else:
        sum_ = graph.op("ReduceSum", graph.op("Mul", mass, places), graph.integers([0]), keepdims=0)
        middle = graph.op("Mul", weight, graph.double(float(side)))
        above = graph.op("Sub", middle, graph.op("Mul", sum_, graph.double(2.0)))
        below = graph.op("Max", graph.op("Mul", weight, graph.double(2.0)), graph.double(1.0))
        move = graph.op("Floor", graph.op("Div", above, below))
    is_some = graph.op("Greater", weight, graph.double(0.0))
    return graph.op("Where", is_some, move, graph.double(0.0))
