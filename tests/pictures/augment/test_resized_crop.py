"""A random box, resized by the one resizing there is."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.augment.draws import Draws
from striate.pictures.augment.resized_crop import ResizedCrop
from striate.pictures.files import resized


def test_every_picture_is_its_box_resized(rng) -> None:
    pictures = rng.integers(0, 256, (10, 30, 40, 3), np.uint8)
    step = ResizedCrop((16, 12))
    drawn = step.draw(Draws(0, 0, 10), np.arange(10), 30, 40)
    made = step.apply(pictures, drawn)
    assert made.shape == (10, 16, 12, 3)
    for i, (top, left, tall, wide) in enumerate(drawn):
        box = pictures[i, top : top + tall, left : left + wide].copy()
        assert np.array_equal(made[i], resized(box, 16, 12))


def test_boxes_lie_within_and_cover_the_areas_asked_for() -> None:
    drawn = ResizedCrop(area=(0.2, 0.8)).draw(Draws(0, 0, 3000), np.arange(3000), 60, 80)
    top, left, tall, wide = drawn.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + tall <= 60).all()
    assert (left + wide <= 80).all()
    shares = tall * wide / 4800
    assert shares.min() > 0.18
    assert shares.max() < 0.82
    assert shares.mean() == pytest.approx(0.5, abs=0.02)


def test_without_a_size_the_size_stays() -> None:
    assert ResizedCrop().size(5, 6) == (5, 6)
    assert ResizedCrop((3, 4)).size(5, 6) == (3, 4)
