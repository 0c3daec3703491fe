"""Convolution: cases, and what is right. The mistakes one knows are in `convolution_mistakes.py`.

conv_forward(x, w, b, stride, pad) gives out or (out, cache); conv_backward(dout, cache) gives dx, dw, db.
x: N C H W; w: O C kh kw; b: O. Nothing is flipped, padding is zeros on all four sides.
"""

from __future__ import annotations

import numpy as np

from striate import seeds
from striate.geometry.window import Window
from striate.lectures.checked.case import Case, Numbers
from striate.textbook.convolution import Convolution

# N C H W, O, kernel, stride, pad, type: from the simplest to windows that do not fit.
_SHAPES = (
    ((1, 1, 5, 5), 1, (3, 3), 1, 0, "float64"),
    ((2, 3, 6, 7), 4, (3, 3), 1, 1, "float64"),
    ((2, 2, 7, 8), 3, (3, 3), 2, 1, "float64"),
    ((1, 2, 6, 8), 2, (3, 2), 1, 0, "float64"),
    ((3, 2, 7, 6), 2, (3, 3), 3, 0, "float64"),
    ((2, 3, 9, 7), 2, (5, 5), 2, 2, "float32"),
    ((1, 2, 6, 6), 2, (3, 3), 1, 1, "int64"),
)


def cases() -> list[Case]:
    """Random numbers, the same for everybody."""
    made = []
    for index, ((n, c, h, w), filters, (kh, kw), stride, pad, kind) in enumerate(_SHAPES):
        draw = seeds.generator(0, "check convolution", 0, index)
        shape = (n, c, h, w)
        whole, broken = draw.integers(-4, 5, shape), draw.normal(size=shape)
        x: Numbers = whole if kind == "int64" else broken.astype(kind)
        real = "float64" if kind == "int64" else kind
        given = {
            "x": x,
            "w": draw.normal(size=(filters, c, kh, kw)).astype(real),
            "b": draw.normal(size=filters).astype(real),
        }
        out = (n, filters, Window(kh, stride, pad, pad).out(h), Window(kw, stride, pad, pad).out(w))
        made.append(
            Case(
                f"x {n}×{c}×{h}×{w}, w {filters}×{c}×{kh}×{kw}, stride {stride}, pad {pad}, {kind}",
                given,
                {"stride": stride, "pad": pad},
                {"stride": stride, "pad": pad},
                None if kind == "int64" else draw.normal(size=out).astype(real),
            )
        )
    return made


def right(case: Case) -> dict[str, Numbers]:
    """Forward and backward by the textbook."""
    conv = layer(case)
    made: dict[str, Numbers] = {"out": conv.forward(case["x"])}
    if case.upstream is not None:
        made["dx"] = conv.backward(case.upstream.astype(np.float64))
        made["dw"], made["db"] = conv.gradients["weight"], conv.gradients["bias"]
    return made


def layer(
    case: Case, weight: Numbers | None = None, stride: int | None = None, pad: int | None = None
) -> Convolution:
    """The textbook's layer, or one with something else in it."""
    weight = case["w"] if weight is None else weight
    stride = case.numbers["stride"] if stride is None else stride
    pad = case.numbers["pad"] if pad is None else pad
    sides = (Window(side, stride, pad, pad) for side in weight.shape[2:])
    down, across = sides
    return Convolution(weight, case["b"], (down, across))
