"""Where a window can stand: size, stride, padding and dilation; what does not fit, and how often a pixel is
used.

(N + 2P - F) / S + 1 places along a side. A division with a remainder is floored, and some rows and columns
are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.errors import DoesNotFit, UsageError
from striate.geometry.shape import Pair
from striate.geometry.window import Window
from striate.lectures.shown import Boxed, Floats, Grid, Shown, Sign, Still, chosen, grid_lines
from striate.textbook.windows import Windows

MOST_SIDE = 256
_NUMBERED = 12  # cells along a side that a grid writes numbers into


class Steps(NamedTuple):
    """A window that slides: each pair is (rows, columns)."""

    size: Pair = (7, 7)
    kernel: Pair = (3, 3)
    stride: Pair = (1, 1)
    pad: Pair = (0, 0)
    dilation: Pair = (1, 1)

    @property
    def windows(self) -> Windows:
        """Along rows and along columns."""
        down, right = (
            Window(k, s, p, p, d)
            for k, s, p, d in zip(self.kernel, self.stride, self.pad, self.dilation, strict=True)
        )
        return down, right

    @property
    def out(self) -> Pair:
        """Places below and beside one another."""
        down, right = (w.out(side) for w, side in zip(self.windows, self.size, strict=True))
        return down, right


def steps(asked: Steps) -> Shown:
    """The window at every place of a picture, in reading order; H W how often each pixel is used."""
    _check(asked)
    used = uses(asked)
    (H, W), (ph, pw) = asked.size, asked.pad
    kernel, size = (f"{a}×{b}" for a, b in (asked.kernel, asked.size))
    title = f"A {kernel} window on {size} pixels, stride {_pair(asked.stride)}, padding {_pair(asked.pad)}"
    title += f", dilation {_pair(asked.dilation)}" if asked.dilation != (1, 1) else ""
    said = "Left: how often each pixel is used; padding is grey. Right: the places in order. Dashed: next."
    count = asked.out[0] * asked.out[1]
    frames = tuple(
        Still(title, (_row(asked, used, done),), f"place {done} of {count}")
        for done in (i + 1 for i in chosen(count))
    )
    arrays: dict[str, NDArray[np.int64]] = {
        "uses": used[ph : ph + H, pw : pw + W],
        "uses_with_padding": used,
        "starts_rows": starts(asked, 0),
        "starts_columns": starts(asked, 1),
        "places": _order(asked, count).astype(np.int64),
    }
    facts = {
        "out": asked.out,
        "fits": not any(_remainders(asked)),
        "unseen_rows_columns": _unseen(asked),
        "sums": _sums(asked),
        "sizes": shrinking(asked),
    }
    still = Still(title, (_row(asked, used, 1, whole=True),), said)
    return Shown(title, tuple(_lines(asked, used)), arrays, still, frames, facts, ms=400)


def starts(asked: Steps, axis: int) -> NDArray[np.int64]:
    """The first row (0) or column (1) of each place, from the picture's first on: below 0 in the padding."""
    made: NDArray[np.int64] = (
        np.arange(asked.out[axis]) * asked.stride[axis] - asked.pad[axis]
    ).astype(np.int64)
    return made


def uses(asked: Steps) -> NDArray[np.int64]:
    """How often a tap of the window falls on each pixel, padding around: H+2P W+2P."""
    along = []
    for axis in (0, 1):
        taps = np.arange(asked.kernel[axis]) * asked.dilation[axis]
        met = (starts(asked, axis) + asked.pad[axis])[:, None] + taps
        along.append(np.bincount(met.ravel(), minlength=asked.size[axis] + 2 * asked.pad[axis]))
    made: NDArray[np.int64] = np.outer(*along)
    return made


def shrinking(asked: Steps) -> tuple[Pair, ...]:
    """The sizes when the same window slides again and again, until it fits no more or nothing changes.

    >>> shrinking(Steps((32, 32), (5, 5)))[:4]
    ((32, 32), (28, 28), (24, 24), (20, 20))
    """
    made = [asked.size]
    while len(made) < 64:
        try:
            after = asked._replace(size=made[-1]).out
        except DoesNotFit:
            break
        if after == made[-1]:
            break
        made.append(after)
    return tuple(made)


