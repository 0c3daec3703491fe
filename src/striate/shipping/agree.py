"""Whether two forms of one network give the same answers: the proof that an export is the network it came
from.

Compared on the same prepared pictures: |Δp| ≤ 1e-5 in fp32, and the same first class wherever the first
two are more than 2e-5 apart. Real pictures are best; where there are none, some are made.

Shape legend: N pictures, K classes, H height, W width, C channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate import seeds
from striate.errors import Disagrees
from striate.pictures.files import Pixels

MOST, MARGIN = 1e-5, 2e-5
MADE = 64


@final
@dataclass(frozen=True)
class Agreement:
    """On so many pictures: the largest difference of a probability, and how many have another first class
    though it was clear.
    """

    pictures: int
    largest: float
    other_first: int
    most: float = MOST

    @property
    def is_kept(self) -> bool:
        """Whether the two are one function."""
        return self.largest <= self.most and not self.other_first

    def told(self) -> str:
        """One line."""
        return (
            f"largest difference of a probability {self.largest:.1e} on {self.pictures:,} pictures, "
            f"{self.other_first} with another first class"
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "pictures": self.pictures, "largest_difference": self.largest,
            "other_first": self.other_first, "agrees": self.is_kept,
        }  # fmt: skip


def compared(
    first: NDArray[np.float64], second: NDArray[np.float64], most: float = MOST
) -> Agreement:
    """Probabilities N K of the same pictures, in two forms of one network."""
    if first.shape != second.shape:
        raise Disagrees(
            f"one form gives {first.shape[-1]} probabilities and the other {second.shape[-1]}",
            "they are not of one network",
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return Agreement(len(first), float("inf"), 0, most)
    ordered = np.sort(first, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > MARGIN
    other = int((clear & (first.argmax(1) != second.argmax(1))).sum())
    largest = float(np.abs(first - second).max(initial=0))
    return Agreement(len(first), largest, other, most)


def must_agree(found: Agreement, what: str) -> None:
    """Raise Disagrees where two forms do not."""
    if not found.is_kept:
        raise Disagrees(
            f"{what} gives other answers than the network it came from: {found.told()}; "
            f"{found.most:g} is allowed",
            "nothing was left of it; the run is unharmed",
        )


def made_pictures(shape: tuple[int, int, int], count: int = MADE) -> Pixels:
    """N H W C: noise, ramps and flat colours, so that light, dark and edges are met."""
    height, width, channels = shape
    rng = seeds.generator(0, "made-pictures")
    made = rng.integers(0, 256, (count, height, width, channels), dtype=np.uint8)
    ramp = np.linspace(0, 255, width)[None, :, None] * np.ones((height, 1, channels))
    for i in range(0, count, 4):
        made[i] = rng.integers(0, 256, (1, 1, channels), dtype=np.uint8)
        if i + 1 < count:
            made[i + 1] = np.roll(ramp, int(rng.integers(width)), axis=1).astype(np.uint8)
        if i + 2 < count:
            half = made[i + 2] // 8 + np.uint8(rng.integers(0, 200))
            half[: height // 2] = rng.integers(0, 256, (1, 1, channels), dtype=np.uint8)
            made[i + 2] = half
    return made
