"""The table and what follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as made

from striate.judging.confusion import (
    balanced_accuracy,
    by_class,
    certain,
    confusion,
    macro_f1,
    most_confused,
)

TABLES = made.arrays(
    np.int64, st.integers(2, 6).map(lambda k: (k, k)), elements=st.integers(0, 30)
).filter(lambda table: bool((table.sum(axis=1) > 0).any()))


def unrolled(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels and answers with this table."""
    truth, said = np.indices(table.shape)
    return np.repeat(truth.ravel(), table.ravel()), np.repeat(said.ravel(), table.ravel())


@given(TABLES)
@settings(max_examples=60, deadline=None)
def test_the_table_of_its_own_pictures_is_the_table(table: np.ndarray) -> None:
    assert np.array_equal(confusion(*unrolled(table), len(table)), table)


@given(TABLES)
@settings(max_examples=80, deadline=None)
def test_scores_of_classes_are_those_of_a_slow_loop(table: np.ndarray) -> None:
    for k, one in enumerate(by_class(table, [str(k) for k in range(len(table))])):
        count, said, right = sum(table[k]), sum(table[:, k]), table[k, k]
        assert (one.count, one.said) == (count, said)
        if not count:
            assert one.precision.value is one.recall.value is one.f1.value is None
            continue
        assert one.recall.value == pytest.approx(right / count)
        assert one.precision.value == (pytest.approx(right / said) if said else None)
        assert one.f1.value == pytest.approx(2 * right / (count + said))


@given(TABLES)
@settings(max_examples=25, deadline=None)
def test_scikit_learn_gives_the_same_scores(table: np.ndarray) -> None:
    metrics = pytest.importorskip(
        "sklearn.metrics", reason="scikit-learn is not installed: it is the oracle here"
    )
    truth, said = unrolled(table)
    present = np.flatnonzero(table.sum(axis=1))
    wanted = metrics.precision_recall_fscore_support(
        truth, said, labels=range(len(table)), zero_division=0
    )
    for k, one in enumerate(by_class(table, [str(k) for k in range(len(table))])):
        if one.count:
            scores = (one.precision.value or 0.0, one.recall.value, one.f1.value)
            assert scores == pytest.approx([column[k] for column in wanted[:3]])
    assert macro_f1(table).value == pytest.approx(
        metrics.f1_score(truth, said, labels=present, average="macro", zero_division=0)
    )
    assert balanced_accuracy(table).value == pytest.approx(
        metrics.recall_score(truth, said, labels=present, average="macro", zero_division=0)
    )


@given(TABLES, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_other_numbers_for_the_classes_change_no_mean(table: np.ndarray, random: object) -> None:
    order = list(range(len(table)))
    random.shuffle(order)  # type: ignore[attr-defined]
    moved = table[np.ix_(order, order)]
    for judge in (balanced_accuracy, macro_f1):
        one, other = judge(table), judge(moved)
        assert one.value == pytest.approx(other.value)
        assert one.interval_95 == pytest.approx(other.interval_95, abs=1e-9)


@given(TABLES)
@settings(max_examples=80, deadline=None)
def test_every_interval_is_within_0_and_1_and_holds_its_value(table: np.ndarray) -> None:
    rows = by_class(table, [str(k) for k in range(len(table))])
    measures = [m for one in rows for m in (one.precision, one.recall, one.f1)]
    for one in (*measures, balanced_accuracy(table), macro_f1(table)):
        if one.interval_95 is not None:
            assert one.value is not None
            assert 0 <= one.interval_95.low <= one.value <= one.interval_95.high <= 1
            assert one.interval_95.low < one.interval_95.high


def test_the_influences_of_macro_f1_are_its_slopes(rng: np.random.Generator) -> None:
    """The variance by nudging every cell, for classes so large that nothing is inflated."""
    table = rng.integers(200, 3000, (4, 4)) * 1000
    base, nudged = macro_f1(table), np.zeros((4, 4))
    for cell in np.ndindex(4, 4):
        more = table.copy()
        more[cell] += 1000
        nudged[cell] = ((macro_f1(more).value or 0) - (base.value or 0)) / 1000
    deviation = np.sqrt((table * nudged**2).sum())
    assert base.interval_95 is not None
    half = (base.interval_95.high - base.interval_95.low) / 2
    assert half == pytest.approx(1.959964 * deviation, rel=0.01)


def test_a_class_without_pictures_is_left_out_of_means() -> None:
    table = np.array([[8, 2, 0], [1, 9, 0], [0, 0, 0]])
    small = table[:2, :2]
    assert balanced_accuracy(table) == balanced_accuracy(small)
    assert macro_f1(table) == macro_f1(small)
    last = by_class(table, "abc")[2]
    assert last.to_dict() == {
        "count": 0, "said": 0, "precision": None, "precision_95": None, "recall": None,
        "recall_95": None, "f1": None, "f1_95": None,
    }  # fmt: skip


def test_a_class_that_is_never_said_has_no_precision_and_an_f1_of_0() -> None:
    one = by_class(np.array([[5, 0], [3, 0]]), "ab")[1]
    assert one.precision.value is None
    assert (one.recall.value, one.f1.value) == (0, 0)


def test_the_costliest_pairs_come_first() -> None:
    table = np.array([[50, 0, 7], [1, 40, 0], [7, 2, 10]])
    found = most_confused(table, ("cat", "dog", "cow"), count=3)
    assert [(one.truth, one.said, one.count) for one in found] == [
        ("cat", "cow", 7), ("cow", "cat", 7), ("cow", "dog", 2),
    ]  # fmt: skip
    assert found[1].share.value == pytest.approx(7 / 19)
    assert most_confused(np.diag([3, 4]), "ab") == ()


def test_equal_classes_count_as_all_their_pictures() -> None:
    assert certain(np.array([20.0, 20.0, 20.0])) == pytest.approx(60)
    assert certain(np.array([100.0, 1.0])) < 4
