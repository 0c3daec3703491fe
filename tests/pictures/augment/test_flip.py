"""Mirrored by chance, or in turns."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.draws import Draws
from striate.pictures.augment.flip import Flip

SLOTS = np.arange(400)


@pytest.mark.parametrize("channels", [1, 3])
def test_chosen_pictures_are_mirrored_and_no_others(rng, channels) -> None:
    pictures = rng.integers(0, 256, (6, 5, 7, channels), np.uint8)
    chosen = np.array([True, False, True, False, False, True])
    made = Flip().apply(pictures.copy(), chosen)
    for i in range(6):
        assert np.array_equal(made[i], pictures[i, :, ::-1] if chosen[i] else pictures[i])


def test_half_of_all_are_mirrored_anew_every_epoch() -> None:
    first, second = (Flip().draw(Draws(0, e, 400), SLOTS, 8, 8) for e in (0, 1))
    assert 150 < first.sum() < 250
    assert 130 < (first == second).sum() < 270


def test_in_turns_every_picture_is_mirrored_every_second_epoch() -> None:
    flips = [Flip(in_turns=True).draw(Draws(0, e, 400), SLOTS, 8, 8) for e in range(4)]
    assert 150 < flips[0].sum() < 250
    assert np.array_equal(flips[1], ~flips[0])
    assert np.array_equal(flips[2], flips[0])
    assert np.array_equal(flips[3], flips[1])
