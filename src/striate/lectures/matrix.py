"""A convolution layer is a special linear layer: y = M x + b, most of M zero and the rest shared."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError
from striate.geometry.cost import Filters
from striate.geometry.shape import Shape
from striate.lectures.conv import Slide
from striate.lectures.limits import check_work
from striate.lectures.shown import (
    Floats,
    Grid,
    Shown,
    Sign,
    Still,
    beside,
    chosen,
    grid_lines,
    number,
    signed,
    size_of,
)
from striate.textbook.convolution import Convolution
from striate.textbook.matrix import SharedMatrix, three_ways

_MOST = 400  # pixels of a picture whose matrix is still shown
_PRINTED = 36  # columns of M that are printed


def matrix(x: Floats, kernel: Floats, slide: Slide = Slide()) -> Shown:  # noqa: B008
    """x: H W, kernel: kh kw."""
    if x.size > _MOST:
        raise UsageError(
            f"the picture has {x.size} pixels, and its matrix as many columns",
            f"up to {_MOST} are shown: give a smaller picture",
        )
    windows = slide.windows(kernel)
    check_work(x.shape, windows, x.size)
    layer = Convolution(kernel[None, None], np.array([slide.bias]), windows)
    y = layer.forward(x[None, None])[0, 0]
    given, made = Shape(1, *x.shape), Shape(1, *y.shape)
    shared = SharedMatrix(layer, given)
    M = shared.matrix
    product = (M @ x.ravel()).reshape(y.shape) + slide.bias
    count = three_ways(given, Filters(1, 1, (kernel.shape[0], kernel.shape[1])), made)
    used, whole = int((shared.which >= 0).sum()), M.size
    lines = [
        f"{size_of(x)} = {x.size} numbers to {size_of(y)} = {y.size} numbers with a {size_of(kernel)} kernel",
        "",
        f"as a linear layer y = M x + b: M is {size_of(M)}; {used} of its {whole} entries are weights,",
        f"{kernel.size} different ones, and the rest is zero",
        *(_pattern(shared.which, kernel) if M.shape[1] <= _PRINTED else []),
        "",
        f"fully connected    {y.size}·{x.size} + {y.size} = {count.fully_connected} parameters",
        f"locally connected  {y.size}·({kernel.size} + 1) = {count.locally_connected} parameters: each place"
        " has its own",
        f"convolution        {kernel.size} + 1 = {count.convolution} parameters, shared by all places",
        "",
        "y, by sliding and by the matrix",
        *beside([grid_lines(y, ""), ["="], grid_lines(product, "")]),
        "",
        f"row 0 of M · x: {_row(M[0], x.ravel(), slide.bias)} = {number(float(product.ravel()[0]))}",
    ]
    title = f"A convolution as one matrix: {x.size} numbers to {y.size}"
    facts = {
        "parameters": {
            "fully_connected": count.fully_connected, "locally_connected": count.locally_connected,
            "convolution": count.convolution,
        }
    }  # fmt: skip
    arrays = {"image": x, "kernel": kernel, "matrix": M, "output": y, "product": product}
    still = _still(title, arrays, None, count)
    frames = tuple(_still(title, arrays, row, count) for row in chosen(len(M)))
    return Shown(title, tuple(lines), arrays, still, frames, facts)


def _pattern(which: NDArray[np.signedinteger[Any]], kernel: Floats) -> list[str]:
    """M with a letter for each weight, so that sharing is seen."""
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    if kernel.size > len(letters):
        return []
    rows = ["".join(letters[int(w)] if w >= 0 else "·" for w in row) for row in which]
    flat = ", ".join(f"{letters[i]} = {number(float(v))}" for i, v in enumerate(kernel.ravel()))
    return [f"  {row}" for row in rows] + [f"  with {flat}"]


def _row(weights: Floats, x: Floats, bias: float) -> str:
    """The products of a row that are no zero for sure."""
    used = np.flatnonzero(weights)
    worked = " + ".join(f"{signed(float(weights[i]))}·{signed(float(x[i]))}" for i in used[:12])
    more = " + …" if len(used) > 12 else ""
    return (worked or "0") + more + (f" + bias {signed(bias)}" if bias else "")


def _still(title: str, arrays: dict[str, Floats], row: int | None, count: tuple[int, ...]) -> Still:
    """M over image and output; one row of M, and what it makes, in a frame."""
    M, x, y = arrays["matrix"], arrays["image"], arrays["output"]
    boxes = () if row is None else ((row, 0, row + 1, M.shape[1]),)
    place = () if row is None else divmod(row, y.shape[1])
    known = y if row is None else np.where(np.arange(y.size).reshape(y.shape) <= row, y, np.nan)
    weights = M if row is None else M[row : row + 1]
    seen = np.abs(weights).sum(axis=0).reshape(x.shape) > 0
    dashed = [] if row is None else [(r, c, r + 1, c + 1) for r, c in np.argwhere(seen).tolist()]
    lit = ((place[0], place[1], place[0] + 1, place[1] + 1),) if place else ()
    big = Grid("M", M, f"{size_of(M)}; a colour is a weight of the kernel, white is zero", boxes=boxes,
               has_numbers=False, side=1000)  # fmt: skip
    image = Grid("image = x", x, dashed=tuple(dashed))
    kernel, output = (
        Grid("kernel", arrays["kernel"]),
        Grid("output = M x + b", known, boxes=lit, fits=y),
    )
    said = f"fully connected {count[0]}, locally connected {count[1]}, convolution {count[2]} parameters"
    if row is not None:
        said = f"row {row} of M makes output {place}: {number(float(y.ravel()[row]))}"
    return Still(title, ((big,), (image, Sign("∗"), kernel, Sign("="), output)), said)
