"""Same or different: thresholds and rates as loops count them, intervals that hold the truth."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from striate.errors import CannotJudge
from striate.seeing.inside import pairs
from striate.seeing.inside.pairs import Counted, Threshold, apart, chosen, counted, rates


def drawn(
    rng: np.random.Generator, count: int, noise: float = 0.4
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Pictures around six directions that are the same for every draw."""
    middles = np.random.default_rng(0).normal(size=(6, 5))
    labels = rng.integers(0, 6, count)
    made = middles[labels] / 2 + noise * rng.normal(size=(count, 5))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32), labels


def test_rates_are_those_of_a_loop_over_all_pairs(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors, labels = drawn(rng, 61)
    threshold = Threshold(0.4, 0.2, 0.7)
    told: dict[bool, list[str]] = {True: [], False: []}
    near: dict[bool, list[bool]] = {True: [], False: []}
    for i, j in combinations(range(61), 2):
        far = 1 - float(np.dot(vectors[i].astype(float), vectors[j].astype(float)))
        is_same = bool(labels[i] == labels[j])
        told[is_same].append("same" if far <= 0.2 else "different" if far > 0.7 else "not sure")
        near[is_same].append(far <= 0.4)
        assert threshold.verdict(far) == told[is_same][-1]
    for block in (7, 512):
        monkeypatch.setattr(pairs, "_BLOCK", block)
        found = rates(vectors, labels, threshold)
        assert found.pairs == (len(told[True]), len(told[False]))
        for name, is_same, verdict in (
            ("accepted", False, "same"), ("rejected", True, "different"),
            ("unsure_same", True, "not sure"), ("unsure_different", False, "not sure"),
        ):  # fmt: skip
            share = told[is_same].count(verdict) / len(told[is_same])
            assert getattr(found, name).value == pytest.approx(share)
        assert found.accepted_at.value == pytest.approx(np.mean(near[False]))
        assert found.rejected_at.value == pytest.approx(1 - np.mean(near[True]))
        counts = counted(vectors, labels)
        assert (counts.same.sum(), counts.different.sum()) == found.pairs


def test_the_threshold_makes_both_errors_alike_and_the_band_keeps_them_rare(
    rng: np.random.Generator,
) -> None:
    vectors, labels = drawn(rng, 500)
    threshold = chosen(counted(vectors, labels))
    found = rates(vectors, labels, threshold)
    assert found.accepted_at.value == pytest.approx(found.rejected_at.value, abs=0.01)
    assert threshold.low < threshold.at < threshold.high
    for one in (found.accepted, found.rejected):
        assert one.value is not None
        assert 0.045 < one.value <= 0.05


def test_kinds_that_lie_apart_have_a_threshold_in_the_middle_and_no_band() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
    threshold = chosen(counted(vectors, np.array([0, 0, 1, 1])))
    assert threshold.at == pytest.approx(0.5, abs=0.01)
    assert threshold.low == threshold.at == threshold.high
    assert [threshold.verdict(d) for d in (0.1, 0.9)] == ["same", "different"]
    found = rates(vectors, np.array([0, 0, 1, 1]), threshold)
    assert found.rejected.value == 0
    assert found.rejected.interval_95 is not None
    assert found.rejected.interval_95.high > 0.5  # four pictures prove little
    assert apart(vectors[0], vectors[2]) == 1


def test_intervals_hold_the_truth_although_a_picture_is_in_many_pairs() -> None:
    threshold = Threshold(0.45, 0.3, 0.6)
    truth = rates(*drawn(np.random.default_rng(9), 4000), threshold)
    names = ("accepted", "rejected", "accepted_at", "unsure_same")
    held = dict.fromkeys(names, 0)
    for i in range(150):
        found = rates(*drawn(np.random.default_rng(100 + i), 60), threshold)
        for name in names:
            low, high = getattr(found, name).interval_95
            held[name] += low <= getattr(truth, name).value <= high
    assert all(many / 150 >= 0.9 for many in held.values()), held


def test_pairs_of_one_kind_alone_choose_nothing() -> None:
    empty, some = np.zeros(4096, np.int64), np.ones(4096, np.int64)
    for found in (Counted(empty, some), Counted(some, empty)):
        with pytest.raises(CannotJudge, match="pairs of one label"):
            chosen(found)
