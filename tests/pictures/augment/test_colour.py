"""Brightness, contrast, saturation: by the formulas, pixel by pixel."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.colour import Colour
from striate.pictures.augment.draws import Draws

LUMA = np.array([0.299, 0.587, 0.114])


def oracle(picture: np.ndarray, bright: float, contrast: float, vivid: float) -> np.ndarray:
    x = np.clip(picture.astype(np.float64) * bright, 0, 255)
    grey = x if x.shape[2] == 1 else (x @ LUMA)[:, :, None]
    x = np.clip(contrast * x + (1 - contrast) * grey.mean(), 0, 255)
    if x.shape[2] == 3:
        x = vivid * x + (1 - vivid) * (x @ LUMA)[:, :, None]
    return np.clip(np.floor(x + 0.5), 0, 255)


@pytest.mark.parametrize("channels", [1, 3])
def test_colours_follow_the_formulas(rng, channels) -> None:
    pictures = rng.integers(0, 256, (9, 12, 10, channels), np.uint8)
    drawn = Colour(0.5, 0.5, 0.5).draw(Draws(0, 0, 9), np.arange(9), 12, 10)
    made = Colour().apply(pictures, drawn)
    for i in range(9):
        # float32 may fall on the other side of a half
        assert np.abs(made[i] - oracle(pictures[i], *drawn[i])).max() <= 1
        assert (made[i] == oracle(pictures[i], *drawn[i])).mean() > 0.99


def test_factors_of_one_change_nothing(rng) -> None:
    pictures = rng.integers(0, 256, (3, 8, 8, 3), np.uint8)
    assert np.array_equal(Colour().apply(pictures, np.ones((3, 3))), pictures)


def test_a_picture_comes_out_the_same_in_any_batch(rng) -> None:
    pictures = rng.integers(0, 256, (50, 32, 32, 3), np.uint8)
    slots, step = np.arange(50), Colour()
    whole = step(pictures.copy(), Draws(0, 0, 50), slots)
    for some in (slots[:1], slots[7:31], slots[::-3]):
        assert np.array_equal(step(pictures[some], Draws(0, 0, 50), some), whole[some])


def test_amounts_of_nothing_draw_ones() -> None:
    assert (Colour(0, 0, 0).draw(Draws(0, 0, 9), np.arange(9), 8, 8) == 1).all()
