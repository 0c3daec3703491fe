"""Nearest neighbours, against scikit-learn's, in bounded memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from striate.features import neighbours
from striate.features.neighbours import Neighbours, voted
from tests.features.worlds import classed


@pytest.mark.parametrize("metric", ["L1", "L2"])
@pytest.mark.parametrize("k", [1, 5])
def test_neighbours_and_answers_are_scikit_learn_s(rng, metric, k: int, monkeypatch) -> None:
    theirs = pytest.importorskip("sklearn.neighbors")
    monkeypatch.setattr(neighbours, "_HELD", 64)  # several blocks of remembered rows
    table, labels = classed(rng, 350, 4, 7, 0.8)
    asked, _ = classed(rng, 90, 4, 7, 0.8)
    mine = Neighbours(table, labels, 4, k, metric)
    oracle = theirs.KNeighborsClassifier(k, p=1 if metric == "L1" else 2, algorithm="brute")
    distance, row = oracle.fit(table, labels).kneighbors(asked)
    found = mine.nearest(asked)
    assert np.array_equal(found.row, row)
    assert np.allclose(found.distance, distance, atol=1e-4)
    counts = np.array([np.bincount(labels[one], minlength=4) for one in row])
    clear = np.sort(counts, axis=1)[:, -1] > np.sort(counts, axis=1)[:, -2]
    said = mine.scores(asked).argmax(axis=1)
    assert np.array_equal(said[clear], oracle.predict(asked)[clear])


def test_of_equally_many_votes_the_nearest_wins() -> None:
    votes = voted(np.array([[2, 0, 0, 2], [1, 0, 2, 0]]), 3)
    assert votes.argmax(axis=1).tolist() == [2, 0]
    assert np.allclose(votes.sum(axis=1), 4, atol=0.5)


def test_more_neighbours_than_pictures_are_all_of_them(rng) -> None:
    table, labels = classed(rng, 6, 2, 3)
    assert Neighbours(table, labels, 2, 10).nearest(table).row.shape == (6, 6)


@pytest.mark.parametrize("metric", ["L1", "L2"])
def test_memory_does_not_grow_with_what_is_asked(metric) -> None:
    table = np.zeros((4000, 16), np.float32)
    asked = np.ones((6000 if metric == "L2" else 300, 16), np.float32)
    held = Neighbours(table, np.zeros(4000, np.int64), 2, 3, metric)
    tracemalloc.start()
    held.nearest(asked)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6  # all distances at once would be 96 MB


def test_what_is_remembered_is_what_it_costs(rng) -> None:
    table, labels = classed(rng, 10, 2, 3)
    held = Neighbours(table, labels, 2)
    assert held.parameters == held.multiply_adds == 30
