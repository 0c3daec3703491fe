"""Weight sharing, the multivariable chain rule: a shared weight gets one gradient along every path.

In the lecture two units a1 and a2 share w1, and o is made of both:

    dl/dw1 = dl/do do/da1 da1/dw1 + dl/do do/da2 da2/dw1
"""

from __future__ import annotations

from striate.geometry.window import Window
from striate.textbook.layer import Array
from striate.textbook.windows import Windows, patches


def paths(
    picture: Array, upstream: Array, tap: tuple[int, int], windows: Windows | None = None
) -> Array:
    """One summand for every place of the output at which the weight at `tap` = (i, j) was used: H' W'.

        upstream[h, w] x picture[h + i, w + j]

    picture: H W; upstream: H' W', dL/dy of one filter. Their sum is dL/dweight[i, j]. Without `windows` the
    filter slid by one, without padding.
    """
    if windows is None:
        sides = zip(picture.shape, upstream.shape, strict=True)
        rows, columns = (Window(size - places + 1) for size, places in sides)
        windows = rows, columns
    seen = patches(picture[None, None], windows)[0, 0]  # H' W' kh kw
    summands: Array = upstream * seen[:, :, tap[0], tap[1]]
    return summands


def shared_gradient(
    picture: Array, upstream: Array, tap: tuple[int, int], windows: Windows | None = None
) -> float:
    """All paths added: dL/dweight[i, j] of one filter on one channel."""
    return float(paths(picture, upstream, tap, windows).sum())
