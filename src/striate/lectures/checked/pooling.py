"""Max pooling: cases, what is right, and known mistakes. No two numbers under a window are equal."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate import seeds
from striate.geometry.window import Window
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.textbook.layer import Layer
from striate.textbook.pooling import AveragePool, MaxPool
from striate.textbook.windows import patches, square

# N C H W, window, stride, type; with overlap, and where it does not fit.
_SHAPES = (
    ((1, 1, 4, 4), 2, 2, "float64"),
    ((2, 3, 6, 8), 2, 2, "float64"),
    ((2, 2, 7, 5), 3, 2, "float64"),
    ((1, 2, 7, 7), 2, 3, "float64"),
    ((2, 2, 6, 6), 3, 3, "float32"),
)


def cases() -> list[Case]:
    """Numbers below and above zero."""
    made = []
    for index, (shape, size, stride, kind) in enumerate(_SHAPES):
        draw = seeds.generator(0, "check pooling", 0, index)
        out = (*shape[:2], *(Window(size, stride).out(side) for side in shape[2:]))
        made.append(
            Case(
                f"x {'×'.join(map(str, shape))}, window {size}, stride {stride}, {kind}",
                {"x": draw.normal(size=shape).astype(kind) - 1},
                {"size": size, "stride": stride},
                {"pool_height": size, "pool_width": size, "stride": stride},
                draw.normal(size=out).astype(kind),
            )
        )
    return made


def right(case: Case) -> dict[str, Numbers]:
    """Forward and backward by the textbook."""
    return through(case, MaxPool(windows_of(case)))


def windows_of(case: Case, stride: int | None = None) -> tuple[Window, Window]:
    """Of both sides, with the case's own stride or another."""
    return square(case.numbers["size"], stride or case.numbers["stride"])


def through(case: Case, layer: Layer) -> dict[str, Numbers]:
    """What a layer makes of a case, forward and backward."""
    made: dict[str, Numbers] = {"out": layer.forward(case["x"])}
    made["dx"] = layer.backward(upstream_of(case))
    return made


def upstream_of(case: Case) -> Numbers:
    """What comes back from above; nothing where it was not asked."""
    return np.zeros(0) if case.upstream is None else case.upstream.astype(np.float64)


def _seen(how: Callable[..., Numbers]) -> Callable[[Case], Numbers]:
    return lambda case: how(patches(case["x"], windows_of(case)), axis=(4, 5))


def _average(name: str) -> Callable[[Case], Numbers]:
    return lambda case: through(case, AveragePool(windows_of(case)))[name]


def _by_one(case: Case) -> Numbers:
    return MaxPool(windows_of(case, stride=1)).forward(case["x"])


def _by_one_cut(case: Case) -> Numbers:
    h, w = right(case)["out"].shape[2:]
    return _by_one(case)[:, :, :h, :w]


def _by_window(case: Case) -> Numbers:
    return MaxPool(windows_of(case, stride=case.numbers["size"])).forward(case["x"])


def _everywhere(case: Case) -> Numbers:
    """The gradient goes to all numbers of the window."""
    layer = AveragePool(windows_of(case))
    layer.forward(case["x"])
    return layer.backward(upstream_of(case) * case.numbers["size"] ** 2)


def _overwritten(case: Case) -> Numbers:
    """Where windows overlap, the later one counts."""
    size, stride = case.numbers["size"], case.numbers["stride"]
    up, made = upstream_of(case), np.zeros_like(case["x"])
    for n, c, i, j in np.ndindex(*up.shape):
        window = case["x"][n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        made[n, c, i * stride + row, j * stride + column] = up[n, c, i, j]
    return made


def _mask(case: Case) -> Numbers:
    layer = MaxPool(windows_of(case))
    layer.forward(case["x"])
    return (layer.backward(np.ones_like(upstream_of(case))) > 0).astype(float)


KIND = Kind(
    "max pooling",
    ("max_pool", "maxpool", "pool"),
    "max_pool_forward(x, size, stride) → out or (out, cache); max_pool_backward(dout, cache) → dx",
    ("out",),
    ("dx",),
    cases,
    right,
    {
        "out": (
            Mistake("the mean is taken; take the largest", _average("out")),
            Mistake("the smallest is taken; take the largest", _seen(np.min)),
            Mistake("the sum is taken; take the largest", _seen(np.sum)),
            Mistake("stride is ignored: the window moves by one", _by_one),
            Mistake("the output has the right size, but the window moves by one", _by_one_cut),
            Mistake("stride is ignored: the window moves by its own size", _by_window),
            Mistake("the largest is never below zero: begin with −inf and not with 0",
                    lambda c: np.maximum(right(c)["out"], 0)),
            Mistake("the largest over all channels is taken; each channel is pooled on its own",
                    lambda c: np.broadcast_to(right(c)["out"].max(1, keepdims=True), right(c)["out"].shape)),
        ),
        "dx": (
            Mistake("the gradient is shared by the window; the winner gets all of it", _average("dx")),
            Mistake("every number of the window gets it; the winner alone does", _everywhere),
            Mistake("where windows overlap, later ones overwrite; add with +=", _overwritten),
            Mistake("1 for each winner; multiply with dout", _mask),
        ),
    },
)  # fmt: skip
