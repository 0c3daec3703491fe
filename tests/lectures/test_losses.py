"""Softmax and SVM written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate.errors import UsageError
from striate.lectures.losses import softmax, svm
from tests.lectures.reading import check_drawn

SCORES = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
LABELS = np.array([0, 1, 2])


def test_softmax_of_3_2_5_1_minus_1_7_is_0_13_0_87_0() -> None:
    shown = softmax(SCORES[:1], LABELS[:1])
    assert np.round(shown.arrays["p"], 2).tolist() == [[0.13, 0.87, 0.0]]
    assert np.round(shown.arrays["exp"], 2).tolist() == [[24.53, 164.02, 0.18]]
    assert "  loss = −log p[0] = −log 0.13 = 2.04" in shown.lines


def test_l2_the_svm_loss_is_the_sum_of_max_0_s_j_minus_s_y_plus_1() -> None:
    shown = svm(SCORES, LABELS)
    np.testing.assert_allclose(shown.arrays["losses"], [2.9, 0, 12.9])
    assert shown.facts["loss"] == pytest.approx(15.8 / 3)
    assert "  class 1: max(0, 5.1 − 3.2 + 1) = max(0, 2.9) = 2.9" in shown.lines
    check_drawn(shown, terms="terms", dscores="dL/ds")


def test_softmax_and_its_gradient_are_those_of_torch(rng: np.random.Generator) -> None:
    held, labels = rng.normal(size=(5, 4)) * 3, rng.integers(0, 4, 5)
    scores = torch.tensor(held, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(scores, torch.tensor(labels))
    loss.backward()
    shown = softmax(held, labels)
    assert shown.facts["loss"] == pytest.approx(loss.item())
    assert scores.grad is not None
    np.testing.assert_allclose(shown.arrays["dscores"], scores.grad.numpy(), atol=1e-9)
    np.testing.assert_allclose(shown.arrays["p"].sum(axis=1), 1)
    check_drawn(shown, p="p", scores="scores")


def test_the_svm_and_its_gradient_are_those_of_torch(rng: np.random.Generator) -> None:
    held, labels = rng.normal(size=(5, 4)) * 3, rng.integers(0, 4, 5)
    scores = torch.tensor(held, requires_grad=True)
    # torch divides by the number of classes as well
    loss = torch.nn.functional.multi_margin_loss(scores, torch.tensor(labels), margin=2.0) * 4
    loss.backward()
    shown = svm(held, labels, 2.0)
    assert shown.facts["loss"] == pytest.approx(loss.item())
    assert scores.grad is not None
    np.testing.assert_allclose(shown.arrays["dscores"], scores.grad.numpy(), atol=1e-9)


def test_without_labels_softmax_shows_probabilities_alone() -> None:
    shown = softmax(SCORES)
    assert set(shown.arrays) == {"scores", "exp", "p"}
    assert "loss" not in " ".join(shown.lines)


def test_scores_of_a_thousand_overflow_nothing() -> None:
    shown = softmax(np.array([[1000.0, 999.0]]), np.array([0]))
    np.testing.assert_allclose(shown.arrays["p"], [[1 / (1 + np.exp(-1)), 1 / (1 + np.e)]])
    assert np.isfinite(shown.arrays["exp"]).all()


def test_large_scores_say_what_was_taken_off_them_and_no_loss_is_infinite() -> None:
    shown = softmax(np.array([[1000.0, 0.0], [3.0, 0.0]]), np.array([1, 0]))
    assert "  sum of e^(s − 1000) = 1 + 0 = 1" in shown.lines
    assert "  loss = −log p[1] = log(sum of e^s) − 0 = 1000" in shown.lines
    assert "  sum of e^s = 20.09 + 1 = 21.09" in shown.lines
    assert "inf" not in " ".join(shown.lines)


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="1 labels for 3 pictures"):
        svm(SCORES, LABELS[:1])
    with pytest.raises(UsageError, match="a label is 3, and classes are 0 … 2"):
        softmax(SCORES, np.array([0, 1, 3]))
    with pytest.raises(UsageError, match="nothing to be compared with"):
        softmax(np.ones((2, 1)))
    with pytest.raises(UsageError, match="up to 12 of each are shown"):
        softmax(np.ones((13, 2)))
