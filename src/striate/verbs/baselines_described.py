"""What methods see of a picture: each description is learned from pictures of train where it needs to, and
knows its own parameters and cost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, final

import numpy as np

from striate.features import colour, hog, place
from striate.features.codebook import Codebook, Wanted, learn
from striate.features.kinds import Pictures, Table
from striate.features.pixels import flat
from striate.features.triangle import triangles
from striate.features.words import histogram

WORDS, TRIANGLE_WORDS = 400, 200
_MOST_PLACES = 27  # patches on a side of a picture; larger pictures get a stride


@final
class Description(NamedTuple):
    """`table` takes N H W C to N D; `one_scale` says that columns share one unit, as pixels do."""

    table: Callable[[Pictures], Table]
    parameters: int
    multiply_adds: int
    one_scale: bool = False


Describe = Callable[[Pictures, int], Description]


def pixels(_pictures: Pictures, _seed: int) -> Description:
    """As they are."""
    return Description(flat, 0, 0, one_scale=True)


def hues(pictures: Pictures, _seed: int) -> Description:
    """Colours alone."""
    H, W = pictures.shape[1:3]
    return Description(colour.hues, 0, colour.multiply_adds(H, W))


def places(pictures: Pictures, _seed: int) -> Description:
    """Place alone."""
    H, W = pictures.shape[1:3]
    return Description(place.places, 0, place.multiply_adds(H, W))


def cells_for(height: int, width: int) -> hog.Hog:
    """The lecture's cells of 8 pixels, normalised in blocks; smaller ones where pictures are small."""
    side = min(height, width)
    cell = 8 if side >= 32 else 4 if side >= 12 else 2
    return hog.Hog(cell, 9, 2 if side >= 2 * cell else 0)


def edges(pictures: Pictures, _seed: int) -> Description:
    """HOG."""
    H, W, C = pictures.shape[1:]
    how = cells_for(H, W)
    return Description(lambda some: hog.hog(some, how), 0, how.multiply_adds(H, W, C))


def edges_and_hues(pictures: Pictures, seed: int) -> Description:
    """HOG beside the histogram of hues."""
    one, two = edges(pictures, seed), hues(pictures, seed)
    return Description(
        lambda some: np.concatenate([one.table(some), two.table(some)], axis=1),
        0,
        one.multiply_adds + two.multiply_adds,
    )


def words(pictures: Pictures, seed: int) -> Description:
    """How often each visual word is met."""
    book = _book(pictures, seed, WORDS)
    return _of_book(book, pictures, histogram)


def triangle_words(pictures: Pictures, seed: int) -> Description:
    """Coates and Ng's coding, summed in quarters."""
    book = _book(pictures, seed, TRIANGLE_WORDS)
    return _of_book(book, pictures, triangles)


def _book(pictures: Pictures, seed: int, count: int) -> Codebook:
    side = min(pictures.shape[1:3])
    patch = 6 if side >= 16 else 3
    stride = max(1, -(-(side - patch + 1) // _MOST_PLACES))
    return learn(pictures, seed, Wanted(count, patch, stride))


def _of_book(
    book: Codebook, pictures: Pictures, code: Callable[[Pictures, Codebook], Table]
) -> Description:
    H, W = pictures.shape[1:3]
    return Description(lambda some: code(some, book), book.parameters, book.multiply_adds(H, W))
