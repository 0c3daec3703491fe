"""Shifted, the border reflected: against NumPy's own padding, picture by picture."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.crop import ShiftedCrop
from striate.pictures.augment.draws import Draws


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    ("height", "width", "most"), [(9, 7, 3), (32, 32, 4), (2, 5, 1), (4, 4, 3)]
)
def test_a_shift_is_a_window_of_the_reflected_picture(rng, channels, height, width, most) -> None:
    pictures = rng.integers(0, 256, (40, height, width, channels), np.uint8)
    step = ShiftedCrop(most)
    drawn = step.draw(Draws(0, 0, 40), np.arange(40), height, width)
    made = step.apply(pictures.copy(), drawn)
    for i, (down, right) in enumerate(drawn):
        padded = np.pad(pictures[i], ((most, most), (most, most), (0, 0)), "reflect")
        top, left = most + down, most + right
        assert np.array_equal(made[i], padded[top : top + height, left : left + width])


def test_every_shift_is_as_likely() -> None:
    drawn = ShiftedCrop(2).draw(Draws(0, 0, 5000), np.arange(5000), 32, 32)
    counts = np.bincount((drawn[:, 0] + 2) * 5 + drawn[:, 1] + 2, minlength=25)
    assert len(counts) == 25
    assert counts.min() > 140


def test_a_shift_never_exceeds_what_can_be_reflected() -> None:
    made = ShiftedCrop(9)(
        np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1), Draws(0, 0, 1), np.array([0])
    )
    assert made.shape == (1, 2, 2, 1)
