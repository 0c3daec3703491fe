"""Weight sharing: one weight is used at every place, and its gradient is the sum over all those paths."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.errors import UsageError
from striate.lectures.limits import check_work
from striate.lectures.shown import (
    Floats,
    Grid,
    Link,
    Net,
    Node,
    Shown,
    Sign,
    Still,
    beside,
    chosen,
    grid_lines,
    number,
    short_grid,
    signed,
    size_of,
)
from striate.textbook.convolution import Convolution
from striate.textbook.sharing import paths, shared_gradient

_MOST_WRITTEN = 16


def shared_weights(
    x: Floats, kernel: Floats, tap: tuple[int, int] = (0, 0), upstream: Floats | None = None
) -> Shown:
    """x: H W, kernel: kh kw; tap: the weight that is followed; upstream: H' W', ones by default."""
    if tap[0] >= kernel.shape[0] or tap[1] >= kernel.shape[1]:
        raise UsageError(
            f"--tap {tap[0]},{tap[1]}: the kernel is {size_of(kernel)}",
            "rows and columns go from 0 on",
        )
    layer = Convolution(kernel[None, None])
    check_work(x.shape, layer.windows)
    y = layer.forward(x[None, None])[0, 0]
    up = np.ones_like(y) if upstream is None else upstream
    if up.shape != y.shape:
        raise UsageError(
            f"--upstream is {size_of(up)}, and the output is {size_of(y)}",
            "dL/dy has the shape of y",
        )
    layer.backward(up[None, None])
    parts, total = paths(x, up, tap), shared_gradient(x, up, tap)
    count = "One weight, one path" if parts.size == 1 else f"One weight, {parts.size} paths"
    title = f"{count}: dL/dw({tap[0]}, {tap[1]}) = {number(total)}"
    lines = [
        title, "", *beside([short_grid(x), ["∗"], short_grid(kernel), ["="], short_grid(y)]), "",
        f"the weight at ({tap[0]}, {tap[1]}) is used once at every place, so its gradient comes back along"
        f" {parts.size} paths:",
    ]  # fmt: skip
    if parts.size <= _MOST_WRITTEN:
        lines += [f"  {_path(x, up, parts, tap, divmod(i, y.shape[1]))}" for i in range(parts.size)]
    else:
        lines += short_grid(parts)
    worked = " + ".join(signed(float(v)) for v in parts.ravel()[:_MOST_WRITTEN])
    more = " + …" if parts.size > _MOST_WRITTEN else ""
    lines += [
        f"summed: {worked}{more} = {number(total)}",
        "",
        "and so for every weight, dL/dkernel:",
    ]
    gradient = layer.gradients["weight"][0, 0]
    lines += grid_lines(gradient)
    arrays = {
        "image": x, "kernel": kernel, "output": y, "upstream": up, "paths": parts, "dkernel": gradient,
    }  # fmt: skip
    still = _still(title, arrays, tap, None)
    frames = tuple(_still(title, arrays, tap, divmod(i, y.shape[1])) for i in chosen(parts.size))
    return Shown(title, tuple(lines), arrays, still, frames, {"tap": list(tap), "gradient": total})


def _path(x: Floats, up: Floats, parts: Floats, tap: tuple[int, int], at: tuple[int, int]) -> str:
    """One path: upstream × the pixel that the weight saw there."""
    pixel = at[0] + tap[0], at[1] + tap[1]
    return (
        f"by y{at}: upstream {signed(float(up[at]))} × x{pixel} {signed(float(x[pixel]))}"
        f" = {number(float(parts[at]))}"
    )


def _still(
    title: str, arrays: dict[str, Floats], tap: tuple[int, int], at: tuple[int, int] | None
) -> Still:
    """Where the weight looked, what came back, and what that makes; in a frame up to one place."""
    x, kernel, up, parts = (arrays[name] for name in ("image", "kernel", "upstream", "paths"))
    H, W = parts.shape
    order = np.arange(parts.size).reshape(H, W)
    reached = order <= (parts.size if at is None else at[0] * W + at[1])
    known = np.where(reached, parts, np.nan)
    places = [divmod(i, W) for i in range(parts.size)] if at is None else [at]
    seen = tuple((r + tap[0], c + tap[1], r + tap[0] + 1, c + tap[1] + 1) for r, c in places)
    here = () if at is None else ((at[0], at[1], at[0] + 1, at[1] + 1),)
    image = Grid("image", x, dashed=seen if at is None else (), boxes=() if at is None else seen)
    rows: list[tuple[Grid | Sign | Net, ...]] = [
        (
            image, Grid("kernel", kernel, boxes=((tap[0], tap[1], tap[0] + 1, tap[1] + 1),)),
            Grid("upstream dL/dy", up, boxes=here), Sign("→"),
            Grid("paths: upstream × pixel", known, boxes=here, fits=parts),
        )
    ]  # fmt: skip
    if parts.size <= 6:
        rows.append((_net(arrays, tap, reached),))
    said = (
        f"so far {number(float(np.nansum(known)))}"
        if at is not None
        else "dashed: every pixel it saw"
    )
    return Still(title, tuple(rows), said)


def _net(arrays: dict[str, Floats], tap: tuple[int, int], reached: NDArray[np.bool_]) -> Net:
    """The lecture's graph: one weight, a unit for each place, one loss."""
    x, up, parts, y = (arrays[name] for name in ("image", "upstream", "paths", "output"))
    middle = (parts.size - 1) / 2
    weight = ("w", number(float(arrays["kernel"][tap])))
    nodes, links = [Node((0, middle), weight, is_lit=True)], []
    for i, at in enumerate(np.ndindex(*parts.shape)):
        nodes.append(Node((1, i), (f"y{at[0]},{at[1]}", number(float(y[at])))))
        pixel = float(x[at[0] + tap[0], at[1] + tap[1]])
        text = (
            f"{signed(float(up[at]))} × {signed(pixel)} = {number(float(parts[at]))}"
            if reached[at]
            else ""
        )
        links.append(Link(0, i + 1, "", text))
        links.append(Link(i + 1, parts.size + 1, "", number(float(up[at])) if reached[at] else ""))
    nodes.append(Node((2, middle), ("L",)))
    return Net("the paths back, in blue", tuple(nodes), tuple(links), step=(340, 110))
