"""Pooling: the largest number, or the mean, of what a window sees; and where the gradient goes back to."""

from __future__ import annotations

from typing import Literal, NamedTuple, final

import numpy as np

from striate.errors import UsageError
from striate.geometry.window import Window
from striate.lectures.limits import check_work
from striate.lectures.photo import grey_of, is_large
from striate.lectures.shown import (
    Boxed,
    Floats,
    Grid,
    Part,
    Shown,
    Sign,
    Still,
    beside,
    chosen,
    counted,
    number,
    short_grid,
    size_of,
)
from striate.seeing.figures.colours import reach_of
from striate.textbook.pooling import AveragePool, MaxPool
from striate.textbook.windows import patches

Kind = Literal["max", "average"]
_MOST_WRITTEN = 16  # places that are written out in the terminal


@final
class Pooling(NamedTuple):
    """How the window moves: pairs are rows, columns; the stride is the window where none is given."""

    kind: Kind = "max"
    window: tuple[int, int] = (2, 2)
    stride: tuple[int, int] | None = None
    padding: tuple[int, int] = (0, 0)
    is_backward: bool = False
    upstream: Floats | None = None


@final
class _Pooled(NamedTuple):
    """x, padded (NaN where padding never wins): H W; y: H' W'; seen: H' W' kh kw."""

    padded: Floats
    y: Floats
    seen: Floats
    windows: tuple[Window, Window]
    backward: dict[str, Floats]

    def box(self, at: tuple[int, int]) -> Boxed:
        rows, columns = self.windows
        top, left = at[0] * rows.stride, at[1] * columns.stride
        return (top, left, top + rows.kernel, left + columns.kernel)


def pool(x: Floats, asked: Pooling = Pooling(), note: str = "") -> Shown:  # noqa: B008
    """x: H W."""
    done = _pooled(x, asked)
    H, W = done.y.shape
    rows, columns = done.windows
    title = f"{asked.kind} pooling: {size_of(x)} with {rows.kernel}×{columns.kernel} gives {H}×{W}"
    lines = [*([note] if note else []), title]
    lines.append(f"rows: {rows.sum_text(x.shape[0])}   columns: {columns.sum_text(x.shape[1])}")
    left = rows.unseen(x.shape[0]), columns.unseen(x.shape[1])
    if any(left):
        rest = f"{counted(left[0], 'row')} and {counted(left[1], 'column')}"
        lines.append(f"the division leaves a remainder: {rest} are never seen")
    lines += ["", *beside([short_grid(done.padded), ["→"], short_grid(done.y)])]
    if done.y.size <= _MOST_WRITTEN:
        lines += ["", *(_written(done, asked.kind, divmod(i, W)) for i in range(done.y.size))]
    if done.backward:
        rule = "the winner gets all of it" if asked.kind == "max" else "each pixel gets its share"
        lines += [
            "",
            f"dL/dx, {size_of(x)}, the shape of x: {rule}",
            *short_grid(done.backward["dx"]),
        ]
    places = [divmod(i, W) for i in chosen(done.y.size)]
    frames = tuple(_still(title, done, asked.kind, at, is_whole=False) for at in places)
    still = _still(title, done, asked.kind, (0, 0), is_whole=True)
    arrays = {"image": x, "output": done.y, **done.backward}
    return Shown(
        title[0].upper() + title[1:], tuple(lines), arrays, still, frames, {"kind": asked.kind}
    )


def _pooled(x: Floats, asked: Pooling) -> _Pooled:
    strides = asked.window if asked.stride is None else asked.stride
    if 0 in strides or 0 in asked.window:
        raise UsageError("window and stride are at least 1", "as in --window 2 --stride 2")
    if any(2 * p > k for p, k in zip(asked.padding, asked.window, strict=True)):
        raise UsageError(
            "padding is at most half the window", "otherwise a window would see padding alone"
        )
    sides = zip(asked.window, strides, asked.padding, strict=True)
    rows, columns = (Window(kernel, stride, pad, pad) for kernel, stride, pad in sides)
    check_work(x.shape, (rows, columns))
    layer = (MaxPool if asked.kind == "max" else AveragePool)((rows, columns))
    y = layer.forward(x[None, None])[0, 0]
    backward: dict[str, Floats] = {}
    if asked.upstream is not None and not asked.is_backward:
        raise UsageError("--upstream is used by --backward alone", "add --backward")
    if asked.is_backward:
        upstream = np.ones_like(y) if asked.upstream is None else asked.upstream
        if upstream.shape != y.shape:
            raise UsageError(
                f"--upstream is {size_of(upstream)}, and the output is {size_of(y)}",
                "dL/dy has the shape of y",
            )
        backward = {"upstream": upstream, "dx": layer.backward(upstream[None, None])[0, 0]}
    fill = np.nan if asked.kind == "max" else 0.0
    padded = np.pad(x, [(p, p) for p in asked.padding], constant_values=fill)
    seen = patches(x[None, None], (rows, columns), fill)[0, 0]
    return _Pooled(padded, y, seen, (rows, columns), backward)


def _ring(windows: tuple[Window, Window]) -> int:
    """A grid greys the same number of cells on every side, or none."""
    rows, columns = windows
    return rows.before if rows.before == columns.before else 0


def _written(done: _Pooled, kind: Kind, at: tuple[int, int]) -> str:
    """One output as what was under the window."""
    seen = [number(float(v)) for v in done.seen[at].ravel() if not np.isnan(v)]
    value = number(float(done.y[at]))
    if kind == "max":
        return f"({at[0]}, {at[1]}): max of {', '.join(seen)} = {value}"
    total = number(float(np.nansum(done.seen[at])))
    return (
        f"({at[0]}, {at[1]}): ({' + '.join(seen)}) / {len(seen)} = {total} / {len(seen)} = {value}"
    )


def _still(title: str, done: _Pooled, kind: Kind, at: tuple[int, int], is_whole: bool) -> Still:
    """All of it with every window in dashes, or one step with what is known by then."""
    H, W = done.y.shape
    large = is_large(done.padded)
    order = np.arange(done.y.size).reshape(H, W)
    y = done.y if is_whole else np.where(order <= at[0] * W + at[1], done.y, np.nan)
    everywhere = tuple(done.box(divmod(i, W)) for i in range(done.y.size))
    image = Grid(
        "image", done.padded, boxes=() if is_whole else (done.box(at),), ring=_ring(done.windows),
        dashed=everywhere if is_whole and not large else (), reach=reach_of(done.padded, large),
        pixels=grey_of(done.padded),
    )  # fmt: skip
    box = () if is_whole else ((at[0], at[1], at[0] + 1, at[1] + 1),)
    pixels = grey_of(y, done.y) if large else None
    output = Grid("output", y, boxes=box, reach=reach_of(done.y, large), pixels=pixels, fits=done.y)
    rows: list[tuple[Part, ...]] = [(image, Sign("→"), output)]
    if is_whole and done.backward:
        up, dx = (
            Grid("upstream dL/dy", done.backward["upstream"]),
            Grid("dL/dx", done.backward["dx"]),
        )
        rows.append((up, Sign("→"), dx))
    said = "" if is_whole else _written(done, kind, at)
    if done.seen[0, 0].size > 16:
        said = "" if is_whole else f"({at[0]}, {at[1]}): {number(float(done.y[at]))}"
    return Still(title[0].upper() + title[1:], tuple(rows), said)
