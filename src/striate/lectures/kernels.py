"""Kernels that have names, as they slide: none of them is flipped first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import Floats


class Named(NamedTuple):
    """rows: kh kw; said: what it answers to."""

    rows: tuple[tuple[float, ...], ...]
    said: str
    over: float = 1.0


KERNELS = {
    "identity": Named(((0, 0, 0), (0, 1, 0), (0, 0, 0)), "the picture itself"),
    "box": Named(((1, 1, 1), (1, 1, 1), (1, 1, 1)), "the mean of 3 × 3: blurs", 9),
    "gauss": Named(((1, 2, 1), (2, 4, 2), (1, 2, 1)), "a weighted mean: blurs softly", 16),
    "sharpen": Named(((0, -1, 0), (-1, 5, -1), (0, -1, 0)), "strengthens what differs"),
    "laplace": Named(((0, 1, 0), (1, -4, 1), (0, 1, 0)), "bends: edges and dots"),
    "sobel-x": Named(((-1, 0, 1), (-2, 0, 2), (-1, 0, 1)), "brighter to the right: upright edges"),
    "sobel-y": Named(((-1, -2, -1), (0, 0, 0), (1, 2, 1)), "brighter below: level edges"),
    "prewitt-x": Named(((-1, 0, 1),) * 3, "brighter to the right"),
    "prewitt-y": Named(((-1, -1, -1), (0, 0, 0), (1, 1, 1)), "brighter below"),
    "horizontal-line": Named(((-1, -1, -1), (2, 2, 2), (-1, -1, -1)), "a level line (L4)"),
    "vertical-line": Named(((-1, 2, -1),) * 3, "an upright line (L4)"),
    "checks": Named(((1, 0, 1), (0, 1, 0), (1, 0, 1)), "a diagonal cross (L1)"),
}  # fmt: skip


def named(name: str) -> Floats:
    """kh kw."""
    held = KERNELS.get(name.lower().replace("_", "-"))
    if held is None:
        raise UsageError(
            f"there is no kernel {name!r}",
            f'numbers such as "1 0 1/0 1 0/1 0 1", or one of {", ".join(KERNELS)}',
        )
    return np.array(held.rows, float) / held.over
