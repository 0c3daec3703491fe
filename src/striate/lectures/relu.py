"""ReLU and its kin: one number in, one number out, and the slope there as the local gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import (
    Chart,
    Curve,
    Floats,
    Grid,
    Shown,
    Sign,
    Still,
    beside,
    chosen,
    number,
    short_grid,
    signed,
    size_of,
)
from striate.textbook import activations
from striate.textbook.activations import Activation

KINDS: dict[str, Callable[[], Activation]] = {
    "relu": activations.relu,
    "leaky": activations.leaky,
    "elu": activations.elu,
    "selu": activations.selu,
    "sigmoid": activations.sigmoid,
    "tanh": activations.tanh,
    "gelu": activations.gelu,
    "silu": activations.silu,
    "softplus": activations.softplus,
}
_SAID = {"relu": "max(0, x)", "leaky": "x above 0, 0.01 x below", "sigmoid": "1 / (1 + e^−x)"}
_MOST_WRITTEN = 16


def relu(x: Floats, kind: str = "relu", upstream: Floats | None = None) -> Shown:
    """x: H W; upstream: the same shape, for the backward pass."""
    layer = KINDS[kind]()
    y = layer.forward(x)
    slope = layer.slope(x)
    if upstream is not None and upstream.shape != x.shape:
        raise UsageError(
            f"--upstream is {size_of(upstream)}, and the numbers are {size_of(x)}",
            "both have one shape",
        )
    title = f"{kind}: {_SAID[kind]}" if kind in _SAID else kind
    lines = [title, "", *beside([short_grid(x), ["→"], short_grid(y)])]
    arrays = {"x": x, "y": y, "slope": slope}
    if upstream is not None:
        dx = layer.backward(upstream)
        arrays |= {"upstream": upstream, "dx": dx}
        lines += ["", f"dL/dx, {size_of(x)}, the shape of x: upstream × local = downstream"]
        if x.size <= _MOST_WRITTEN:
            lines += [
                f"  at {number(float(v))}: {signed(float(u))} × {signed(float(s))} = {number(float(d))}"
                for v, u, s, d in zip(
                    x.ravel(), upstream.ravel(), slope.ravel(), dx.ravel(), strict=True
                )
            ]
        lines += short_grid(dx)
    dead = int((slope == 0).sum())
    if dead and kind == "relu":
        lines += ["", f"{dead} of {x.size} are at or below zero: nothing comes back through them"]
    frames = tuple(_still(title, arrays, kind, i) for i in chosen(x.size))
    return Shown(
        title, tuple(lines), arrays, _still(title, arrays, kind, None), frames, {"kind": kind}
    )


def _still(title: str, arrays: dict[str, Floats], kind: str, i: int | None) -> Still:
    """The curve with the numbers on it, and the numbers themselves."""
    x, y = arrays["x"], arrays["y"]
    side = max(1.0, float(np.abs(x).max()) * 1.15)
    along = np.linspace(-side, side, 241)
    layer = KINDS[kind]()
    curve, slope = layer.forward(along), layer.slope(along)
    held = np.concatenate([curve, slope, y.ravel()])
    edge = float(np.ptp(held)) * 0.06 or 1.0
    last = x.size - 1 if i is None else i
    dots = Curve("your numbers", x.ravel()[: last + 1], y.ravel()[: last + 1], 1, is_dots=True)
    chart = Chart(
        "", (Curve("y = f(x)", along, curve), Curve("slope f'(x)", along, slope, 2), dots),
        (-side, side), (float(held.min()) - edge, float(held.max()) + edge), ("x", ""), size=(360, 560),
    )  # fmt: skip
    known = np.where(np.arange(x.size).reshape(x.shape) <= last, y, np.nan)
    at = () if i is None else divmod(i, x.shape[1])
    box = ((at[0], at[1], at[0] + 1, at[1] + 1),) if at else ()
    rows: list[tuple[Grid | Sign | Chart, ...]] = [
        (chart,), (Grid("x", x, boxes=box), Sign("→"), Grid("y", known, boxes=box, fits=y))
    ]  # fmt: skip
    if "dx" in arrays:
        back = Grid("upstream", arrays["upstream"]), Sign("·"), Grid("local", arrays["slope"])
        rows.append((*back, Sign("="), Grid("dL/dx", arrays["dx"])))
    said = "" if i is None else f"f({number(float(x.flat[i]))}) = {number(float(y.flat[i]))}"
    return Still(title, tuple(rows), said)
