"""Logits made into numbers, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as made

from striate.errors import CannotJudge
from striate.judging.answers import answered, checked, log_softmax, named, softmax

LOGITS = made.arrays(
    np.float32, st.tuples(st.integers(1, 12), st.integers(1, 6)), elements=st.integers(-40, 40)
)


@given(LOGITS, st.floats(0.05, 20), st.data())
@settings(max_examples=100, deadline=None)
def test_every_number_is_the_one_of_a_slow_loop(
    logits: np.ndarray, heat: float, data: st.DataObject
) -> None:
    K = logits.shape[1]
    labels = np.array([data.draw(st.integers(0, K - 1)) for _ in logits])
    found = answered(logits, labels, heat)
    for i, row in enumerate(logits.tolist()):
        top = max(row)
        total = math.fsum(math.exp((z - top) / heat) for z in row)
        shares = [math.exp((z - top) / heat) / total for z in row]
        best = row.index(top)
        before = sum(
            z > row[labels[i]] or (z == row[labels[i]] and j < labels[i]) for j, z in enumerate(row)
        )
        assert found.predicted[i] == best
        assert found.rank[i] == before
        assert found.correct[i] == (best == labels[i])
        assert found.confidence[i] == pytest.approx(shares[best])
        wanted = math.log(total) - (row[labels[i]] - top) / heat
        assert found.loss[i] == pytest.approx(wanted, abs=1e-12)


@given(LOGITS, st.floats(0.05, 20), st.integers(-1000, 1000))
@settings(max_examples=60, deadline=None)
def test_adding_a_constant_to_a_row_changes_nothing(
    logits: np.ndarray, heat: float, constant: int
) -> None:
    labels = np.zeros(len(logits), np.int64)
    one, other = (
        answered(logits, labels, heat),
        answered(logits + np.float32(constant), labels, heat),
    )
    assert np.array_equal(one.predicted, other.predicted)
    assert np.allclose(one.loss, other.loss, rtol=1e-9, atol=1e-12)
    assert np.allclose(one.confidence, other.confidence, rtol=1e-9)


@given(LOGITS, st.floats(0.05, 20))
@settings(max_examples=60, deadline=None)
def test_temperature_changes_no_answer(logits: np.ndarray, heat: float) -> None:
    labels = np.zeros(len(logits), np.int64)
    one, other = answered(logits, labels), answered(logits, labels, heat)
    assert np.array_equal(one.predicted, other.predicted)
    assert np.array_equal(one.rank, other.rank)
    assert np.allclose(softmax(logits, heat).sum(axis=1), 1)


def test_probabilities_that_round_to_1_keep_their_order() -> None:
    log = log_softmax(np.array([[60.0, 0.0], [80.0, 0.0]]), np.ones(2))
    assert -1e-25 < log[0, 0] < log[1, 0] < 0


def test_each_picture_can_have_its_own_temperature() -> None:
    logits = np.array([[1.0, 0.0], [1.0, 0.0]], np.float32)
    found = answered(logits, np.array([0, 0]), np.array([1.0, 2.0]))
    assert found.confidence == pytest.approx([1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-0.5))])


def test_large_sets_are_worked_through_in_parts_with_the_same_result(
    rng: np.random.Generator,
) -> None:
    logits = rng.normal(size=(3000, 700)).astype(np.float32)
    labels = rng.integers(0, 700, 3000)
    found = answered(logits, labels)
    some = answered(logits[1490:1510], labels[1490:1510])
    assert np.array_equal(found.loss[1490:1510], some.loss)
    assert np.array_equal(found.rank[1490:1510], some.rank)


def test_huge_logits_stay_finite() -> None:
    found = answered(np.array([[3e38, -3e38]], np.float32), np.array([1]), 0.05)
    assert np.isfinite(found.loss).all()
    assert np.isfinite(found.log_probabilities).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_logits_that_are_no_numbers_are_refused_with_their_row(value: float) -> None:
    logits = np.zeros((5, 3), np.float32)
    logits[3, 1] = value
    with pytest.raises(CannotJudge, match="logits of 1 of 5 pictures .* row 3"):
        answered(logits, np.zeros(5, np.int64))


def test_labels_outside_the_classes_are_refused_with_the_first() -> None:
    with pytest.raises(
        CannotJudge, match="2 of 4 labels are not among 3 classes, first 3 in row 1"
    ):
        checked(np.zeros((4, 3), np.float32), np.array([0, 3, -1, 2]))


def test_both_faults_are_told_at_once() -> None:
    with pytest.raises(CannotJudge, match="no numbers.*not among"):
        checked(np.full((1, 2), np.nan, np.float32), np.array([7]))


@pytest.mark.parametrize(
    ("logits", "labels", "words"),
    [
        (np.zeros((2, 3)), np.zeros(3, np.int64), "do not go with"),
        (np.zeros(3), np.zeros(3, np.int64), "do not go with"),
        (np.zeros((0, 3)), np.zeros(0, np.int64), "nothing to judge"),
        (np.zeros((2, 0)), np.zeros(2, np.int64), "nothing to judge"),
        (np.zeros((2, 3)), np.zeros(2), "whole numbers"),
    ],
)
def test_what_does_not_go_together_is_refused(
    logits: np.ndarray, labels: np.ndarray, words: str
) -> None:
    with pytest.raises(CannotJudge, match=words):
        checked(logits, labels)


@pytest.mark.parametrize("heat", [0.0, -1.0, np.nan, np.inf])
def test_a_temperature_is_above_0_and_finite(heat: float) -> None:
    with pytest.raises(CannotJudge, match="temperature"):
        answered(np.zeros((1, 2), np.float32), np.array([0]), heat)


@pytest.mark.parametrize("names", [("a",), ("a", "a"), ("a", "b", "c")])
def test_each_class_has_one_name_of_its_own(names: tuple[str, ...]) -> None:
    with pytest.raises(CannotJudge, match="for 2 classes"):
        named(names, 2)
