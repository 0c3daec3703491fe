"""Uneven sets made even: by weights, and by the order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.pictures.balance import balanced, class_weights


@pytest.mark.parametrize("rule", ["inverse", "effective"])
def test_weights_have_mean_one_over_all_pictures_and_rare_classes_weigh_more(rule) -> None:
    counts = np.array([1000, 100, 10])
    weights = class_weights(counts, rule)
    assert (weights * counts).sum() / counts.sum() == pytest.approx(1)
    assert weights[0] < weights[1] < weights[2]


def test_inverse_weights_make_every_class_count_the_same() -> None:
    counts = np.array([30, 10, 60])
    assert class_weights(counts, "inverse") * counts == pytest.approx([100 / 3] * 3)


def test_effective_weights_follow_the_paper() -> None:
    counts, beta = np.array([500, 5]), 0.99
    raw = (1 - beta) / (1 - beta**counts)
    made = class_weights(counts, "effective", beta)
    assert made[1] / made[0] == pytest.approx(raw[1] / raw[0], rel=1e-6)


def test_a_class_without_pictures_weighs_nothing() -> None:
    assert class_weights(np.array([5, 0])).tolist() == [1.0, 0.0]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.integers(0, 5), st.integers(0, 5))
def test_classes_come_equally_often_and_pictures_of_a_class_in_turn(labels, seed, epoch) -> None:
    known = np.array(labels, np.int32)
    rows = balanced(known, seed, epoch)
    assert len(rows) == len(labels)
    present = np.unique(known)
    per_class = np.array([(known[rows] == k).sum() for k in present])
    assert per_class.max() - per_class.min() <= 1
    for k in present:
        times = np.bincount(rows, minlength=len(labels))[known == k]
        assert times.max() - times.min() <= 1
    assert np.array_equal(rows, balanced(known, seed, epoch))


def test_every_picture_of_a_large_class_is_seen_as_epochs_go_by() -> None:
    labels = np.array([0] * 90 + [1] * 10, np.int32)
    seen = set(np.concatenate([balanced(labels, 0, epoch) for epoch in range(12)]).tolist())
    assert seen == set(range(100))


def test_no_labels_give_no_rows() -> None:
    assert len(balanced(np.zeros(0, np.int32), 0, 0)) == 0
