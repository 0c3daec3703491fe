"""A kernel slides over a picture: every output written as patch × kernel, forward and backward.

The lectures' convolution is cross-correlation, as in every library; `is_flipped` turns the kernel by half a
turn first, which is the convolution of signal processing.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np

from striate.errors import UsageError
from striate.geometry.window import Window
from striate.lectures.conv_drawn import frames_of, still_of
from striate.lectures.limits import check_work
from striate.lectures.shown import (
    MOST_PRINTED,
    Boxed,
    Floats,
    Shown,
    beside,
    chosen,
    counted,
    grid_lines,
    number,
    short_grid,
    signed,
    size_of,
)
from striate.textbook.convolution import Convolution
from striate.textbook.windows import Windows, patches

_WHOLE = 12  # columns of numbers in one line of the terminal


@final
class Slide(NamedTuple):
    """How a kernel moves: pairs are rows, columns. upstream: H' W', dL/dy, ones by default."""

    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)
    is_flipped: bool = False
    bias: float = 0.0
    at: tuple[int, int] | None = None
    is_backward: bool = False
    upstream: Floats | None = None

    def windows(self, kernel: Floats) -> Windows:
        """Of rows and of columns."""
        rows, columns = (
            Window(size, stride, pad, pad, dilation)
            for size, stride, pad, dilation in zip(
                kernel.shape[-2:], self.stride, self.padding, self.dilation, strict=True
            )
        )
        return rows, columns


@final
class Slid(NamedTuple):
    """All numbers of it. x: C H W; kernel as typed and `used` as it slides: C kh kw; y: H' W'; padded: C with
    the frame of zeros; seen: C H' W' kh kw, what the kernel sees; backward: dx, dkernel, dbias."""

    x: Floats
    kernel: Floats
    used: Floats
    y: Floats
    padded: Floats
    seen: Floats
    windows: Windows
    backward: dict[str, Floats]
    is_flipped: bool

    def boxes(self, at: tuple[int, int]) -> tuple[Boxed, ...]:
        """What the kernel covers of the padded picture at one place: one box, or one for each tap."""
        rows, columns = self.windows
        top, left = at[0] * rows.stride, at[1] * columns.stride
        if rows.dilation == columns.dilation == 1:
            return ((top, left, top + rows.kernel, left + columns.kernel),)
        return tuple(
            (r, c, r + 1, c + 1)
            for r in range(top, top + rows.extent, rows.dilation)
            for c in range(left, left + columns.extent, columns.dilation)
        )


def conv(x: Floats, kernel: Floats, slide: Slide = Slide(), note: str = "") -> Shown:  # noqa: B008
    """x: C H W, kernel: C kh kw of one filter; note: a line about where the picture is from."""
    done = slid(x, kernel, slide)
    at = _place(done.y, slide, is_large=max(x.shape[1:]) > MOST_PRINTED)
    H, W = done.y.shape
    kind = "true convolution" if slide.is_flipped else "convolution"
    title = f"{kind}: {size_of(x[0])} with {size_of(kernel[0])} gives {H}×{W}"
    places = [divmod(i, W) for i in chosen(H * W)]
    arrays = {
        "image": x, "kernel": kernel, "kernel_used": done.used, "padded": done.padded, "output": done.y,
        "patch": done.seen[:, at[0], at[1]], **done.backward,
    }  # fmt: skip
    worked = terms(done, at, slide.bias)
    return Shown(
        title[0].upper() + title[1:],
        (*([note] if note else []), *_lines(done, slide, at, title)),
        arrays,
        still_of(title, done, at, worked, slide.bias),
        frames_of(title, [(place, terms(done, place, slide.bias)) for place in places], done),
        {
            "at": list(at),
            "value": float(done.y[at]),
            "bias": slide.bias,
            "flipped": slide.is_flipped,
        },
        500,
    )


def slid(x: Floats, kernel: Floats, slide: Slide) -> Slid:
    """Reckon by `textbook.convolution`; backward too, where that is asked."""
    _check(x, kernel, slide)
    windows = slide.windows(kernel)
    check_work(x.shape[1:], windows, len(x))
    used = kernel[:, ::-1, ::-1].copy() if slide.is_flipped else kernel
    layer = Convolution(used[None], np.array([slide.bias]), windows)
    y = layer.forward(x[None])[0, 0]
    backward: dict[str, Floats] = {}
    if slide.is_backward:
        upstream = np.ones_like(y) if slide.upstream is None else slide.upstream
        if upstream.shape != y.shape:
            raise UsageError(
                f"--upstream is {size_of(upstream)}, and the output is {size_of(y)}",
                "dL/dy has the shape of y",
            )
        backward["upstream"] = upstream
        backward["dx"] = layer.backward(upstream[None, None])[0]
        taps = layer.gradients["weight"][0]
        backward["dkernel"] = taps[:, ::-1, ::-1].copy() if slide.is_flipped else taps
        backward["dbias"] = layer.gradients["bias"]
    ph, pw = slide.padding
    padded = np.pad(x, ((0, 0), (ph, ph), (pw, pw)))
    return Slid(
        x,
        kernel,
        used,
        y,
        padded,
        patches(x[None], windows)[0],
        windows,
        backward,
        slide.is_flipped,
    )


def _check(x: Floats, kernel: Floats, slide: Slide) -> None:
    if x.shape[0] != kernel.shape[0]:
        raise UsageError(
            f"the image has {x.shape[0]} channels and the kernel {kernel.shape[0]}",
            "a kernel has as many channels as the image: part them with ;",
        )
    if 0 in slide.stride or 0 in slide.dilation:
        raise UsageError("stride and dilation are at least 1", "as in --stride 2 --dilation 1")
    if slide.upstream is not None and not slide.is_backward:
        raise UsageError("--upstream is used by --backward alone", "add --backward")


def _place(y: Floats, slide: Slide, is_large: bool) -> tuple[int, int]:
    """The output that is written out: the one asked for, the first, or in a photograph the strongest."""
    H, W = y.shape
    if slide.at is None:
        row, column = divmod(int(np.abs(y).argmax()) if is_large else 0, W)
        return row, column
    if not (slide.at[0] < H and slide.at[1] < W):
        raise UsageError(
            f"--at {slide.at[0]},{slide.at[1]}: the output has {H} rows and {W} columns",
            f"rows go from 0 to {H - 1}, columns from 0 to {W - 1}",
        )
    return slide.at


def terms(done: Slid, at: tuple[int, int], bias: float) -> tuple[str, ...]:
    """One output written out: a line of products for each row of the kernel, sums, and the bias."""
    seen = done.seen[:, at[0], at[1]]
    value = number(float(done.y[at]))
    sums = (seen * done.used).sum(axis=(1, 2))
    if done.used[0].size > _WHOLE * _WHOLE or len(done.used) > 4:
        return (
            f"{done.used.size} products, summed: {number(float(sums.sum()))}{_bias(bias)} = {value}",
        )
    lines = []
    for c, (patch, kernel) in enumerate(zip(seen, done.used, strict=True)):
        rows = [
            " + ".join(
                f"{signed(float(p))}·{signed(float(k))}" for p, k in zip(ps, ks, strict=True)
            )
            for ps, ks in zip(patch, kernel, strict=True)
        ]
        head = f"channel {c}: " if len(done.used) > 1 else ""
        lines += [
            f"{head if i == 0 else ' ' * len(head)}{'+ ' if i else '  '}{r}"
            for i, r in enumerate(rows)
        ]
        if len(done.used) > 1:
            lines[-1] += f" = {number(float(sums[c]))}"
    total = " + ".join(signed(float(s)) for s in sums)
    return (*lines, f"= {total}{_bias(bias)} = {value}" if len(sums) > 1 or bias else f"= {value}")


def _bias(bias: float) -> str:
    return f" + bias {signed(bias)}" if bias else ""


def _lines(done: Slid, slide: Slide, at: tuple[int, int], title: str) -> list[str]:
    rows, columns = done.windows
    H, W = done.x.shape[1:]
    said = [title, f"rows: {rows.sum_text(H)}   columns: {columns.sum_text(W)}"]
    left = (rows.remainder(H), columns.remainder(W))
    if any(left):
        rest = f"{counted(left[0], 'row')} and {counted(left[1], 'column')}"
        said.append(f"it does not fit exactly: {rest} are left over")
    said.append(
        "the kernel is turned by half a turn before it slides; without --flip it is not"
        if slide.is_flipped
        else "the kernel slides as it is: strictly, cross-correlation (--flip turns it first)"
    )
    said += ["", *_tables(done), ""]
    covered = [
        _span(what, place * window.stride - window.before, window.extent)
        for what, place, window in (("row", at[0], rows), ("column", at[1], columns))
    ]
    said.append(f"output ({at[0]}, {at[1]}): the kernel covers {' and '.join(covered)}")
    said += [f"  {line}" for line in terms(done, at, slide.bias)]
    return said + (_backward_lines(done) if slide.is_backward else [])


def _span(what: str, first: int, extent: int) -> str:
    """`row 3`, `columns −1 to 1`; below zero is padding."""
    last = first + extent - 1
    return (
        f"{what} {number(first)}" if extent == 1 else f"{what}s {number(first)} to {number(last)}"
    )


def _tables(done: Slid) -> list[str]:
    """Image, kernel and output beside one another, a row of them for each channel; large ones in words."""
    lines: list[str] = []
    for c in range(len(done.x)):
        blocks = [short_grid(done.padded[c]), ["*"], grid_lines(done.used[c], "")]
        blocks += [["="], short_grid(done.y)] if c == len(done.x) - 1 else [["+"]]
        lines += ([""] if c else []) + beside(blocks)
    return lines


def _backward_lines(done: Slid) -> list[str]:
    held = done.backward
    lines = [
        "",
        f"backward: upstream dL/dy {size_of(held['upstream'])}",
        *short_grid(held["upstream"]),
    ]
    for c in range(len(done.x)):
        which = f", channel {c}" if len(done.x) > 1 else ""
        lines += [
            "",
            f"dL/dx{which}, {size_of(done.x[c])}, the shape of x: every place sends upstream × kernel",
        ]
        lines += short_grid(held["dx"][c])
        lines += ["", f"dL/dkernel{which}: upstream × what each tap saw, summed over all places"]
        lines += short_grid(held["dkernel"][c])
    return [*lines, "", f"dL/dbias = {number(float(held['dbias'][0]))}, the sum of upstream"]
