"""The pictures that should be looked at first."""

from __future__ import annotations

import numpy as np
import pytest

from striate.judging.answers import answered
from striate.judging.worst import highest_losses, most_confident
from tests.judging.worlds import answers


def test_wrong_answers_come_by_their_probability(rng: np.random.Generator) -> None:
    logits, labels = answers(300, 4, rng, gap=2)
    found = most_confident(logits, labels, "abcd", count=10, temperature=1.4)
    all_of = answered(logits, labels, 1.4)
    wrong = sorted(
        (float(-all_of.confidence[i]), i) for i in range(300) if logits[i].argmax() != labels[i]
    )
    assert [one.row for one in found] == [i for _, i in wrong[:10]]
    for one in found:
        assert one.truth == "abcd"[labels[one.row]] != one.predicted
        assert one.probability == pytest.approx(all_of.confidence[one.row])


def test_high_losses_may_be_right_answers_too() -> None:
    logits = np.array([[0.1, 0.0], [9.0, 0.0], [0.0, 2.0]], np.float32)
    found = highest_losses(logits, np.array([0, 0, 0]), "ab", count=2)
    assert [(one.row, one.truth, one.predicted) for one in found] == [(2, "a", "b"), (0, "a", "a")]
    assert found[0].loss == pytest.approx(np.log1p(np.exp(2)))


def test_errors_that_are_all_but_certain_are_told_apart_by_their_loss() -> None:
    logits = np.array([[50.0, 0.0], [90.0, 0.0], [70.0, 0.0]], np.float32)
    found = most_confident(logits, np.array([1, 1, 1]), "ab")
    assert [one.row for one in found] == [1, 2, 0]


def test_where_nothing_is_wrong_nothing_is_shown() -> None:
    logits = np.eye(3, dtype=np.float32)
    assert most_confident(logits, np.arange(3), "abc") == ()
    told = highest_losses(logits, np.arange(3), "abc", count=1)[0].to_dict()
    assert set(told) == {"row", "truth", "predicted", "probability", "loss"}