def _check(asked: Steps) -> None:
    if min(*asked.size, *asked.kernel, *asked.stride, *asked.dilation) < 1 or min(asked.pad) < 0:
        raise UsageError(
            f"sizes, kernel, stride and dilation are 1 or more, padding is 0 or more; got {tuple(asked)}",
            "such as --size 7 --kernel 3 --stride 2",
        )
    if max(*asked.size, *asked.kernel, *asked.stride, *asked.pad, *asked.dilation) > MOST_SIDE:
        raise UsageError(
            f"this draws up to {MOST_SIDE} pixels along a side",
            "`striate plan` counts larger ones",
        )
    _ = asked.out  # says that the window is too large


def _order(asked: Steps, done: int) -> Floats:
    """H' W': the number of each place, NaN where the window has not been yet."""
    made = np.arange(1.0, asked.out[0] * asked.out[1] + 1).reshape(asked.out)
    return np.where(made <= done, made, np.nan)


def _row(
    asked: Steps, used: NDArray[np.int64], done: int, whole: bool = False
) -> tuple[Grid | Sign, ...]:
    """The padded picture with the window at a place (from 1), and the places so far (or all)."""
    count = asked.out[0] * asked.out[1]
    here = _box(asked, done - 1)
    after = (_box(asked, done),) if done < count else ()
    ring = asked.pad[0] if asked.pad[0] == asked.pad[1] else 0
    row, column = divmod(done - 1, asked.out[1])
    seen = Grid(
        "how often each is used", used.astype(float), _unseen_said(asked), reach=float(used.max()),
        boxes=_taps(asked, here) or (here,), dashed=after, ring=ring,
    )  # fmt: skip
    order = _order(asked, count if whole else done)
    out = Grid(
        f"{asked.out[0]}×{asked.out[1]} places", order, "", reach=2.0 * count,
        boxes=((row, column, row + 1, column + 1),),
    )  # fmt: skip
    return seen, Sign("→"), out


def _box(asked: Steps, place: int) -> Boxed:
    """Of the place with this number (from 0), in the padded picture."""
    row, column = divmod(place, asked.out[1])
    top, left = row * asked.stride[0], column * asked.stride[1]
    down, right = asked.windows
    return top, left, top + down.extent, left + right.extent


def _taps(asked: Steps, box: Boxed) -> tuple[Boxed, ...]:
    """With gaps between them the taps are shown one by one."""
    if asked.dilation == (1, 1) or max(asked.size) > _NUMBERED:
        return ()
    return tuple(
        (row, column, row + 1, column + 1)
        for row in range(box[0], box[2], asked.dilation[0])
        for column in range(box[1], box[3], asked.dilation[1])
    )


def _remainders(asked: Steps) -> Pair:
    down, right = (w.remainder(side) for w, side in zip(asked.windows, asked.size, strict=True))
    return down, right


def _unseen(asked: Steps) -> Pair:
    down, right = (w.unseen(side) for w, side in zip(asked.windows, asked.size, strict=True))
    return down, right


def _unseen_said(asked: Steps) -> str:
    rows, columns = _unseen(asked)
    if not rows and not columns:
        return "every pixel is seen"
    return f"unseen: {_count(rows, 'row')} and {_count(columns, 'column')}"


def _count(number: int, what: str) -> str:
    words = ("no", "one", "two", "three")
    return f"{words[number] if number < 4 else number} {what}{'s' if number != 1 else ''}"


def _pair(pair: Sequence[int]) -> str:
    return str(pair[0]) if pair[0] == pair[1] else f"{pair[0]}×{pair[1]}"


def _sums(asked: Steps) -> list[str]:
    return [w.sum_text(side) for w, side in zip(asked.windows, asked.size, strict=True)]


