"""The demonstration of two filters: sizes of the deck, sums by hand, and the drawing read back."""

from __future__ import annotations

import numpy as np
import pytest

from striate.lectures.drawing import scene_of
from striate.lectures.to_pixels import gif_of
from striate.lectures.two_filters import drawn, two_filters
from tests.lectures.reading import frames_in, grid, words


def test_l1_7x7x3_with_two_3x3x3_filters_and_stride_2_gives_3x3x2_with_56_parameters() -> None:
    shown = two_filters()
    assert shown.arrays["x"].shape == (3, 7, 7)
    assert shown.arrays["weight"].shape == (2, 3, 3, 3)
    assert shown.arrays["y"].shape == (2, 3, 3)
    assert shown.facts["parameters"] == 56
    assert "2 × (3·3·3 + 1) = 56 parameters" in shown.lines


@pytest.mark.parametrize("seed", range(3))
def test_every_output_is_27_products_and_a_bias(seed: int) -> None:
    held = two_filters(seed).arrays
    for f, row, column in np.ndindex(2, 3, 3):
        total = held["bias"][f]
        for c, i, j in np.ndindex(3, 3, 3):
            total += held["weight"][f, c, i, j] * held["x"][c, 2 * row + i, 2 * column + j]
        assert held["y"][f, row, column] == total


def test_padding_is_zero_and_part_of_the_7x7() -> None:
    x = two_filters().arrays["x"]
    inside = drawn(0)[0]
    np.testing.assert_array_equal(x[:, 1:-1, 1:-1], inside)
    assert np.abs(x).sum() == np.abs(inside).sum()


def test_the_same_seed_gives_the_same_numbers_and_another_others() -> None:
    assert (two_filters(1).arrays["x"] == two_filters(1).arrays["x"]).all()
    assert (two_filters(1).arrays["x"] != two_filters(2).arrays["x"]).any()


def test_the_still_says_the_numbers_of_picture_filters_and_output() -> None:
    shown = two_filters(3)
    for c in range(3):
        np.testing.assert_array_equal(grid(shown.still, f"x, channel {c}"), shown.arrays["x"][c])
        for f in range(2):
            name = f"filter {f}, channel {c}"
            np.testing.assert_array_equal(grid(shown.still, name), shown.arrays["weight"][f, c])
    for f in range(2):
        np.testing.assert_array_equal(grid(shown.still, f"y of filter {f}"), shown.arrays["y"][f])


def test_each_frame_adds_the_number_whose_sum_it_writes() -> None:
    shown = two_filters(0)
    assert len(shown.frames) == 18
    for number, (frame, place) in enumerate(zip(shown.frames, np.ndindex(2, 3, 3), strict=True)):
        said = words(frame)
        assert f"y[{', '.join(map(str, place))}], channels 0, 1, 2, bias:" in said
        written = said[-1].rsplit(" = ", 1)[1].replace("−", "-")
        assert float(written) == shown.arrays["y"][place]
        known = grid(frame, "y of filter 0")
        assert np.isfinite(known).sum() == min(number + 1, 9)
    sizes = {(scene_of(frame).width, scene_of(frame).height) for frame in shown.frames}
    assert len(sizes) == 1


def test_a_gif_of_it_moves() -> None:
    shown = two_filters(0)
    assert frames_in(gif_of([scene_of(frame) for frame in shown.frames[:2]], 100)) == 2


def test_the_number_that_is_asked_for_is_written_out() -> None:
    shown = two_filters(0, (1, 2, 1))
    assert "y[1, 2, 1], channels 0, 1, 2, bias:" in shown.lines
    sums = shown.arrays["sums"][1, :, 2, 1]
    assert sums.sum() + shown.arrays["bias"][1] == shown.arrays["y"][1, 2, 1]
