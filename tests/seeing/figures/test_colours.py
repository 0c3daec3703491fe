"""Colours: zero is where the eye expects it, signs are never confused, blank stays blank."""

from __future__ import annotations

import numpy as np

from striate.seeing.figures import colours


def test_zero_is_nearly_white_and_signs_are_orange_and_blue() -> None:
    shown = colours.signed(np.array([[-1.0, -0.5, 0.0, 0.5, 1.0]]), 1.0)[0].astype(int)
    assert shown[2].tolist() == list(colours.ZERO)
    assert shown[1, 2] > shown[1, 0]
    assert shown[3, 0] > shown[3, 2]
    light = shown.sum(1)
    assert light[2] > light[1] > light[0]
    assert light[2] > light[3] > light[4]


def test_a_map_of_zeros_stays_blank_and_lets_the_picture_through(rng: np.random.Generator) -> None:
    blank, picture = np.zeros((4, 5)), rng.integers(0, 256, (4, 5, 3), np.uint8)
    assert colours.reach_of(blank) == 0
    assert (colours.glass(blank, 0.0) == 0).all()
    assert (colours.signed(blank, 0.0) == colours.ZERO).all()
    np.testing.assert_array_equal(colours.laid_over(picture, blank, 0.0), colours.pale(picture))


def test_glass_is_the_thicker_the_farther_from_zero() -> None:
    over = colours.glass(np.array([[-2.0, -1.0, 0.0, 1.0, 5.0]]), 2.0)[0].astype(int)
    thick = over[:, 3].tolist()
    assert thick[0] == thick[4] > thick[1] == thick[3] > thick[2] == 0
    assert tuple(over[4, :3]) == colours.ABOVE
    assert tuple(over[0, :3]) == colours.BELOW


def test_where_single_pixels_stand_out_the_others_are_still_seen() -> None:
    values = np.full((100, 100), 0.1)
    values[0, 0] = 50
    assert colours.reach_of(values) == 50
    assert colours.reach_of(values, is_spiky=True) == 0.1
    lonely = np.zeros((100, 100))
    lonely[3, 3] = 2
    assert colours.reach_of(lonely, is_spiky=True) == 2


def test_what_is_no_number_is_grey() -> None:
    assert colours.signed(np.array([[np.nan]]), 1.0)[0, 0].tolist() == [128, 128, 128]
    assert colours.reach_of(np.array([[np.nan, -3.0]])) == 3


def test_grey_pictures_have_three_channels() -> None:
    assert colours.picture_of(np.array([[[0.0], [2.0]]]))[0].tolist() == [
        [0, 0, 0],
        [255, 255, 255],
    ]
