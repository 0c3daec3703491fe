"""Whether two pictures that fit on one another are one, or two that hold the same simple thing.

Laid over one another, any disc on a plain ground fits any other, and any letter A any A of its kind: four
numbers (shift and scale) are enough to explain all that either holds. So two more things are asked.

    details   The picture is divided by its own contrast nearby, so that the grain of the ground counts as
              much as the edge of the disc. Copies share both; two shapes on a ground with noise do not.
    drawings  Where a good part of a picture has one grey value there is no grain. Such pictures are copies
              only as they stand (mirrored or not): nearly equal in grey, nowhere far apart, equal in colour.

Shape legend: B pairs, S side of a grey square, T of a coloured one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Claims = NDArray[np.bool_]
DETAIL = 0.87  # 99.8 % of the copies of photographs reach it, shapes on a ground with noise 0.85
_NEARBY, _LEAST_CONTRAST = 3.0, 2.0  # of 48 pixels; grey levels: what is less counts as less
PLAIN, _ONE_VALUE = 0.42, 5  # of the area, within so many levels, is one value: a drawing
# JPEG at quality 50 leaves 2.4 levels (95 of 100), at one place 17, and 1.7 in colour; another letter more.
_GREY, _FARTHEST, _COLOUR = 2.5, 24.0, 3.0


def details_agree(original: Floats, copy: Floats) -> Claims:
    """B S S without slow light, laid over one another."""
    first, second = _normal(original), _normal(copy)
    return np.asarray((first * second).sum((1, 2)) >= DETAIL)


def is_drawing(pictures: Floats) -> Claims:
    """B S S: whether a good part of each has one value."""
    values = pictures.reshape(len(pictures), pictures.shape[1] ** 2).astype(np.int64)
    places = np.arange(len(values))[:, None] * 256
    count = np.bincount((values + places).ravel(), minlength=256 * len(values)).reshape(-1, 256)
    summed = np.pad(count.cumsum(1), ((0, 0), (1, 0)))
    most = (summed[:, _ONE_VALUE:] - summed[:, :-_ONE_VALUE]).max(1, initial=0)
    return np.asarray(most >= PLAIN * values.shape[1])


def same_drawing(original: Floats, copy: Floats, colours: Floats, copied: Floats) -> Claims:
    """B S S in grey and B T T 3 in colour, as they stand."""
    apart = np.abs(original - copy)
    grey = np.sqrt((apart * apart).mean((1, 2))) <= _GREY
    near = apart.max((1, 2), initial=0) <= _FARTHEST
    return np.asarray(grey & near & (np.abs(colours - copied).mean((1, 2, 3)) <= _COLOUR))


def _normal(even: Floats) -> Floats:
    """Divided by the contrast nearby, without mean, and at length 1."""
    blur = _blur(even.shape[1])
    level = even / np.sqrt(blur @ (even * even) @ blur.T + _LEAST_CONTRAST**2)
    level -= level.mean((1, 2), keepdims=True)
    length = np.sqrt((level * level).sum((1, 2), keepdims=True))
    made: Floats = (level / np.maximum(length, 1e-3)).astype(np.float32)
    return made


def _blur(side: int) -> Floats:
    place = np.arange(side)
    weights = np.exp(-0.5 * ((place[:, None] - place) / _NEARBY) ** 2)
    made: Floats = (weights / weights.sum(1, keepdims=True)).astype(np.float32)
    return made
