"""Brightness, contrast and saturation, each by its own factor.

    brightness  x b                        contrast    c x + (1 - c) (mean luma of the picture)
    saturation  s x + (1 - s) luma         luma        (299 R + 587 G + 114 B) / 1000

In this order, float32 in between, rounded to uint8 once at the end. Every operation is picture by
picture and pixel by pixel, so a picture comes out the same in any batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.augment.draws import Draws, Uniform, between
from striate.pictures.augment.step import Step
from striate.pictures.files import Pixels
from striate.pictures.order import Rows

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@final
@dataclass(frozen=True)
class Colour(Step):
    """Factors from 1 - amount to 1 + amount; 0 leaves a property alone. Grey has no saturation."""

    brightness: float = 0.3
    contrast: float = 0.3
    saturation: float = 0.3

    def draw(self, draws: Draws, slots: Rows, height: int, width: int) -> Uniform:
        """N x 3 factors."""
        uniform = draws.uniform("colour", slots)
        amounts = (self.brightness, self.contrast, self.saturation)
        factors = [between(uniform[:, i], 1 - a, 1 + a) for i, a in enumerate(amounts)]
        return np.stack(factors, 1)

    def apply(self, pictures: Pixels, drawn: Uniform) -> Pixels:
        """N H W C; a few pictures at a time, so that floats stay in the cache."""
        made = np.empty_like(pictures)
        at_once = max(1, 2**18 // max(1, pictures[:1].size))
        for start in range(0, len(pictures), at_once):
            some = slice(start, start + at_once)
            made[some] = _coloured(pictures[some], drawn[some].astype(np.float32))
        return made


def _coloured(pictures: Pixels, factors: NDArray[np.float32]) -> Pixels:
    bright, contrast, vivid = (factors[:, i, None, None, None] for i in range(3))
    x = pictures.astype(np.float32)
    x *= bright
    np.clip(x, 0, 255, out=x)
    grey = _luma(x)
    mean = grey.mean(axis=(1, 2, 3), dtype=np.float64).astype(np.float32)[:, None, None, None]
    x *= contrast
    x += (1 - contrast) * mean
    np.clip(x, 0, 255, out=x)
    if x.shape[3] == 3:
        x = vivid * x + (1 - vivid) * _luma(x)
    x += np.float32(0.5)
    made: Pixels = np.clip(x, 0, 255.5).astype(np.uint8)
    return made


def _luma(x: NDArray[np.float32]) -> NDArray[np.float32]:
    """N H W C to N H W 1."""
    if x.shape[3] == 1:
        return x
    made: NDArray[np.float32] = (
        x[..., :1] * _LUMA[0] + x[..., 1:2] * _LUMA[1] + x[..., 2:] * _LUMA[2]
    )
    return made
