"""Two filters of 3x3x3 slide over a picture of 7x7x3, padding included, with stride 2: 3x3x2 come out.

The demonstration of the lectures' deck, whose own numbers cannot be recovered: these are drawn from a seed.
Each filter has one number for each channel of each pixel of its window, and one bias: 2 (3 3 3 + 1) = 56.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from striate import seeds
from striate.lectures.shown import (
    Floats,
    Grid,
    Part,
    Shown,
    Sign,
    Still,
    Words,
    beside,
    grid_lines,
    number,
    signed,
)
from striate.textbook.convolution import Convolution
from striate.textbook.windows import patches, square

CHANNELS, SIDE, KERNEL, STRIDE, PAD, FILTERS = 3, 5, 3, 2, 1, 2
_WIDEST = 44  # letters of the sum, so that all frames have one size


def two_filters(seed: int = 0, at: tuple[int, int, int] = (0, 0, 0)) -> Shown:
    """at: filter, row and column of the number that is written out in the still."""
    x, weight, bias = drawn(seed)
    layer = Convolution(weight, bias, square(KERNEL, STRIDE, PAD))
    y = layer.forward(x[None])[0]
    padded = np.pad(x, ((0, 0), (PAD, PAD), (PAD, PAD)))
    seen = patches(x[None], layer.windows)[0]
    sums = np.einsum("chwij,ocij->ochw", seen, weight)
    title = "Two filters of 3×3×3 on 7×7×3 (padding included), stride 2: 3×3×2"
    said = "Grey numbers are padding. Every number that comes out is 27 products and a bias."
    places = list(np.ndindex(*y.shape))
    frames = tuple(
        Still(title, _rows(padded, weight, bias, sums, place, known), said)
        for known, place in enumerate(places, 1)
    )
    still = Still(title, _rows(padded, weight, bias, sums, at, len(places)), said)
    arrays = {"x": padded, "weight": weight, "bias": bias, "sums": sums, "y": y}
    parameters = weight.size + bias.size
    facts = {"parameters": parameters, "in": padded.shape, "out": y.shape, "seed": seed}
    lines = _lines(padded, weight, bias, sums, at)
    return Shown(title, tuple(lines), arrays, still, frames, facts, ms=900)


def drawn(seed: int) -> tuple[Floats, Floats, Floats]:
    """Small whole numbers: C H W without its padding, O C kh kw, and O."""
    rng = seeds.generator(seed, "two filters")
    x = rng.integers(0, 3, (CHANNELS, SIDE, SIDE)).astype(float)
    weight = rng.integers(-1, 2, (FILTERS, CHANNELS, KERNEL, KERNEL)).astype(float)
    bias = rng.integers(1, 3, FILTERS).astype(float)
    return x, weight, bias


def _rows(
    padded: Floats, weight: Floats, bias: Floats, sums: Floats, place: tuple[int, ...], known: int
) -> tuple[tuple[Part, ...], ...]:
    """A row for each channel: the picture, both filters, and on the right what comes out."""
    f, row, column = place
    top, left = row * STRIDE, column * STRIDE
    window = (top, left, top + KERNEL, left + KERNEL)
    y = sums.sum(1) + bias[:, None, None]
    count = np.arange(y.size).reshape(y.shape)
    y = np.where(count < known, y, np.nan)
    made: list[tuple[Part, ...]] = []
    for c in range(CHANNELS):
        parts: list[Part] = [
            Grid(f"x, channel {c}", padded[c], boxes=(window,), ring=PAD, reach=3.0)
        ]
        for o in range(FILTERS):
            lit = ((0, 0, KERNEL, KERNEL),) if o == f else ()
            parts.append(Grid(f"filter {o}, channel {c}", weight[o, c], boxes=lit, reach=2.0))
        if c < FILTERS:
            lit = ((row, column, row + 1, column + 1),) if c == f else ()
            reach = float(np.abs(sums.sum(1) + bias[:, None, None]).max())
            parts += [Sign("→"), Grid(f"y of filter {c}", y[c], boxes=lit, reach=reach)]
        else:
            parts.append(Words(tuple(_sum(bias, sums, place)), _WIDEST))
        made.append(tuple(parts))
    return tuple(made)


def _sum(bias: Floats, sums: Floats, place: tuple[int, ...]) -> Iterator[str]:
    """One number of the output, channel by channel."""
    f, row, column = place
    parts = [signed(float(value)) for value in sums[f, :, row, column]]
    made = float(sums[f, :, row, column].sum() + bias[f])
    yield f"bias of filter 0: {number(bias[0])}, of filter 1: {number(bias[1])}"
    yield ""
    yield f"y[{f}, {row}, {column}], channels 0, 1, 2, bias:"
    yield f"{' + '.join(parts)} + {number(bias[f])} = {number(made)}"


def _lines(
    padded: Floats, weight: Floats, bias: Floats, sums: Floats, place: tuple[int, ...]
) -> Iterator[str]:
    y = sums.sum(1) + bias[:, None, None]
    yield f"(7 − 3)/{STRIDE} + 1 = {y.shape[1]} places along a side: 7×7×3 becomes 3×3×2"
    yield f"{FILTERS} × ({CHANNELS}·{KERNEL}·{KERNEL} + 1) = {weight.size + bias.size} parameters"
    for c in range(CHANNELS):
        yield ""
        blocks = [[f"x, channel {c}", *grid_lines(padded[c])]]
        blocks += [[f"filter {o}, channel {c}", *grid_lines(weight[o, c])] for o in range(FILTERS)]
        yield from beside(blocks)
    yield ""
    yield from beside([[f"y of filter {o}", *grid_lines(y[o])] for o in range(FILTERS)])
    yield ""
    yield from _sum(bias, sums, place)
