"""Cross-correlation and convolution: what flipping does, and when it does nothing."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.convolution import Convolution
from striate.textbook.correlation import convolve, cross_correlate


@pytest.mark.parametrize("kernel", [(1, 1), (3, 3), (2, 4), (5, 2)], ids=str)
def test_both_are_scipys(kernel: tuple[int, int], rng: np.random.Generator) -> None:
    signal = pytest.importorskip("scipy.signal")
    picture, weights = rng.normal(size=(6, 7)), rng.normal(size=kernel)
    found = cross_correlate(picture, weights)
    assert np.allclose(found, signal.correlate2d(picture, weights, mode="valid"), atol=1e-12)
    flipped = convolve(picture, weights)
    assert np.allclose(flipped, signal.convolve2d(picture, weights, mode="valid"), atol=1e-12)


def test_the_layer_does_cross_correlation(rng: np.random.Generator) -> None:
    picture, weights = rng.normal(size=(6, 7)), rng.normal(size=(3, 3))
    made = Convolution(weights[None, None]).forward(picture[None, None])[0, 0]
    assert np.allclose(made, cross_correlate(picture, weights), atol=1e-12)


def test_l1_the_padded_example_changes_its_sign_when_the_kernel_is_flipped() -> None:
    rows = "334470/976582/655692/713278/037183/404322"
    picture = np.pad([[float(c) for c in row] for row in rows.split("/")], 1)
    kernel = np.tile([1.0, 0, -1], (3, 1))
    assert cross_correlate(picture, kernel)[:2, :3].tolist() == [[-10, 2, 1], [-15, 3, 0]]
    assert (convolve(picture, kernel) == -cross_correlate(picture, kernel)).all()


def test_l1_a_kernel_that_looks_the_same_upside_down_gives_both_the_same() -> None:
    rows = "11100/01110/00111/00110/01100"
    picture = np.array([[float(c) for c in row] for row in rows.split("/")])
    kernel = np.array([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]])
    for slide in (cross_correlate, convolve):
        assert slide(picture, kernel).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_one_white_pixel_draws_the_kernel_or_turns_it_by_half(rng: np.random.Generator) -> None:
    kernel, picture = rng.normal(size=(3, 3)), np.zeros((5, 5))
    picture[2, 2] = 1
    assert (convolve(picture, kernel) == kernel).all()
    assert (cross_correlate(picture, kernel) == np.rot90(kernel, 2)).all()
