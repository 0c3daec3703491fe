"""Two convolutions without an activation between them are one; with a ReLU between them they are not."""

from __future__ import annotations

import numpy as np

from striate.errors import UsageError
from striate.lectures.shown import (
    Floats,
    Grid,
    Shown,
    Sign,
    Still,
    beside,
    number,
    short_grid,
    size_of,
)
from striate.textbook.activations import relu
from striate.textbook.convolution import Convolution
from striate.textbook.merged import merged as merge


def merged(x: Floats, first: Floats, second: Floats) -> Shown:
    """x: H W, first and second: kernels, kh kw."""
    a, b = Convolution(first[None, None]), Convolution(second[None, None])
    one = merge(a, b)
    kernel = one.weights["weight"][0, 0]
    if any(k > side for k, side in zip(kernel.shape, x.shape, strict=True)):
        raise UsageError(
            f"both kernels together see {size_of(kernel)}, and the picture is {size_of(x)}",
            "give a larger picture or smaller kernels",
        )
    between = a.forward(x[None, None])
    two, single = b.forward(between)[0, 0], one.forward(x[None, None])[0, 0]
    bent = b.forward(relu().forward(between))[0, 0]
    apart, apart_bent = float(np.abs(two - single).max()), float(np.abs(bent - single).max())
    title = (
        f"Two convolutions are one: {size_of(first)}, then {size_of(second)}, is {size_of(kernel)}"
    )
    lines = [
        title, "", *beside([short_grid(first), ["then"], short_grid(second), ["is"], short_grid(kernel)]),
        "", f"weights: {first.size} + {second.size} = {first.size + second.size} become {kernel.size}",
        "", "output, one after the other, and by the one kernel",
        *beside([short_grid(two), ["="], short_grid(single)]),
        f"they differ by {number(apart)}", "", "with a ReLU between the two", *short_grid(bent),
        f"it differs by up to {number(apart_bent)}: "
        + ("an activation between them makes two layers worth it" if apart_bent > 1e-9 else
           "here nothing between them is below zero, so the ReLU changes nothing"),
    ]  # fmt: skip
    arrays = {
        "image": x, "first": first, "second": second, "merged": kernel, "between": between[0, 0],
        "one_after_the_other": two, "by_one": single, "with_relu": bent,
    }  # fmt: skip
    kernels = (
        Grid("first", first),
        Sign("then"),
        Grid("second", second),
        Sign("is"),
        Grid("one", kernel),
    )
    reach = float(max(np.abs(two).max(), np.abs(bent).max()))
    outputs = (
        Grid("one after the other", two, reach=reach), Sign("="),
        Grid("by the one kernel", single, reach=reach),
        Sign("≠" if apart_bent > 1e-9 else "="), Grid("ReLU between", bent, reach=reach),
    )  # fmt: skip
    still = Still(title, (kernels, (Grid("image", x),), outputs), "No activation between them")
    return Shown(
        title, tuple(lines), arrays, still, (), {"difference": apart, "with_relu": apart_bent}
    )
