"""Shifted by a few pixels, the border filled by reflection: the classic of small pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from striate.pictures.augment.draws import Draws, whole
from striate.pictures.augment.step import Step
from striate.pictures.files import Pixels
from striate.pictures.order import Rows


@final
@dataclass(frozen=True)
class ShiftedCrop(Step):
    """Up to `most` pixels up, down, left and right, each as likely; the size stays."""

    most: int

    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Rows:
        """N x 2: the row and column where the window starts, 0 for no shift."""
        uniform = draws.uniform("shift", slots)
        rows, columns = min(self.most, height - 1), min(self.most, width - 1)
        return np.stack(
            [whole(uniform[:, 0], -rows, rows), whole(uniform[:, 1], -columns, columns)], 1
        )

    def apply(self, pictures: Pixels, drawn: Rows) -> Pixels:
        """One gather of whole rows, then one copy of runs for each shift to the side that occurs."""
        N, H, W, C = pictures.shape
        lines: Pixels = np.ascontiguousarray(pictures).reshape(N * H, W * C)
        wanted = np.arange(N)[:, None] * H + reflected(drawn[:, :1] + np.arange(H), H)
        down: Pixels = lines.take(wanted.ravel(), axis=0).reshape(N, H, W, C)
        for shift in np.unique(drawn[:, 1]):
            if shift == 0:
                continue
            chosen = np.flatnonzero(drawn[:, 1] == shift)
            down[chosen] = _aside(down[chosen], int(shift))
        return down


def _aside(pictures: Pixels, shift: int) -> Pixels:
    """The same shift for all: the window starts at column `shift`."""
    W = pictures.shape[2]
    columns = reflected(np.arange(W) + shift, W)
    if shift > 0:
        parts = [pictures[:, :, shift:], pictures[:, :, columns[W - shift :]]]
    else:
        parts = [pictures[:, :, columns[:-shift]], pictures[:, :, : W + shift]]
    return np.concatenate(parts, axis=2)


def reflected(places: Rows, side: int) -> Rows:
    """Places before 0 and from `side` on are mirrored at the outermost pixel, which is not repeated."""
    inside = np.abs(places)
    made: Rows = np.where(inside >= side, 2 * side - 2 - inside, inside)
    return made