def _tried(asked: Steps) -> str:
    """One line of a table of what fits: the sum, and what is left."""
    try:
        out = asked.out
    except DoesNotFit:
        sides = zip(asked.windows, asked.size, strict=True)
        sums = [window.sum_text(side) for window, side in sides if window.room(side) < 0]
        return f"{';  '.join(dict.fromkeys(sums))}  the window is larger than the picture"
    sums = list(dict.fromkeys(_sums(asked)))
    said = ";  ".join(sums)
    if not any(_remainders(asked)):
        same = "  keeps the size" if out == asked.size else ""
        return f"{said}  fits: {out[0]}×{out[1]}{same}"
    return f"{said}  does not fit; floored {out[0]}×{out[1]}, {_unseen_said(asked)}"


def _lines(asked: Steps, used: NDArray[np.int64]) -> Iterator[str]:
    yield f"(N + 2P − F)/S + 1:  {_tried(asked)}"
    yield f"places start at rows {_listed(starts(asked, 0))}, columns {_listed(starts(asked, 1))}"
    yield ""
    yield from (f"stride {s}:   {_tried(asked._replace(stride=(s, s)))}" for s in _strides(asked))
    yield from (f"padding {p}:  {_tried(asked._replace(pad=(p, p)))}" for p in _pads(asked))
    yield from _keeping(asked)
    yield ""
    sizes = shrinking(asked)
    again = " → ".join(str(h) if h == w else f"{h}×{w}" for h, w in sizes[:16])
    yield f"again and again: {again}" + (" → …" if len(sizes) > 16 else "")
    (H, W), (ph, pw) = asked.size, asked.pad
    inside = used[ph : ph + H, pw : pw + W]
    yield ""
    if max(H, W) <= _NUMBERED:
        yield "how often each pixel is used"
        yield from grid_lines(inside.astype(float))
    yield (
        f"uses: {inside[0, 0]} at the corner, {inside[0, W // 2]} at the upper edge, "
        f"{inside[H // 2, W // 2]} in the middle"
    )
    if any(asked.pad) and inside.min() != inside.max():
        kept = "; it keeps the size" if asked.out == asked.size else ""
        yield f"padding does not make all pixels be used equally often{kept}"


def _keeping(asked: Steps) -> Iterator[str]:
    """The lectures' F = 3, 5, 7 with P = 1, 2, 3 ..., for the stride 1 that keeps a size; gaps widen P."""
    down, right = asked.dilation
    gaps = "" if asked.dilation == (1, 1) else "D"
    held = ", ".join(f"F = {f} with P = {down * (f - 1) // 2}" for f in (3, 5, 7))
    rule = held if down == right else f"D = {down} along rows, {right} along columns"
    yield f"stride 1 keeps the size where P = {gaps}(F − 1)/2: {rule}"
    widest = max(window.extent for window in asked.windows)
    fitting = [p for p in range(widest) if _fits(asked._replace(pad=(p, p)))]
    if fitting or all(s == 1 for s in asked.stride):
        return
    if any(
        w.stride % 2 == 0 and w.room(n) % 2 for w, n in zip(asked.windows, asked.size, strict=True)
    ):
        yield f"no padding fits: 2P is even, and S = {_pair(asked.stride)} does not divide N + 2P − F"
    else:
        yield "no padding smaller than the window fits"


def _fits(asked: Steps) -> bool:
    return all(
        w.room(side) >= 0 and w.room(side) % w.stride == 0
        for w, side in zip(asked.windows, asked.size, strict=True)
    )


def _strides(asked: Steps) -> list[int]:
    return sorted({1, 2, 3, *(s for s in asked.stride if asked.stride[0] == asked.stride[1])})


def _pads(asked: Steps) -> list[int]:
    half = max((e - 1) // 2 for e in (w.extent for w in asked.windows))
    own = {asked.pad[0]} if asked.pad[0] == asked.pad[1] else set()
    return sorted({*range(min(half, 3) + 1), half, *own})


def _listed(places: NDArray[np.int64]) -> str:
    told = [str(int(p)).replace("-", "−") for p in places]
    steady = all(b - a == places[1] - places[0] for a, b in pairwise(places))
    return (
        ", ".join(told) if len(told) <= 9 or not steady else ", ".join([*told[:3], "…", told[-1]])
    )
