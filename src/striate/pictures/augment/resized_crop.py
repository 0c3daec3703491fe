"""A random box of the picture, resized to the size wanted (Szegedy et al. 2014, arXiv 1409.4842)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from striate.pictures.augment.draws import Draws, between, whole
from striate.pictures.augment.step import Step
from striate.pictures.files import Pixels, resized
from striate.pictures.order import Rows


@final
@dataclass(frozen=True)
class ResizedCrop(Step):
    """A box of a share of the area and an aspect ratio (drawn on a logarithmic scale), resized to `to`;
    None keeps the size. Resizing is that of the preparation: triangle filter with antialias.
    """

    to: tuple[int, int] | None = None
    area: tuple[float, float] = (0.35, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)

    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Rows:
        """N x 4: top, left, height and width of the box. A box that would stick out is cut to fit."""
        uniform = draws.uniform("resized crop", slots)
        area = between(uniform[:, 0], *self.area) * (height * width)
        aspect = np.exp(between(uniform[:, 1], math.log(self.aspect[0]), math.log(self.aspect[1])))
        tall = np.clip(np.rint(np.sqrt(area / aspect)), 1, height).astype(np.int64)
        wide = np.clip(np.rint(np.sqrt(area * aspect)), 1, width).astype(np.int64)
        top, left = whole(uniform[:, 2], 0, height - tall), whole(uniform[:, 3], 0, width - wide)
        return np.stack([top, left, tall, wide], 1)

    def apply(self, pictures: Pixels, drawn: Rows) -> Pixels:
        """Picture by picture, since every box has its own size; Pillow lets other threads run meanwhile."""
        N, H, W, C = pictures.shape
        height, width = self.size(H, W)
        made = np.empty((N, height, width, C), np.uint8)
        for i, (top, left, tall, wide) in enumerate(drawn.tolist()):
            box = np.ascontiguousarray(pictures[i, top : top + tall, left : left + wide])
            made[i] = resized(box, height, width)
        return made

    def size(self, height: int, width: int) -> tuple[int, int]:
        """`to`, or as before."""
        return self.to or (height, width)
