"""A convolution as one sparse shared matrix, and what sharing saves."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate2d

from striate.errors import UsageError
from striate.lectures.conv import Slide
from striate.lectures.kernels import named
from striate.lectures.matrix import matrix
from striate.verbs.show_read import table
from tests.lectures.reading import grid

L4 = table("0 0 0 0 0 0/0 1 0 0 0 0/0 1 1 1 1 1/0 1 0 0 0 0/0 0 0 0 0 0", "")


def test_l4_from_30_numbers_to_12_takes_372_120_or_10_parameters() -> None:
    shown = matrix(L4, named("vertical-line"))
    assert shown.facts["parameters"] == {
        "fully_connected": 372, "locally_connected": 120, "convolution": 10,
    }  # fmt: skip
    assert "fully connected    12·30 + 12 = 372 parameters" in shown.lines
    assert "convolution        9 + 1 = 10 parameters, shared by all places" in shown.lines


def test_l4_the_matrix_times_the_stretched_picture_is_the_convolution() -> None:
    shown = matrix(L4, named("vertical-line"))
    assert shown.arrays["product"].tolist() == [[3, -1, 0, 0], [5, -2, 0, 0], [3, -1, 0, 0]]
    np.testing.assert_array_equal(grid(shown.still, "output = M x + b"), shown.arrays["product"])
    assert shown.arrays["matrix"].shape == (12, 30)


@pytest.mark.parametrize(("stride", "pad"), [((1, 1), (0, 0)), ((2, 1), (1, 0)), ((1, 2), (2, 2))])
def test_any_numbers_come_out_as_scipy_slides_them(
    rng: np.random.Generator, stride: tuple[int, int], pad: tuple[int, int]
) -> None:
    x, k = rng.normal(size=(5, 6)), rng.normal(size=(3, 2))
    shown = matrix(x, k, Slide(stride, pad, bias=0.5))
    wide = np.pad(x, [(p, p) for p in pad])
    wanted = correlate2d(wide, k, mode="valid")[:: stride[0], :: stride[1]] + 0.5
    np.testing.assert_allclose(shown.arrays["product"], wanted, atol=1e-12)


def test_the_pattern_shows_the_same_letters_in_every_row() -> None:
    lines = [line.strip() for line in matrix(L4, named("box")).lines]
    rows = [line for line in lines if line and set(line) <= set("abcdefghi·")]
    assert rows[0] == "abc···def···ghi···············"
    assert len(rows) == 12
    assert all(row.replace("·", "") == "abcdefghi" for row in rows)


def test_each_frame_is_a_row_of_the_matrix_and_boxes_the_pixels_it_weighs() -> None:
    shown = matrix(L4, np.ones((2, 2)))
    assert len(shown.frames) == len(shown.arrays["matrix"]) == 20
    for row, frame in enumerate(shown.frames):
        image = frame.rows[1][0]
        used = {(r, c) for r, c, _, _ in image.dashed}  # type: ignore[union-attr]
        weighed = shown.arrays["matrix"][row].reshape(L4.shape)
        assert used == {(int(r), int(c)) for r, c in np.argwhere(weighed)}


def test_the_frames_of_a_tall_matrix_go_from_its_first_row_to_its_last() -> None:
    shown = matrix(np.ones((12, 12)), np.ones((3, 3)))
    assert shown.arrays["matrix"].shape == (100, 144)
    said = [frame.said for frame in shown.frames]
    assert "makes output (0, 0)" in said[0]
    assert "makes output (9, 9)" in said[-1]
    assert len(set(said)) == len(said)


def test_a_picture_whose_matrix_would_be_huge_is_refused() -> None:
    with pytest.raises(UsageError, match="has 900 pixels"):
        matrix(np.zeros((30, 30)), named("box"))
