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
    # Of the picture's own aspect ratio: every box fits, so none is drawn again.
    step = ResizedCrop(area=(0.2, 0.8), aspect=(4 / 3, 4 / 3))
    drawn = step.draw(Draws(0, 0, 3000), np.arange(3000), 60, 80)
    top, left, tall, wide = drawn.T
    assert (top >= 0).all()
    assert (left >= 0).all()
    assert (top + tall <= 60).all()
    assert (left + wide <= 80).all()
    shares = tall * wide / 4800
    assert shares.min() > 0.18
    assert shares.max() < 0.82
    assert shares.mean() == pytest.approx(0.5, abs=0.02)


def test_boxes_of_stretched_pictures_have_their_area_and_aspect_in_the_pixels_of_the_file() -> None:
    """A file of 300 by 400, brought to 600 by 600, so that its boxes have sides in files' pixels."""
    given = Draws(0, 0, 4000), np.arange(4000), 600, 600, np.full(4000, 400 / 300)
    top, left, tall, wide = ResizedCrop().draw(*given).T.astype(float)
    tall, wide = tall / 2, wide / 1.5
    assert (tall <= 300).all()
    assert (wide <= 400).all()
    aspects, shares = wide / tall, tall * wide / 120_000
    assert aspects.min() > 0.74
    assert aspects.max() < 1.35
    assert 0.34 < shares.min() < 0.36
    assert shares.max() > 0.95
    # Wide boxes fit more often than tall ones; each edge of the picture is reached.
    assert np.log(aspects).mean() > 0
    assert top.min() == 0
    assert left.min() == 0
    assert (left + wide * 1.5).max() > 598


def test_boxes_are_those_of_torchvision_in_distribution() -> None:
    torch = pytest.importorskip("torch")
    transforms = pytest.importorskip("torchvision.transforms")
    given = Draws(0, 0, 3000), np.arange(3000), 300, 300, np.full(3000, 400 / 300)
    _, _, tall, wide = ResizedCrop().draw(*given).T.astype(float)
    torch.manual_seed(0)
    blank = torch.zeros(1, 300, 400)
    draw = transforms.RandomResizedCrop.get_params
    theirs = np.array([draw(blank, (0.35, 1.0), (3 / 4, 4 / 3)) for _ in range(3000)], float)
    for mine, other in ((tall, theirs[:, 2]), (wide * 4 / 3, theirs[:, 3])):
        shares = np.linspace(0.05, 0.95, 10)
        assert np.abs(np.quantile(mine, shares) - np.quantile(other, shares)).max() < 8


def test_a_strip_has_boxes_too_and_they_are_not_distorted() -> None:
    given = Draws(0, 0, 500), np.arange(500), 600, 600, np.full(500, 10.0)
    tall, wide = ResizedCrop().draw(*given)[:, 2:].T
    assert np.allclose(tall, 600)
    assert (wide >= 600 / 10 * 0.74).all()
    assert (wide <= 600 / 10 * 1.35).all()


def test_without_a_size_the_size_stays() -> None:
    assert ResizedCrop().size(5, 6) == (5, 6)
    assert ResizedCrop((3, 4)).size(5, 6) == (3, 4)
