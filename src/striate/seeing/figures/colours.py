"""Numbers as colours that nobody confuses: orange above zero, blue below, and zero where the eye expects it.

On a ground of its own zero is nearly white; over a picture it is clear glass, so what a map does not point at
stays visible. Nothing is stretched to fill the scale: a map of zeros stays blank.

Shape legend: H height, W width.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels

Floats = NDArray[np.float64]
ABOVE, BELOW, ZERO = (196, 80, 10), (11, 99, 168), (247, 247, 245)
_DARK_ABOVE, _DARK_BELOW = (94, 30, 0), (3, 38, 80)
_GLASS = 0.85  # how much of the picture the strongest colour hides
_LEVELS = 24  # of glass; more are not seen and make files larger
_FULL = 0.98  # of the pixels are below full colour where single ones stand out


def reach_of(values: Floats, is_spiky: bool = False) -> float:
    """Where colours are full: the greatest distance from zero; less where single pixels stand out."""
    size = np.abs(values[np.isfinite(values)])
    if not size.size:
        return 0.0
    top = float(size.max())
    return (float(np.quantile(size, _FULL)) or top) if is_spiky else top


def signed(values: Floats, reach: float) -> Pixels:
    """H W to H W 3: from dark blue over white to dark orange; what is no number is grey."""
    part = _parts(values, reach)
    made = np.empty((*values.shape, 3), np.float64)
    for sign, middle, end in ((1, ABOVE, _DARK_ABOVE), (-1, BELOW, _DARK_BELOW)):
        here = part * sign >= 0
        size = np.abs(part[here])[:, None]
        # White to the full colour over the first 70 %, then darker: equal steps stay visible at the end.
        first = np.minimum(size / 0.7, 1)
        rest = np.clip((size - 0.7) / 0.3, 0, 1)
        colour = np.array(ZERO) * (1 - first) + np.array(middle) * first
        made[here] = colour * (1 - rest) + np.array(end) * rest
    made[~np.isfinite(values)] = 128
    rounded: Pixels = np.rint(made).astype(np.uint8)
    return rounded


def glass(values: Floats, reach: float) -> Pixels:
    """H W to H W 4, to be laid over a picture: the farther from zero the less is seen through."""
    part = _parts(values, reach)
    made = np.empty((*values.shape, 4), np.uint8)
    made[..., :3] = np.where((part >= 0)[..., None], ABOVE, BELOW)
    level = np.rint(np.abs(part) * _LEVELS) / _LEVELS
    made[..., 3] = np.rint(255 * _GLASS * level)
    made[made[..., 3] == 0] = 0
    return made


def laid_over(pixels: Pixels, values: Floats, reach: float) -> Pixels:
    """The picture in pale grey with the map as glass over it, H W 3."""
    over = glass(values, reach).astype(np.float64)
    share = over[..., 3:] / 255
    made: Pixels = np.rint(pale(pixels) * (1 - share) + over[..., :3] * share).astype(np.uint8)
    return made


def pale(pixels: Pixels) -> Pixels:
    """H W 3 in light grey, so that colours over it are seen."""
    grey = pixels.astype(np.float64).mean(axis=2, keepdims=True)
    made: Pixels = np.rint(np.broadcast_to(110 + grey * 0.55, (*pixels.shape[:2], 3))).astype(
        np.uint8
    )
    return made


def _parts(values: Floats, reach: float) -> Floats:
    """Each value as a part of the reach, −1 ... 1; zeros where there is nothing to show."""
    if not reach > 0:
        return np.zeros(values.shape)
    made: Floats = np.clip(np.nan_to_num(values / reach, nan=0.0), -1, 1)
    return made


def picture_of(values: Floats) -> Pixels:
    """H W 3 or H W 1 in 0 ... 1 to H W 3 uint8."""
    made: Pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return np.repeat(made, 3, axis=2) if made.shape[2] == 1 else made
