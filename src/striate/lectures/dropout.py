"""Dropout: with probability p a number is zeroed, and the rest is scaled by 1 / (1 − p), so the mean stays.

A slide of L4 says 1 / p with p the probability of dropping; the mean over many draws shows which is right.
"""

from __future__ import annotations

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import (
    Floats,
    Grid,
    Part,
    Shown,
    Sign,
    Still,
    number,
    short_grid,
    size_of,
)
from striate.textbook.dropout import Dropout

_FRAMES = 12


def dropout(
    x: Floats, p: float = 0.5, seed: int = 0, draws: int = 2000, upstream: Floats | None = None
) -> Shown:
    """x: H W; p: the probability of being dropped; draws: how many are averaged."""
    if not 0 <= p < 1:
        raise UsageError(
            f"p is {number(p)}", "the probability of dropping is at least 0 and below 1"
        )
    if upstream is not None and upstream.shape != x.shape:
        raise UsageError(
            f"--upstream is {size_of(upstream)}, and x is {size_of(x)}", "both have one shape"
        )
    layer = Dropout(p, seed=seed)
    layer.training = True
    made, total = [], np.zeros_like(x)
    for step in range(draws):
        layer.address = (0, step)
        y = layer.forward(x)
        total += y
        if step < _FRAMES:
            made.append((y, (layer.factor > 0).astype(float)))
    y, mask = made[0]
    mean, scale = total / draws, 1 / (1 - p)
    by_p = mean / scale / p if p else mean  # the same draws, scaled as the slide says
    title = f"Dropout with p = {number(p)}: kept numbers × {number(scale)}"
    lines = [
        title, f"in training y = x · mask / (1 − p), and 1 / (1 − {number(p)}) = {number(scale)};"
        " in use y = x", "", "x", *short_grid(x), "", "mask, ones are kept", *short_grid(mask), "", "y",
        *short_grid(y), "", f"the mean of {draws} draws is near x:", *short_grid(mean),
    ]  # fmt: skip
    if p and abs(p - 0.5) > 1e-9:
        ratio = number((1 - p) / p)
        lines += [
            "",
            f"scaled by 1 / p it would be (1 − p) / p = {ratio} times x, which is wrong:",
            *short_grid(by_p),
        ]
    arrays = {"x": x, "mask": mask, "y": y, "mean": mean, "mean_by_1_over_p": by_p}
    if upstream is not None:
        layer.address = (0, 0)
        layer.forward(x)
        arrays |= {"upstream": upstream, "dx": layer.backward(upstream)}
        lines += [
            "",
            "dL/dx: what was dropped gets nothing, the rest is scaled alike",
            *short_grid(arrays["dx"]),
        ]
    steps = [_still(title, x, held, None, f"draw {i}") for i, held in enumerate(made[:draws])]
    still = _still(title, x, made[0], mean, f"the mean over {draws} draws is near x")
    return Shown(title, tuple(lines), arrays, still, tuple(steps), {"p": p, "scale": scale})


def _still(
    title: str, x: Floats, held: tuple[Floats, Floats], mean: Floats | None, said: str
) -> Still:
    y, mask = held
    full = 2 * float(np.abs(x).max()) or 1.0
    fits = np.concatenate([y.ravel(), x.ravel() * 2])[None]
    row: tuple[Part, ...] = (
        Grid("x", x), Sign("·"), Grid("mask", mask), Sign("→"),
        Grid("y", y, reach=full, fits=fits),
    )  # fmt: skip
    rows = (row,) if mean is None else (row, (Grid("mean of many draws", mean),))
    return Still(title, rows, said)
