"""Histograms of oriented gradients, against the lecture's numbers and scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit
from striate.features.hog import NORMALISED, PLAIN, Hog, cells_of, hog
from tests.features.pictures import rough


def test_the_lecture_s_320_by_240_pixels_are_10800_numbers(rng) -> None:
    made = hog(rough(rng, 1, 240, 320))
    assert made.shape == (1, 10_800) == (1, 30 * 40 * 9)
    assert made.dtype == np.float32
    assert PLAIN.width(240, 320) == 10_800


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("how", [Hog(), Hog(block=2), Hog(4, 6, 3), Hog(5, 8, 1), Hog(8, 18, 0)])
def test_it_agrees_with_scikit_image(rng, how: Hog, channels: int) -> None:
    feature = pytest.importorskip("skimage.feature")
    pictures = rough(rng, 3, 33, 42, channels)
    wanted = [
        feature.hog(
            picture if channels == 3 else picture[..., 0],
            orientations=how.bins, pixels_per_cell=(how.cell, how.cell),
            cells_per_block=(max(how.block, 1),) * 2, block_norm="L2-Hys",
            channel_axis=-1 if channels == 3 else None, feature_vector=True,
        )
        for picture in pictures
    ]  # fmt: skip
    made = hog(pictures, how)
    if how.block:
        assert made.shape == np.shape(wanted) == (3, how.width(33, 42))
        assert np.allclose(made, wanted, atol=1e-5)
    else:  # without blocks: the cells that scikit-image keeps for itself
        inner = pytest.importorskip("skimage.feature._hog")
        for cells, picture in zip(cells_of(pictures, how), pictures, strict=True):
            assert np.allclose(cells, _their_cells(inner, picture, how), rtol=1e-5, atol=1e-4)


def _their_cells(inner, picture, how: Hog) -> np.ndarray:
    planes = [
        inner._hog_channel_gradient(plane.astype(float)) for plane in picture.transpose(2, 0, 1)
    ]
    strength = np.array([np.hypot(*plane) for plane in planes])
    best = strength.argmax(axis=0)[None]
    down, right = (np.take_along_axis(np.array([p[i] for p in planes]), best, 0)[0] for i in (0, 1))
    rows, columns = (side // how.cell for side in down.shape)
    made = np.zeros((rows, columns, how.bins))
    inner._hoghistogram.hog_histograms(
        np.ascontiguousarray(right), np.ascontiguousarray(down), how.cell, how.cell, down.shape[1],
        down.shape[0], columns, rows, how.bins, made,
    )  # fmt: skip
    return made


@pytest.mark.parametrize(("degrees", "place"), [(0, 0), (45, 2), (90, 4), (135, 6)])
def test_an_edge_votes_for_the_direction_of_its_gradient(degrees: int, place: int) -> None:
    at = np.arange(16) - 7.5
    ramp = np.cos(np.radians(degrees)) * at + np.sin(np.radians(degrees)) * at[:, None]
    picture = (128 + 4 * ramp).round().astype(np.uint8)[None, ..., None]
    assert cells_of(picture).sum(axis=(0, 1, 2)).argmax() == place


def test_light_and_contrast_do_not_change_normalised_blocks(rng) -> None:
    pictures = rough(rng, 2, 32, 32) // 4
    assert np.allclose(hog(pictures, NORMALISED), hog(pictures * 3 + 40, NORMALISED), atol=1e-4)


def test_many_pictures_at_once_are_described_as_each_alone(rng) -> None:
    pictures = rough(rng, 40, 40, 40)
    assert np.array_equal(hog(pictures), np.concatenate([hog(one[None]) for one in pictures]))


def test_pictures_smaller_than_a_cell_or_a_block_are_refused() -> None:
    with pytest.raises(DoesNotFit, match="a cell of 8x8 does not fit into pictures of 7x9"):
        hog(np.zeros((1, 7, 9, 1), np.uint8))
    with pytest.raises(DoesNotFit, match="16x16"):
        hog(np.zeros((1, 15, 40, 1), np.uint8), NORMALISED)
    with pytest.raises(DoesNotFit, match="no grid"):
        hog(np.zeros((1, 15, 40, 1), np.uint8), Hog(bins=0))


def test_the_cost_counts_squares_votes_and_blocks() -> None:
    assert PLAIN.multiply_adds(32, 32, 3) == 1024 * 7
    assert NORMALISED.multiply_adds(32, 32, 3) == 1024 * 7 + 2 * 324
