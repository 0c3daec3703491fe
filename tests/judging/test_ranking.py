"""Areas under curves, with ties, against counting every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.judging.intervals import NOTHING, wilson
from striate.judging.ranking import macro_auc
from tests.judging.worlds import Normals

SETS = st.lists(
    st.tuples(st.integers(0, 2), st.lists(st.integers(-3, 3), min_size=3, max_size=3)),
    min_size=2,
    max_size=25,
)


def scores_of(rows: list[tuple[int, list[int]]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([s for _, s in rows], np.float32), np.array([y for y, _ in rows])


def by_pairs(scores: np.ndarray, labels: np.ndarray) -> list[float]:
    """The area of each class, counting all pairs, equal ones half."""
    areas = []
    for k in range(scores.shape[1]):
        mine, rest = scores[labels == k, k], scores[labels != k, k]
        if len(mine) and len(rest):
            pairs = [(a > b) + (a == b) / 2 for a in mine for b in rest]
            areas.append(sum(pairs) / len(pairs))
    return areas


@given(SETS)
@settings(max_examples=120, deadline=None)
def test_the_area_is_the_share_of_pairs_in_order(rows: list[tuple[int, list[int]]]) -> None:
    scores, labels = scores_of(rows)
    areas = by_pairs(scores, labels)
    found = macro_auc(scores, labels)
    if not areas:
        assert found is NOTHING
        return
    assert found.value == pytest.approx(sum(areas) / len(areas))
    assert found.interval_95 is not None
    assert found.value is not None
    assert 0 <= found.interval_95.low <= found.value <= found.interval_95.high <= 1


def test_scikit_learn_gives_the_same_area(rng: np.random.Generator) -> None:
    metrics = pytest.importorskip(
        "sklearn.metrics", reason="scikit-learn is not installed: it is the oracle here"
    )
    scores = np.round(rng.normal(size=(300, 4)), 1)
    shares = (np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)).astype(np.float32)
    labels = rng.integers(0, 4, 300)
    wanted = metrics.roc_auc_score(labels, shares, multi_class="ovr", average="macro")
    assert macro_auc(shares, labels).value == pytest.approx(wanted, abs=1e-12)


def test_the_deviation_is_the_one_delong_wrote_down(rng: np.random.Generator) -> None:
    """Two classes: his two variances, one of each kind's placements, summed."""
    scores, labels = Normals.with_area([1, 1], 0.8).draw(4000, rng)
    mine, rest = scores[labels == 1, 1], scores[labels == 0, 1]
    up = np.array([(rest < a).mean() for a in mine])
    down = np.array([(mine > b).mean() for b in rest])
    deviation = np.sqrt(up.var(ddof=1) / len(up) + down.var(ddof=1) / len(down))
    found = macro_auc(scores, labels)
    assert found.value == pytest.approx(up.mean(), abs=1e-6)
    assert found.interval_95 is not None
    half = (found.interval_95.high - found.interval_95.low) / 2
    assert half == pytest.approx(1.96 * deviation, rel=0.01)


def test_classes_that_share_pictures_are_not_taken_for_independent(
    rng: np.random.Generator,
) -> None:
    """With two classes both areas are one and the same, so the second adds no certainty."""
    scores, labels = Normals.with_area([1, 1], 0.9).draw(400, rng)
    both = macro_auc(scores, labels)
    one = macro_auc(np.column_stack([np.zeros(400), scores[:, 1]]).astype(np.float32), labels)
    assert both.interval_95 is not None
    assert one.interval_95 is not None
    # The constant column has an area of a half without any doubt: so half of the arms are left.
    arms = [m.interval_95.high - m.interval_95.low for m in (both, one) if m.interval_95]
    assert arms[1] == pytest.approx(arms[0] / 2, rel=0.05)


@given(SETS, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_pictures_and_of_classes_plays_no_part(
    rows: list[tuple[int, list[int]]], random: object
) -> None:
    scores, labels = scores_of(rows)
    one = macro_auc(scores, labels)
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    classes = np.array([2, 0, 1])
    other = macro_auc(scores[order][:, classes], np.argsort(classes)[labels[order]])
    assert one.value == (None if other.value is None else pytest.approx(other.value))
    if one.interval_95 is not None:
        assert one.interval_95 == pytest.approx(other.interval_95, abs=1e-6)


def test_where_no_pair_is_out_of_order_the_interval_is_wilsons() -> None:
    labels = np.repeat([0, 1], 30)
    scores = np.column_stack([-labels, labels]).astype(np.float32)
    found = macro_auc(scores, labels)
    assert found.value == 1
    assert found.interval_95 == pytest.approx(wilson(1, 60))


def test_one_class_alone_cannot_be_ranked() -> None:
    assert macro_auc(np.zeros((4, 3), np.float32), np.zeros(4, np.int64)) is NOTHING


def test_a_class_without_pictures_is_left_out(rng: np.random.Generator) -> None:
    scores, labels = Normals.with_area([1, 1, 1], 0.8).draw(90, rng)
    wide = np.column_stack([scores, np.zeros(90)]).astype(np.float32)
    assert macro_auc(wide, labels) == macro_auc(scores, labels)
