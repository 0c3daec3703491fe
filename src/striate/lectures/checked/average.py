"""Average pooling: what is right, and known mistakes. The cases are those of max pooling."""

from __future__ import annotations

import numpy as np

from striate.geometry.window import Window
from striate.lectures.checked import pooling
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.textbook.layer import Layer
from striate.textbook.pooling import AveragePool, MaxPool
from striate.textbook.windows import patches, square


def right(case: Case) -> dict[str, Numbers]:
    """Forward and backward by the textbook."""
    return _through(case, AveragePool(_windows(case)))


def _windows(case: Case, stride: int | None = None) -> tuple[Window, Window]:
    return square(case.numbers["size"], stride or case.numbers["stride"])


def _through(case: Case, layer: Layer) -> dict[str, Numbers]:
    made: dict[str, Numbers] = {"out": layer.forward(case["x"])}
    made["dx"] = layer.backward(_up(case))
    return made


def _up(case: Case) -> Numbers:
    return np.zeros(0) if case.upstream is None else case.upstream.astype(np.float64)


def _count(case: Case) -> int:
    return case.numbers["size"] ** 2


def _moved(case: Case, stride: int) -> Numbers:
    return AveragePool(_windows(case, stride)).forward(case["x"])


def _overwritten(case: Case) -> Numbers:
    """Where windows overlap, the later one counts."""
    size, stride = case.numbers["size"], case.numbers["stride"]
    up, made = _up(case), np.zeros_like(case["x"])
    for i, j in np.ndindex(*up.shape[2:]):
        rows, columns = (slice(k * stride, k * stride + size) for k in (i, j))
        made[:, :, rows, columns] = (up[:, :, i, j] / _count(case))[:, :, None, None]
    return made


def _shares(case: Case) -> Numbers:
    """What each pixel gets where all of dout is 1."""
    layer = AveragePool(_windows(case))
    layer.forward(case["x"])
    return layer.backward(np.ones_like(_up(case)))


KIND = Kind(
    "average pooling",
    ("avg_pool", "avgpool", "average_pool", "mean_pool"),
    "avg_pool_forward(x, size, stride) → out or (out, cache); avg_pool_backward(dout, cache) → dx",
    ("out",),
    ("dx",),
    pooling.cases,
    right,
    {
        "out": (
            Mistake("the largest is taken; take the mean",
                    lambda c: MaxPool(_windows(c)).forward(c["x"])),
            Mistake("the sum is taken; divide it by how many numbers the window has",
                    lambda c: right(c)["out"] * _count(c)),
            Mistake("the sum is divided by a side of the window; divide it by how many numbers it has",
                    lambda c: right(c)["out"] * c.numbers["size"]),
            Mistake("the median is taken; take the mean",
                    lambda c: np.median(patches(c["x"], _windows(c)), axis=(4, 5))),
            Mistake("stride is ignored: the window moves by one", lambda c: _moved(c, 1)),
            Mistake("stride is ignored: the window moves by its own size",
                    lambda c: _moved(c, c.numbers["size"])),
            Mistake("the mean over all channels is taken; each channel is pooled on its own",
                    lambda c: np.broadcast_to(right(c)["out"].mean(1, keepdims=True), right(c)["out"].shape)),
        ),
        "dx": (
            Mistake("every number gets all of it; each gets its share, dout / (size · size)",
                    lambda c: right(c)["dx"] * _count(c)),
            Mistake("the largest gets all of it; each number of the window gets its share",
                    lambda c: _through(c, MaxPool(_windows(c)))["dx"]),
            Mistake("where windows overlap, later ones overwrite; add with +=", _overwritten),
            Mistake("the shares alone; multiply with dout", _shares),
        ),
    },
)  # fmt: skip
