"""Batch norm: every feature to mean 0 and variance 1 over the batch, then a learned scale and shift."""

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
    grid_lines,
    number,
    signed,
    size_of,
)
from striate.textbook.batch_norm import BatchNorm

_MOST = 12


def bn(
    x: Floats, scale: Floats | None = None, shift: Floats | None = None, upstream: Floats | None = None,
    eps: float = 1e-5,
) -> Shown:  # fmt: skip
    """x: N C, a row for each picture; scale, shift: C; upstream: N C, for the backward pass."""
    N, C = x.shape
    layer = BatchNorm(C, eps)
    _fill(layer, x, scale, shift, upstream)
    layer.training = True
    y = layer.forward(x)
    mean, variance = x.mean(axis=0), x.var(axis=0)
    arrays = {"x": x, "mean": mean, "variance": variance, "z": layer.z, "y": y}
    lines = ["Batch norm: z = (x − mean) / sqrt(variance + eps), y = scale z + shift", ""]
    for c in range(C):
        worked = " + ".join(signed(float(v)) for v in x[:, c])
        lines += [
            f"feature {c}: mean ({worked}) / {N} = {number(float(mean[c]))}, variance "
            f"{number(float(variance[c]))}, scale {number(float(layer.weights['weight'][c]))}, "
            f"shift {number(float(layer.weights['bias'][c]))}"
        ]
    flat = ", or 0 where all are alike" if (variance == 0).any() else ""
    lines += ["", "x, a row for each picture", *grid_lines(x)]
    lines += ["", f"z: mean 0 and variance 1 in every column{flat}", *grid_lines(_clean(layer.z))]
    lines += ["", "y", *grid_lines(_clean(y))]
    rows: list[tuple[Part, ...]] = [
        (Grid("x", x), Sign("→"), Grid("z", _clean(layer.z)), Sign("→"), Grid("y", _clean(y))),
        (Grid("mean", mean[None]), Grid("variance", variance[None])),
    ]  # fmt: skip
    if upstream is not None:
        dx = layer.backward(upstream)
        arrays |= {
            "upstream": upstream, "dx": dx, "dscale": layer.gradients["weight"],
            "dshift": layer.gradients["bias"],
        }  # fmt: skip
        lines += [
            "",
            f"dL/dx, {size_of(x)}, the shape of x; each column sums to 0, for x moves its own mean",
        ]
        lines += grid_lines(_clean(dx))
        lines += ["", "dL/dscale", *grid_lines(arrays["dscale"][None])]
        lines += ["", "dL/dshift", *grid_lines(arrays["dshift"][None])]
        rows.append((Grid("upstream", upstream), Sign("→"), Grid("dL/dx", _clean(dx))))
    title = "Batch norm: each feature over its batch"
    return Shown(title, tuple(lines), arrays, Still(title, tuple(rows)), (), {"eps": eps})


def _fill(
    layer: BatchNorm, x: Floats, scale: Floats | None, shift: Floats | None, upstream: Floats | None
) -> None:
    N, C = x.shape
    if N < 2:
        raise UsageError("a batch of one picture has no variance", "give at least two rows")
    if max(N, C) > _MOST:
        raise UsageError(f"here are {N} rows of {C} numbers", f"up to {_MOST} of each are shown")
    for held, name, what in ((scale, "weight", "--scale"), (shift, "bias", "--shift")):
        if held is not None:
            if len(held) != C:
                raise UsageError(
                    f"{what} has {len(held)} numbers, and there are {C} features", "one for each"
                )
            layer.weights[name] = held
    if upstream is not None and upstream.shape != x.shape:
        raise UsageError(
            f"--upstream is {size_of(upstream)}, and x is {size_of(x)}", "both have one shape"
        )


def _clean(values: Floats) -> Floats:
    """Without what rounding leaves of a zero."""
    made: Floats = np.where(np.abs(values) < 1e-12, 0.0, values)
    return made
