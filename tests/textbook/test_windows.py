"""Patches and the way back, against loops over places and taps."""

from __future__ import annotations

import numpy as np
import pytest

from striate.geometry.window import Window
from striate.textbook.windows import Windows, patches, spread, square, times_used
from tests.textbook.layers import POOLS, WINDOWS, Sizes

CASES = [*WINDOWS.items(), *POOLS.items()]


@pytest.mark.parametrize(("sizes", "windows"), CASES, ids=str)
def test_a_patch_holds_what_the_window_sees(
    sizes: Sizes, windows: Windows, rng: np.random.Generator
) -> None:
    x = rng.normal(size=sizes)
    seen = patches(x, windows, fill=-7.0)
    rows, columns = windows
    places = rows.out(sizes[2]), columns.out(sizes[3])
    assert seen.shape == (*sizes[:2], *places, rows.kernel, columns.kernel)
    for h, w, i, j in np.ndindex(seen.shape[2:]):
        y = h * rows.stride + i * rows.dilation - rows.before
        z = w * columns.stride + j * columns.dilation - columns.before
        inside = 0 <= y < sizes[2] and 0 <= z < sizes[3]
        assert (seen[:, :, h, w, i, j] == (x[:, :, y, z] if inside else -7.0)).all()


@pytest.mark.parametrize(("sizes", "windows"), CASES, ids=str)
def test_spreading_is_the_transpose_of_cutting_patches(
    sizes: Sizes, windows: Windows, rng: np.random.Generator
) -> None:
    x = rng.normal(size=sizes)
    seen = patches(x, windows)
    pulls = rng.normal(size=seen.shape)
    assert np.isclose(
        (seen * pulls).sum(), (x * spread(pulls, (sizes[2], sizes[3]), windows)).sum()
    )


def test_l1_padding_does_not_make_all_pixels_count_alike() -> None:
    used = times_used((5, 6), square(3, padding=1))
    assert used[0, 0] == used[-1, -1] == 4
    assert (used[0, 1:-1] == 6).all()
    assert (used[1:-1, 1:-1] == 9).all()


def test_without_padding_a_corner_is_used_once() -> None:
    assert times_used((5, 6), square(3)).tolist()[0] == [1, 2, 3, 3, 2, 1]


def test_l3_a_7x7_picture_with_stride_3_has_a_row_and_a_column_that_no_window_touches() -> None:
    used = times_used((7, 7), square(3, stride=3))
    assert (used[:6, :6] == 1).all()
    assert (used[6] == 0).all()
    assert (used[:, 6] == 0).all()


def test_a_window_is_as_large_and_as_far_apart_as_it_says() -> None:
    assert square(3, 2, 1, 4) == (Window(3, 2, 1, 1, 4), Window(3, 2, 1, 1, 4))
