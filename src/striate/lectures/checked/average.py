"""Average pooling: what is right, and known mistakes. The cases are those of max pooling."""

from __future__ import annotations

import numpy as np

from striate.lectures.checked import pooling
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.lectures.checked.pooling import through, upstream_of, windows_of
from striate.textbook.pooling import AveragePool, MaxPool
from striate.textbook.windows import patches


def right(case: Case) -> dict[str, Numbers]:
    """Forward and backward by the textbook."""
    return through(case, AveragePool(windows_of(case)))


def _count(case: Case) -> int:
    return case.numbers["size"] ** 2


def _moved(case: Case, stride: int) -> Numbers:
    return AveragePool(windows_of(case, stride)).forward(case["x"])


def _overwritten(case: Case) -> Numbers:
    """Where windows overlap, the later one counts."""
    size, stride = case.numbers["size"], case.numbers["stride"]
    up, made = upstream_of(case), np.zeros_like(case["x"])
    for i, j in np.ndindex(*up.shape[2:]):
        rows, columns = (slice(k * stride, k * stride + size) for k in (i, j))
        made[:, :, rows, columns] = (up[:, :, i, j] / _count(case))[:, :, None, None]
    return made


def _shares(case: Case) -> Numbers:
    """What each pixel gets where all of dout is 1."""
    layer = AveragePool(windows_of(case))
    layer.forward(case["x"])
    return layer.backward(np.ones_like(upstream_of(case)))


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
                    lambda c: MaxPool(windows_of(c)).forward(c["x"])),
            Mistake("the sum is taken; divide it by how many numbers the window has",
                    lambda c: right(c)["out"] * _count(c)),
            Mistake("the sum is divided by a side of the window; divide it by how many numbers it has",
                    lambda c: right(c)["out"] * c.numbers["size"]),
            Mistake("the median is taken; take the mean",
                    lambda c: np.median(patches(c["x"], windows_of(c)), axis=(4, 5))),
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
                    lambda c: through(c, MaxPool(windows_of(c)))["dx"]),
            Mistake("where windows overlap, later ones overwrite; add with +=", _overwritten),
            Mistake("the shares alone; multiply with dout", _shares),
        ),
    },
)  # fmt: skip
