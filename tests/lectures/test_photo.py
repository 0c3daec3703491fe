"""Photographs look like photographs, and what has numbers below zero is coloured."""

from __future__ import annotations

import numpy as np

from striate.lectures.conv import conv
from striate.lectures.kernels import named
from striate.lectures.photo import grey_of
from striate.lectures.pool import pool
from striate.lectures.shown import Grid

PHOTO = np.random.default_rng(0).integers(0, 256, (60, 90)).astype(float)


def test_a_photograph_is_grey_with_0_black_and_255_white_and_unknown_is_white() -> None:
    values = PHOTO.copy()
    values[0, :3] = 0, 255, np.nan
    pixels = grey_of(values)
    assert pixels is not None
    assert pixels[0, :3, 0].tolist() == [0, 255, 255]
    np.testing.assert_array_equal(pixels[1:, :, 1], PHOTO[1:])


def test_a_small_table_and_what_is_below_zero_are_no_photographs() -> None:
    assert grey_of(PHOTO[:30, :30]) is None
    assert grey_of(PHOTO - 100) is None


def test_a_blurred_photograph_is_a_photograph_and_its_edges_are_coloured() -> None:
    def output(kernel: str) -> Grid:
        (grid,) = [
            p for p in conv(PHOTO[None], named(kernel)[None]).still.rows[0] if p[0] == "output"
        ]
        assert isinstance(grid, Grid)
        return grid

    assert output("gauss").pixels is not None
    assert output("sobel-x").pixels is None


def test_a_pooled_photograph_is_a_photograph() -> None:
    image, _, output = pool(PHOTO).still.rows[0]
    assert isinstance(image, Grid)
    assert isinstance(output, Grid)
    assert image.pixels is not None
    assert output.pixels is not None
