"""A rectangle of the picture is covered (Zhong et al. 2017, arXiv 1708.04896; DeVries and Taylor 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from striate.pictures.augment.draws import Draws, between, whole
from striate.pictures.augment.step import Step
from striate.pictures.files import Pixels
from striate.pictures.order import Rows


@final
@dataclass(frozen=True)
class Erase(Step):
    """With this chance a box of a share of the area is filled with the middle grey `fill`."""

    chance: float = 0.25
    area: tuple[float, float] = (0.02, 0.25)
    aspect: tuple[float, float] = (0.5, 2.0)
    fill: int = 128

    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Rows:
        """N x 4: top, left, height and width of the box; height 0 where nothing is covered."""
        uniform, coin = draws.uniform("erase", slots), draws.uniform("erase coin", slots)[:, 0]
        area = between(uniform[:, 0], *self.area) * (height * width)
        aspect = np.exp(between(uniform[:, 1], math.log(self.aspect[0]), math.log(self.aspect[1])))
        tall = np.clip(np.rint(np.sqrt(area / aspect)), 1, height).astype(np.int64)
        wide = np.clip(np.rint(np.sqrt(area * aspect)), 1, width).astype(np.int64)
        top, left = whole(uniform[:, 2], 0, height - tall), whole(uniform[:, 3], 0, width - wide)
        return np.stack([top, left, np.where(coin < self.chance, tall, 0), wide], 1)

    def apply(self, pictures: Pixels, drawn: Rows) -> Pixels:
        """In place."""
        for i in np.flatnonzero(drawn[:, 2]):
            top, left, tall, wide = drawn[i]
            pictures[i, top : top + tall, left : left + wide] = self.fill
        return pictures
