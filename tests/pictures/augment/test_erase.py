"""A rectangle covered, in some pictures."""

from __future__ import annotations

import numpy as np

from striate.pictures.augment.draws import Draws
from striate.pictures.augment.erase import Erase


def test_only_the_box_is_covered() -> None:
    pictures = np.zeros((200, 20, 30, 3), np.uint8)
    step = Erase(chance=0.5)
    drawn = step.draw(Draws(0, 0, 200), np.arange(200), 20, 30)
    made = step.apply(pictures.copy(), drawn)
    for picture, (top, left, tall, wide) in zip(made, drawn, strict=True):
        wanted = np.zeros((20, 30, 3), np.uint8)
        wanted[top : top + tall, left : left + wide] = 128
        assert np.array_equal(picture, wanted)
        assert top + tall <= 20
        assert left + wide <= 30


def test_the_chance_is_the_share_of_covered_pictures() -> None:
    drawn = Erase(chance=0.25).draw(Draws(0, 0, 4000), np.arange(4000), 32, 32)
    assert 900 < (drawn[:, 2] > 0).sum() < 1100
    assert not Erase(chance=0).draw(Draws(0, 0, 99), np.arange(99), 32, 32)[:, 2].any()
