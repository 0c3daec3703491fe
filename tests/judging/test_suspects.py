"""Planted wrong labels are found, and the same pictures as in a slow loop and in cleanlab."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging.calibration import softmax
from striate.judging.suspects import confident_joint, suspects
from tests.judging.worlds import answers


def noisy(
    n: int, K: int, planted: int, rng: np.random.Generator, gap: float = 5
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities, labels of which some are wrong, and which."""
    logits, labels = answers(n, K, rng, gap=gap)
    labels = logits.argmax(axis=1)
    wrong = rng.choice(n, planted, replace=False)
    given = labels.copy()
    given[wrong] = (labels[wrong] + rng.integers(1, K, planted)) % K
    return softmax(logits), given, wrong


def by_loop(shares: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, list[int]]:
    """The joint as the paper writes it, one picture at a time."""
    K = shares.shape[1]
    limits = [shares[labels == j, j].mean() if (labels == j).any() else np.inf for j in range(K)]
    joint, accused = np.zeros((K, K), int), []
    for i, row in enumerate(shares):
        sure = [j for j in range(K) if row[j] >= limits[j] - 1e-6]
        if not sure:
            continue
        guess = max(sure, key=lambda j: (row[j], -j))
        joint[labels[i], guess] += 1
        if guess != labels[i] and row[labels[i]] < max(np.delete(row, labels[i])):
            accused.append(i)
    return joint, accused


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(max_examples=50, deadline=None)
def test_the_joint_and_the_suspects_are_those_of_a_slow_loop(seed: int, K: int) -> None:
    shares, labels, _ = noisy(60, K, 6, np.random.default_rng(seed), gap=2)
    joint, accused = by_loop(shares, labels)
    assert np.array_equal(confident_joint(shares, labels).counts, joint)
    found = suspects(shares, labels, [str(k) for k in range(K)])
    assert sorted(one.row for one in found) == accused


def test_planted_wrong_labels_are_found_first(rng: np.random.Generator) -> None:
    shares, labels, wrong = noisy(2000, 8, 60, rng, gap=7)
    found = suspects(shares, labels, "abcdefgh")
    first = {one.row for one in found[:60]}
    assert len(first & set(wrong.tolist())) >= 55
    assert len({one.row for one in found} & set(wrong.tolist())) >= 55


def test_clean_labels_are_hardly_accused(rng: np.random.Generator) -> None:
    shares, labels, _ = noisy(2000, 8, 0, rng)
    assert len(suspects(shares, labels, "abcdefgh")) == 0
    assert confident_joint(shares, labels).share_wrong < 0.001


def test_the_share_of_wrong_labels_is_about_the_one_planted(rng: np.random.Generator) -> None:
    shares, labels, _ = noisy(3000, 6, 240, rng)
    assert confident_joint(shares, labels).share_wrong == pytest.approx(0.08, abs=0.02)


def test_cleanlab_accuses_the_same_pictures(rng: np.random.Generator) -> None:
    reason = "cleanlab is not installed: it is the oracle here"
    filters = pytest.importorskip("cleanlab.filter", reason=reason)
    shares, labels, _ = noisy(600, 5, 40, rng, gap=3)
    limits = confident_joint(shares, labels).thresholds
    # Where several classes are sure, cleanlab takes the largest of all, sure or not; the paper does not.
    simple = (shares >= limits - 1e-6)[np.arange(600), shares.argmax(axis=1)] | (
        (shares >= limits - 1e-6).sum(axis=1) <= 1
    )
    mask = filters.find_label_issues(labels, shares, filter_by="confident_learning", n_jobs=1)
    found = {one.row for one in suspects(shares, labels, "abcde")}
    rows = np.flatnonzero(simple)
    assert {int(i) for i in rows if mask[i]} == found & set(rows.tolist())
    assert len(found) > 20


def test_cleanlab_ranks_them_alike(rng: np.random.Generator) -> None:
    reason = "cleanlab is not installed: it is the oracle here"
    rank = pytest.importorskip("cleanlab.rank", reason=reason)
    shares, labels, _ = noisy(300, 4, 30, rng, gap=3)
    for ours, theirs in (("margin", "normalized_margin"), ("self_confidence", "self_confidence")):
        quality = rank.get_label_quality_scores(labels, shares, method=theirs)
        rows = [one.row for one in suspects(shares, labels, "abcd", ranked_by=ours)]  # type: ignore[arg-type]
        assert np.all(np.diff(quality[rows]) >= -1e-9)


def test_a_suspect_tells_what_is_written_and_what_it_looks_like() -> None:
    shares = np.array([[0.9, 0.1], [0.8, 0.2], [0.85, 0.15], [0.1, 0.9], [0.2, 0.8]])
    labels = np.array([0, 0, 1, 1, 1])
    (one,) = suspects(shares, labels, ("cat", "dog"))
    assert (one.row, one.label, one.likely) == (2, "dog", "cat")
    assert (one.probability, one.self_confidence) == (0.85, 0.15)
    assert one.to_dict()["margin"] == pytest.approx(-0.7)


@given(st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_order_and_numbering_play_no_part_in_suspicion(seed: int) -> None:
    rng = np.random.default_rng(seed)
    shares, labels, _ = noisy(50, 4, 8, rng, gap=3)
    rows, classes = rng.permutation(50), rng.permutation(4)
    one = {(s.row, s.label, s.likely) for s in suspects(shares, labels, "abcd")}
    moved = suspects(
        shares[rows][:, classes], np.argsort(classes)[labels[rows]], ["abcd"[k] for k in classes]
    )
    assert {(int(rows[s.row]), s.label, s.likely) for s in moved} == one


def test_a_class_without_pictures_suspects_nobody(rng: np.random.Generator) -> None:
    shares, labels, _ = noisy(200, 3, 10, rng)
    labels[labels == 2] = 0
    assert confident_joint(shares, labels).thresholds[2] == np.inf
    assert all(one.likely != "c" for one in suspects(shares, labels, "abc"))


def test_what_are_no_probabilities_is_refused() -> None:
    with pytest.raises(CannotJudge, match="add up to 1"):
        suspects(np.array([[2.0, 1.0]]), np.array([0]), "ab")
    with pytest.raises(CannotJudge, match="ranked by"):
        suspects(np.array([[0.5, 0.5]]), np.array([0]), "ab", ranked_by="luck")  # type: ignore[arg-type]
