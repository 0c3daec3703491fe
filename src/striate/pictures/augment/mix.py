"""Two pictures in one, and a label of two parts: mixup (Zhang et al. 2017, arXiv 1710.09412) and cutmix
(Yun et al. 2019, arXiv 1905.04899).

The picture at place j of a global batch of B meets the one at place B - 1 - j, and the share is drawn
once for the batch: so ranks that hold parts of the batch come to the same pictures as one process does.
The first label counts `share`, the partner's 1 - share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np

from striate.pictures.augment.draws import Draws
from striate.pictures.files import Pixels

ALPHA, ALPHA_CUT = 0.2, 1.0  # of mixup and of cutmix, after their papers


class Mixture(NamedTuple):
    """What is random: the share of the first picture, and for cutmix the box that shows the second."""

    share: float
    box: tuple[int, int, int, int] | None


@final
@dataclass(frozen=True)
class Mix:
    """`kind` mixup, cutmix, or either by a coin for each batch. `alpha` 1 draws all shares alike; small
    ones leave most batches nearly unmixed; 0 is the usual one of each kind, 0.2 for mixup and 1 for cutmix.
    """

    kind: Literal["mixup", "cutmix", "either"] = "mixup"
    alpha: float = 0.0

    def draw(self, draws: Draws, step: int, height: int, width: int) -> Mixture:
        """For one global batch."""
        chance = draws.of_batch("mix", step)
        coin = chance.random()
        cut = self.kind == "cutmix" or (self.kind == "either" and coin < 0.5)
        alpha = self.alpha or (ALPHA_CUT if cut else ALPHA)
        share = float(chance.beta(alpha, alpha))
        if not cut:
            return Mixture(max(share, 1 - share), None)
        middle = chance.random(2)
        side = math.sqrt(1 - share)
        top, bottom = _span(float(middle[0]), side, height)
        left, right = _span(float(middle[1]), side, width)
        left_over = 1 - (bottom - top) * (right - left) / (height * width)
        return Mixture(left_over, (top, left, bottom, right))

    def apply(self, pictures: Pixels, partners: Pixels, drawn: Mixture) -> Pixels:
        """N H W C and the partner of each, in the same order."""
        if drawn.box is not None:
            top, left, bottom, right = drawn.box
            made = pictures.copy()
            made[:, top:bottom, left:right] = partners[:, top:bottom, left:right]
            return made
        first = round(drawn.share * 65536)
        # Whole numbers: sums of products below 2**24, rounded, the same everywhere.
        blend = pictures.astype(np.uint32) * np.uint32(first)
        blend += partners.astype(np.uint32) * np.uint32(65536 - first)
        blend += np.uint32(32768)
        return (blend >> np.uint32(16)).astype(np.uint8)


def _span(middle: float, side: float, length: int) -> tuple[int, int]:
    """A run of a share of the length around a point, cut at the border."""
    reach, place = round(side * length / 2), int(middle * length)
    return max(0, place - reach), min(length, place + reach)
