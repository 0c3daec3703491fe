"""Hues: votes counted by colorsys one by one, order that does not matter, and bars read back."""

from __future__ import annotations

import colorsys

import numpy as np
import pytest

from striate.errors import DoesNotFit, UsageError
from striate.lectures.drawing import scene_of
from striate.lectures.hog import example
from striate.lectures.hues import bars, hues, middles
from striate.lectures.scene import Picture
from tests.lectures.reading import grid


def counted(pixels: np.ndarray, bins: int) -> np.ndarray:
    """Votes in per cent, pixel by pixel."""
    votes = np.zeros(bins)
    for r, g, b in pixels.reshape(-1, 3) / 255.0:
        hue, _, _ = colorsys.rgb_to_hsv(r, g, b)
        votes[int(hue * bins) % bins] += max(r, g, b) - min(r, g, b)
    return 100 * votes / votes.sum()


@pytest.mark.parametrize("bins", [5, 12])
def test_the_shares_are_those_of_votes_counted_one_by_one(bins: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (9, 11, 3)).astype(np.uint8)
    shown = hues(pixels, bins)
    np.testing.assert_allclose(shown.arrays["shares"], counted(pixels, bins), atol=1e-4)
    assert shown.arrays["shares"].sum() == pytest.approx(100)


def test_pixels_in_any_other_order_give_the_same_numbers() -> None:
    pixels = example()[:40, :50]
    mixed = np.random.default_rng(0).permutation(pixels.reshape(-1, 3)).reshape(pixels.shape)
    np.testing.assert_allclose(hues(pixels).arrays["hues"], hues(mixed).arrays["hues"], atol=1e-6)


def test_pure_red_green_and_blue_stand_at_0_120_and_240_degrees() -> None:
    pixels = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]]], np.uint8)
    assert np.flatnonzero(hues(pixels, 36).arrays["shares"]).tolist() == [0, 12, 24]
    assert middles(3).tolist() == [60, 180, 300]


def test_the_lines_and_the_still_say_the_shares() -> None:
    shown = hues(example())
    np.testing.assert_allclose(
        grid(shown.still, "% of votes by the middle of each bin")[0],
        shown.arrays["shares"],
        rtol=1e-3,
    )
    for k, share in enumerate(shown.arrays["shares"]):
        (line,) = [one for one in shown.lines if f"{30 * k}° to {30 * k + 30}°" in one]
        assert f"{share:5.1f} %" in line


def test_a_bar_is_as_high_as_its_share_and_has_its_hue() -> None:
    heights = np.array([0.25, 0.0, 1.0, 0.5])
    drawn = bars(heights)
    for k, angle in enumerate(middles(4)):
        column = drawn[:, (2 * k + 1) * drawn.shape[1] // 8].astype(float) / 255
        is_on = (column < 1).any(axis=1)
        assert is_on.mean() == pytest.approx(heights[k], abs=0.01)
        if heights[k]:
            assert colorsys.rgb_to_hsv(*column[-1])[0] * 360 == pytest.approx(angle, abs=1)
    marks = [m for m in scene_of(hues(example()).still).marks if isinstance(m, Picture)]
    assert any(np.array_equal(mark.pixels, example()) for mark in marks)


def test_a_grey_picture_has_no_votes_and_says_so() -> None:
    shown = hues(np.full((4, 5, 3), 90, np.uint8))
    assert not shown.arrays["shares"].any()
    assert "all is grey" in "\n".join(shown.lines)


def test_what_has_no_hues_is_refused() -> None:
    with pytest.raises(DoesNotFit, match="no hue"):
        hues(np.zeros((4, 4, 1), np.uint8))
    with pytest.raises(UsageError, match="1 to 36 hues"):
        hues(example(), 37)
