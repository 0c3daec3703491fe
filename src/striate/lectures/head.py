"""A fully connected head is a convolution on a larger picture: a grid of scores, one for each cut-out."""

from __future__ import annotations

import numpy as np

from striate.errors import UsageError
from striate.geometry.shape import Shape
from striate.lectures.limits import check_work
from striate.lectures.shown import (
    Boxed,
    Floats,
    Grid,
    Shown,
    Sign,
    Still,
    chosen,
    number,
    short_grid,
    size_of,
)
from striate.textbook.connected import FullyConnected
from striate.textbook.head import as_convolution
from striate.textbook.windows import patches


def head(x: Floats, weights: Floats, bias: Floats | None = None) -> Shown:
    """x: H W, the larger picture; weights: K h w, for each class what the head wants of an h w picture."""
    K, h, w = weights.shape
    H, W = x.shape
    if h > H or w > W:
        raise UsageError(
            f"the head was made for {h}×{w} pictures, and this one is {H}×{W}",
            "the picture is at least as large as the tables of weights",
        )
    bias = np.zeros(K) if bias is None else bias
    if len(bias) != K:
        raise UsageError(f"{len(bias)} biases for {K} classes", "give a bias for each class")
    connected = FullyConnected(weights.reshape(K, -1), bias)
    sliding = as_convolution(connected, Shape(1, h, w))
    check_work(x.shape, sliding.windows, K)
    scores = sliding.forward(x[None, None])[0]
    cuts = patches(x[None, None], sliding.windows)[0, 0].reshape(
        -1, h * w
    )  # every cut-out, stretched
    by_cut = connected.forward(cuts).T.reshape(scores.shape)
    best = scores.argmax(axis=0)
    apart = float(np.abs(scores - by_cut).max())
    title = f"A head for {h}×{w} pictures slides over {H}×{W}"
    lines = [
        title,
        f"fully connected: {K} classes × {h * w} weights; the same numbers are {K} kernels of {h}×{w}",
        f"scores: {K} × {size_of(scores[0])}, one for every place where a {h}×{w} picture could be cut out",
    ]
    for k in range(K):
        top = np.unravel_index(scores[k].argmax(), scores[k].shape)
        said = f"class {k}: highest at ({top[0]}, {top[1]}), {number(float(scores[k].max()))}"
        lines += ["", said, *short_grid(scores[k])]
    lines += ["", "the best class of each place", *short_grid(best.astype(float))]
    lines += [
        "",
        f"each cut-out through the fully connected head gives the same: they differ by {number(apart)}",
    ]
    arrays = {
        "image": x, "weights": weights, "bias": bias, "scores": scores, "by_cut_out": by_cut, "best": best,
    }  # fmt: skip
    still = _still(title, x, weights, scores, None)
    places = [divmod(i, scores.shape[2]) for i in chosen(scores[0].size)]
    frames = tuple(_still(title, x, weights, scores, at) for at in places)
    return Shown(title, tuple(lines), arrays, still, frames, {"difference": apart})


def _still(
    title: str, x: Floats, weights: Floats, scores: Floats, at: tuple[int, int] | None
) -> Still:
    """The picture, and a row for each class; in a frame only what has been reached."""
    K, h, w = weights.shape
    order = np.arange(scores[0].size).reshape(scores[0].shape)
    last = scores[0].size if at is None else at[0] * scores.shape[2] + at[1]
    reach = float(np.abs(scores).max())
    tops = [np.unravel_index(scores[k].argmax(), scores[k].shape) for k in range(K)]
    rows: list[tuple[Grid | Sign, ...]] = []
    for k in range(K):
        r, c = (int(i) for i in tops[k]) if at is None else at
        box: Boxed = (r, c, r + h, c + w)
        image = Grid("image", x, boxes=(box,))
        values = np.where(order <= last, scores[k], np.nan)
        score = Grid(
            f"scores of class {k}", values, reach=reach, boxes=((r, c, r + 1, c + 1),), fits=scores
        )
        rows.append((image, Sign("∗"), Grid(f"class {k}", weights[k]), Sign("="), score))
    said = "Boxes: where each class scores highest" if at is None else f"cut-out at {at}"
    return Still(title, tuple(rows), said)
