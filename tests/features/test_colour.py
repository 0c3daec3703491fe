"""The histogram of hues, against fractions and against scikit-image."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from striate.errors import DoesNotFit
from striate.features import colour
from striate.features.colour import hues
from tests.features.pictures import rough


def by_fractions(pixels, bins: int) -> np.ndarray:
    """The definition, one pixel after the other, without rounding."""
    votes = [Fraction(0)] * bins
    for r, g, b in pixels.reshape(-1, 3).tolist():
        high, low = max(r, g, b), min(r, g, b)
        chroma = high - low
        if not chroma:
            continue
        if high == r:
            turn = Fraction(g - b, chroma) % 6
        elif high == g:
            turn = Fraction(b - r, chroma) + 2
        else:
            turn = Fraction(r - g, chroma) + 4
        votes[int(turn * bins / 6)] += chroma
    return np.array([float(v / (255 * pixels.size // 3)) for v in votes])


@pytest.mark.parametrize("bins", [1, 6, 7, 12])
def test_hues_are_counted_as_exact_fractions_say(rng, bins: int) -> None:
    pictures = rough(rng, 4, 9, 11)
    pictures[0, :3] = np.array([200, 200, 50])  # right on an edge between two bins
    wanted = [by_fractions(picture, bins) for picture in pictures]
    assert np.allclose(hues(pictures, bins), wanted, atol=1e-7)


def test_hues_agree_with_scikit_image(rng) -> None:
    skimage = pytest.importorskip("skimage.color")
    pictures = rough(rng, 2, 20, 20)
    for made, picture in zip(hues(pictures, 10), pictures, strict=True):
        hsv = skimage.rgb2hsv(picture)
        chroma = hsv[..., 1] * hsv[..., 2]
        # A hair inside, since the oracle's floats may fall off an edge.
        wanted = np.histogram(hsv[..., 0] + 1e-12, 10, (0, 1), weights=chroma)[0] / chroma.size
        assert np.abs(made - wanted).sum() < 0.01


def test_grey_pixels_have_no_hue_and_primaries_have_their_own() -> None:
    pictures = np.zeros((4, 2, 2, 3), np.uint8)
    pictures[0] = 130
    for c in range(3):
        pictures[c + 1, ..., c] = 255
    made = hues(pictures, 3)
    assert made.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]


def test_place_does_not_matter_to_colour(rng) -> None:
    pictures = rough(rng, 3, 8, 8)
    assert np.array_equal(hues(pictures), hues(pictures[:, ::-1, ::-1].copy()))


def test_grey_pictures_are_refused_in_words() -> None:
    with pytest.raises(DoesNotFit, match="no hue"):
        hues(np.zeros((1, 8, 8, 1), np.uint8))


def test_a_vote_for_each_pixel_is_counted() -> None:
    assert colour.multiply_adds(32, 32) == 1024
