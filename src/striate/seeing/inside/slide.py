"""A classifier slides over a picture larger than the ones it was made for: is there a moose here, or here?

Where its head can be read as convolutions one pass gives the scores of all places, and layers below share
their work; where it cannot, crops on a grid are asked one by one. Where a crop is padded, one pass has the
neighbourhood; so the two agree exactly where no layer pads, and some crops are asked to say how far they are
apart.

Shape legend: C channels, H W the picture the network was made for, R Q places, K classes.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from striate.errors import CannotLookInside
from striate.geometry.shape import Pair
from striate.seeing.asking import at_once, calm, logits
from striate.seeing.inside.widened import widened

MOST_PIXELS = 1 << 21  # of the large picture: its maps are held as a whole
_MOST_CROPS = 1024
_OVERLAP = 4  # crops begin a fourth of a window apart, or further where there would be too many
_CHECKED = 9


class Progress(NamedTuple):
    """How many places are done."""

    done: int
    total: int


class Slid(NamedTuple):
    """scores: R Q K, those of the crop whose first row is rows[r] and first column columns[q]; window: H W;
    reason: why crops were asked, or None where the head became convolutions; apart: for each class the
    greatest difference of its probability from that of the crop itself, at so many places as were `asked`
    (None: these are crops);
    temperature: what scores are divided by before they are probabilities.
    """

    scores: NDArray[np.float32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    window: Pair
    reason: str | None
    apart: NDArray[np.float64] | None = None
    asked: int = 0
    temperature: float = 1.0

    def probabilities(self) -> NDArray[np.float64]:
        """R Q K, which add up to 1 at each place."""
        return _shares(self.scores, self.temperature)

    def box(self, r: int, q: int) -> tuple[int, int, int, int]:
        """Top, left, bottom, right of the crop at a place."""
        top, left = int(self.rows[r]), int(self.columns[q])
        return top, left, top + self.window[0], left + self.window[1]


def slide(
    model: nn.Module,
    picture: Tensor,
    window: Pair,
    temperature: float = 1.0,
    *,
    by_crops: bool = False,
) -> Generator[Progress, None, Slid]:
    """The scores of `model` for every place of `picture`, 1 C H' W', that a window of H W takes. by_crops:
    ask them one by one even where one pass would do.
    """
    check_size((picture.shape[2], picture.shape[3]), window)
    tall, wide = picture.shape[2] - window[0], picture.shape[3] - window[1]
    first = picture[:, :, : window[0], : window[1]]
    found = "that was asked for" if by_crops else widened(model, first)
    if isinstance(found, str):
        crops = yield from _crops(model, picture, window, found)
        return crops._replace(temperature=temperature)
    yield Progress(0, 1)
    with calm(model), torch.no_grad():
        told = found.network(picture)[0].permute(1, 2, 0)  # R Q K
    # What a crop leaves over at its end may be missing at the last places: those crops would hang over.
    R, Q = (room // step + 1 for room, step in zip((tall, wide), found.stride, strict=True))
    rows, columns = np.arange(R) * found.stride[0], np.arange(Q) * found.stride[1]
    scores = told[:R, :Q].float().cpu().numpy()
    return _checked(
        model, picture, Slid(scores, rows, columns, window, None, temperature=temperature)
    )


def check_size(size: Pair, window: Pair) -> None:
    """Refuse pictures that are smaller than the window, or too large to be held."""
    if size[0] < window[0] or size[1] < window[1]:
        raise CannotLookInside(
            f"the picture is {size[0]}x{size[1]}, smaller than the {window[0]}x{window[1]} that the network "
            "takes",
            "give a larger picture, or a larger --scale",
        )
    if size[0] * size[1] > MOST_PIXELS:
        raise CannotLookInside(
            f"the picture has {size[0] * size[1]:,} pixels, and at most {MOST_PIXELS:,} are held at once",
            "make it smaller, as with --scale 0.5",
        )


def _crops(
    model: nn.Module, picture: Tensor, window: Pair, reason: str
) -> Generator[Progress, None, Slid]:
    """Every crop of a grid, by itself."""
    room = picture.shape[2] - window[0], picture.shape[3] - window[1]
    steps = [max(1, side // _OVERLAP) for side in window]
    while (room[0] // steps[0] + 1) * (room[1] // steps[1] + 1) > _MOST_CROPS:
        steps = [step + max(1, step // 8) for step in steps]
    rows, columns = (np.arange(0, room[i] + 1, steps[i]) for i in (0, 1))
    places = [(int(r), int(q)) for r in rows for q in columns]
    many = at_once(picture[:, :, : window[0], : window[1]])
    held = []
    for start in range(0, len(places), many):
        yield Progress(start, len(places))
        held.append(logits(model, _cut(picture, places[start : start + many], window)).cpu())
    told = torch.cat(held).reshape(len(rows), len(columns), -1)
    return Slid(told.float().numpy(), rows, columns, window, reason)


def _cut(picture: Tensor, places: list[tuple[int, int]], window: Pair) -> Tensor:
    """N C H W."""
    H, W = window
    return torch.cat([picture[:, :, r : r + H, q : q + W] for r, q in places])


def _checked(model: nn.Module, picture: Tensor, made: Slid) -> Slid:
    """With the greatest differences of probabilities from the crop's own, at places all over the picture."""
    some = list(_spread(*made.scores.shape[:2]))
    places = [(int(made.rows[r]), int(made.columns[q])) for r, q in some]
    own = logits(model, _cut(picture, places, made.window)).float().cpu().numpy()
    mine = np.stack([made.scores[r, q] for r, q in some])
    apart = np.abs(_shares(own, made.temperature) - _shares(mine, made.temperature)).max(0)
    return made._replace(apart=apart, asked=len(some))


def _shares(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float64]:
    size = scores.astype(np.float64) / temperature
    part = np.exp(size - size.max(axis=-1, keepdims=True))
    made: NDArray[np.float64] = part / part.sum(axis=-1, keepdims=True)
    return made


def _spread(R: int, Q: int) -> Iterator[tuple[int, int]]:
    side = int(_CHECKED**0.5)
    for r in np.unique(np.linspace(0, R - 1, side).round().astype(int)):
        for q in np.unique(np.linspace(0, Q - 1, side).round().astype(int)):
            yield int(r), int(q)
