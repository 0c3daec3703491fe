"""k-means, against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest

from striate.features.kmeans import kmeans, nearest, spread


def clouds(rng, count: int, centres: int, width: int = 8) -> np.ndarray:
    middle = rng.normal(size=(centres, width)) * 6
    return (middle[rng.integers(0, centres, count)] + rng.normal(size=(count, width))).astype(
        np.float32
    )


@pytest.mark.parametrize("apart", [True, False])
def test_centres_are_as_near_to_the_points_as_scikit_learns(rng, apart: bool) -> None:
    cluster = pytest.importorskip("sklearn.cluster")
    points = clouds(rng, 4000, 12) if apart else rng.normal(size=(4000, 8)).astype(np.float32)
    mine = spread(points, kmeans(points, 12, seed=0))
    theirs = cluster.MiniBatchKMeans(12, batch_size=2048, n_init=1, random_state=0).fit(points)
    whole = cluster.KMeans(12, n_init=3, random_state=0).fit(points)
    assert mine <= 1.05 * spread(points, theirs.cluster_centers_.astype(np.float32))
    assert mine <= 1.3 * whole.inertia_ / len(points)


def test_the_nearest_centre_is_the_one_of_all_distances(rng) -> None:
    points, centres = rng.normal(size=(300, 5)).astype("f4"), rng.normal(size=(9, 5)).astype("f4")
    wanted = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
    assert np.array_equal(nearest(points, centres), wanted)


def test_the_same_seed_gives_the_same_centres_and_no_more_than_there_are_points(rng) -> None:
    points = clouds(rng, 500, 4)
    assert np.array_equal(kmeans(points, 5, seed=3), kmeans(points, 5, seed=3))
    assert not np.array_equal(kmeans(points, 5, seed=3), kmeans(points, 5, seed=4))
    assert kmeans(points[:3], 10, seed=0).shape == (3, 8)


def test_equal_points_do_no_harm() -> None:
    centres = kmeans(np.ones((50, 2), np.float32), 3, seed=0, passes=2)
    assert np.array_equal(centres, np.ones((3, 2)))
