"""A random box of the picture, resized to the size wanted (Szegedy et al. 2014, arXiv 1409.4842)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np

from striate.pictures.augment.draws import Draws, Uniform, between, whole
from striate.pictures.augment.step import Step, Stretched
from striate.pictures.files import Pixels, resized
from striate.pictures.order import Rows

TRIES = 10  # of a box, as torchvision has it


@final
@dataclass(frozen=True)
class ResizedCrop(Step):
    """A box of a share of the area and an aspect ratio (drawn on a logarithmic scale), resized to `to`;
    None keeps the size. Resizing is that of the preparation: triangle filter with antialias. Aspect ratios
    are those of the picture as it was: where it is stretched, the box makes it as it was again.
    """

    to: tuple[int, int] | None = None
    area: tuple[float, float] = (0.35, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)

    def draw(
        self, draws: Draws, slots: Rows, height: int, width: int, stretched: Stretched | None = None
    ) -> Rows:
        """N x 4: top, left, height and width of the box. One that would stick out is drawn again, and the
        last try is made smaller: boxes cut to fit would be distorted, and most of them as large as can be.
        """
        uniform = draws.uniform("resized crop", slots)
        tall, wide = self._sides(uniform, height, width, stretched)
        for again in range(1, TRIES):
            over = np.flatnonzero((tall > height) | (wide > width))
            if not len(over):
                break
            other = draws.uniform(f"resized crop {again}", slots[over])
            theirs = None if stretched is None else stretched[over]
            tall[over], wide[over] = self._sides(other, height, width, theirs)
        fits = np.minimum(1, np.minimum(height / tall, width / wide))
        rows = np.clip(np.rint(tall * fits), 1, height).astype(np.int64)
        columns = np.clip(np.rint(wide * fits), 1, width).astype(np.int64)
        top, left = whole(uniform[:, 2], 0, height - rows), whole(uniform[:, 3], 0, width - columns)
        return np.stack([top, left, rows, columns], 1)

    def _sides(
        self, uniform: Uniform, height: int, width: int, stretched: Stretched | None
    ) -> tuple[Uniform, Uniform]:
        """N heights and N widths in pixels of here, not yet rounded or known to fit."""
        area = between(uniform[:, 0], *self.area) * (height * width)
        aspect = np.exp(between(uniform[:, 1], math.log(self.aspect[0]), math.log(self.aspect[1])))
        if stretched is not None:
            aspect /= stretched
        return np.sqrt(area / aspect), np.sqrt(area * aspect)

    def __call__(
        self, pictures: Pixels, draws: Draws, slots: Rows, stretched: Stretched | None = None
    ) -> Pixels:
        """Draw and apply."""
        height, width = pictures.shape[1:3]
        return self.apply(pictures, self.draw(draws, slots, height, width, stretched))

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
