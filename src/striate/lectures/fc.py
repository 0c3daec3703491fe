"""A fully connected layer: every output is a dot product with the whole input."""

from __future__ import annotations

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import (
    Floats,
    Grid,
    Shown,
    Sign,
    Still,
    Words,
    beside,
    chosen,
    number,
    short_grid,
    signed,
)
from striate.textbook.connected import FullyConnected

_DRAWN = 72  # letters of a sum that is still drawn
_MOST = 40  # products or outputs that are still written out


def fc(
    x: Floats, weights: Floats, bias: Floats | None = None, upstream: Floats | None = None
) -> Shown:
    """x: D, weights: K D, bias: K; upstream: K, for the backward pass."""
    K, D = weights.shape
    _check(x, weights, bias, upstream)
    b = np.zeros(K) if bias is None else bias
    layer = FullyConnected(weights, b)
    y = layer.forward(x[None])[0]
    title = f"Fully connected: {D} numbers to {K}"
    lines = [
        title, f"{K}·{D} + {K} = {K * (D + 1)} parameters", "",
        *beside([short_grid(weights), ["·"], short_grid(x[:, None]), ["+"], short_grid(b[:, None]), ["="],
                 short_grid(y[:, None])]),
    ]  # fmt: skip
    if max(K, D) <= _MOST:
        lines += [
            "",
            *(
                f"y{k} = {_worked(x, weights[k], float(b[k]))} = {number(float(y[k]))}"
                for k in range(K)
            ),
        ]
    arrays = {"x": x, "weights": weights, "bias": b, "y": y}
    if upstream is not None:
        dx = layer.backward(upstream[None])[0]
        arrays |= {
            "upstream": upstream, "dx": dx, "dweights": layer.gradients["weight"],
            "dbias": layer.gradients["bias"],
        }  # fmt: skip
        lines += ["", "dL/dx = upstream · W, the shape of x", *short_grid(dx[None])]
        lines += ["", "dL/dW = upstream × x, the shape of W", *short_grid(arrays["dweights"])]
        lines += ["", "dL/dbias = upstream", *short_grid(arrays["dbias"][None])]
    frames = tuple(_still(title, arrays, k) for k in chosen(K))
    facts = {"parameters": K * (D + 1)}
    return Shown(title, tuple(lines), arrays, _still(title, arrays, None), frames, facts)


def _check(x: Floats, weights: Floats, bias: Floats | None, upstream: Floats | None) -> None:
    K, D = weights.shape
    if len(x) != D:
        raise UsageError(
            f"the input has {len(x)} numbers and each row of weights {D}",
            "a row has a weight for each number",
        )
    for held, what in ((bias, "--bias"), (upstream, "--upstream")):
        if held is not None and len(held) != K:
            raise UsageError(
                f"{what} has {len(held)} numbers, and there are {K} outputs",
                "give one for each output",
            )


def _worked(x: Floats, weights: Floats, bias: float) -> str:
    products = " + ".join(
        f"{signed(float(w))}·{signed(float(v))}" for w, v in zip(weights, x, strict=True)
    )
    return f"{products} + {signed(bias)}" if bias else products


def _still(title: str, arrays: dict[str, Floats], k: int | None) -> Still:
    """W x + b = y as columns; one row of it in a frame."""
    W, x, b, y = (arrays[name] for name in ("weights", "x", "bias", "y"))
    known = y if k is None else np.where(np.arange(len(y)) <= k, y, np.nan)
    row = () if k is None else ((k, 0, k + 1, W.shape[1]),)
    one = () if k is None else ((k, 0, k + 1, 1),)
    rows: list[tuple[Grid | Sign | Words, ...]] = [
        (
            Grid("W", W, boxes=row), Sign("·"),
            Grid("x", x[:, None], boxes=((0, 0, len(x), 1),) if row else ()), Sign("+"),
            Grid("b", b[:, None], boxes=one), Sign("="),
            Grid("y", known[:, None], boxes=one, fits=y[:, None]),
        )
    ]  # fmt: skip
    if "dx" in arrays and k is None:
        rows.append(
            (Grid("dL/dW = upstream × x", arrays["dweights"]), Grid("dL/dx", arrays["dx"][:, None]),
             Grid("upstream", arrays["upstream"][:, None]))
        )  # fmt: skip
    if k is None:
        return Still(title, tuple(rows))
    worked = [
        f"{_worked(x, row, float(at))} = {number(float(v))}"
        for row, at, v in zip(W, b, y, strict=True)
    ]
    widest = max(len(line) for line in worked)
    if widest <= _DRAWN:
        rows.append((Words((worked[k],), widest),))
    return Still(title, tuple(rows), f"y{k} = {number(float(y[k]))}")
