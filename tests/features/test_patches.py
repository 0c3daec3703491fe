"""Windows of pictures, their contrast, and whitening."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit
from striate.features.patches import contrasted, every_patch, random_patches, whitening
from tests.features.pictures import rough


def test_every_window_is_there_in_rows_and_columns(rng) -> None:
    pictures = rough(rng, 2, 9, 8)
    made = every_patch(pictures, 3, 2)
    assert made.shape == (2, 4, 3, 27)
    assert np.array_equal(made[1, 2, 1].reshape(3, 3, 3), pictures[1, 4:7, 2:5])


def test_random_patches_are_windows_and_depend_on_the_seed_alone(rng) -> None:
    pictures = rough(rng, 3, 10, 10)
    made = random_patches(pictures, 4, 50, seed=1)
    assert np.array_equal(made, random_patches(pictures, 4, 50, seed=1))
    assert not np.array_equal(made, random_patches(pictures, 4, 50, seed=2))
    windows = {row.tobytes() for row in every_patch(pictures, 4).reshape(-1, 48)}
    assert all(row.tobytes() in windows for row in made)


def test_contrast_makes_light_patches_and_dark_ones_alike_but_leaves_smooth_ones_smooth(
    rng,
) -> None:
    patches = rough(rng, 50, 4, 4, 1).reshape(50, 16).astype(np.float32)
    made = contrasted(patches)
    assert np.allclose(made.mean(axis=1), 0, atol=1e-5)
    assert np.allclose(made.std(axis=1), 1, atol=0.06)
    assert np.allclose(made, contrasted(patches + 30), atol=1e-3)
    assert np.abs(contrasted(np.array([[100, 100, 101, 101]], np.float32))).max() < 0.2


def test_whitened_patches_are_uncorrelated_with_spread_one(rng) -> None:
    mixed = (rng.normal(size=(4000, 6)) @ rng.normal(size=(6, 6))).astype(np.float32) + 3
    made = whitening(mixed, spread=0.0)
    covariance = np.cov(made(mixed).T, bias=True)
    assert np.allclose(covariance, np.eye(6), atol=1e-3)
    assert np.allclose(made.matrix, made.matrix.T, atol=1e-5)


def test_a_patch_larger_than_the_picture_is_refused(rng) -> None:
    with pytest.raises(DoesNotFit, match="a patch of 6x6"):
        random_patches(rough(rng, 1, 5, 9), 6, 3, 0)
