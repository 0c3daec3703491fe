"""HOG beside scikit-image's, pictures a second in one run: thumbnails, larger ones, the lecture's 320x240.

Both work on one core with the same drawn pictures, cells of 8 pixels, 9 bins, blocks of 2 x 2, in turns.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import numpy as np

from striate.features.hog import NORMALISED, hog
from striate.pictures.named.shapes import Wish, shapes

AIM = 10.0
SIZES = ((32, 32, 400), (96, 96, 100), (240, 320, 20))  # height, width, how many


class Speed(NamedTuple):
    """Pictures a second."""

    what: str
    ours: float
    theirs: float

    @property
    def share(self) -> float:
        """How many times as fast as scikit-image."""
        return self.ours / self.theirs


def measure(repeats: int = 9) -> list[Speed]:
    """Medians of some turns."""
    from skimage.feature import hog as theirs

    found = []
    for height, width, count in SIZES:
        side = max(height, width)
        drawn = shapes(Wish(side, train=count, val=0, test=0))
        pictures = np.stack([drawn.pixels(i)[:height, :width] for i in range(count)])

        def one_by_one(pictures: np.ndarray = pictures) -> None:
            for picture in pictures:
                theirs(picture, 9, (8, 8), (2, 2), channel_axis=-1)

        def at_once(pictures: np.ndarray = pictures) -> None:
            hog(pictures, NORMALISED)

        at_once()  # the tables of gradients are made once
        turns = [(_rate(at_once, count), _rate(one_by_one, count)) for _ in range(repeats)]
        mine, other = (median(turn[i] for turn in turns) for i in (0, 1))
        found.append(Speed(f"HOG of {width}x{height} pixels", mine, other))
    return found


def shown(one: Speed) -> str:
    """A line of the table."""
    return (
        f"{one.what:44}  {one.ours:>8,.0f}/s  scikit-image {one.theirs:>6,.0f}/s  "
        f"{one.share:>5.1f} times, aim {AIM:.0f}"
    )


def _rate(do: Callable[[], None], count: int) -> float:
    begun = time.perf_counter()
    do()
    return count / (time.perf_counter() - begun)


if __name__ == "__main__":
    for speed in measure():
        print(shown(speed))
