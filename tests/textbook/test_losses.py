"""Softmax and hinge: by hand, by trying, and PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

from striate.textbook.differences import numerical
from striate.textbook.losses import HingeLoss, Loss, Softmax, SoftmaxLoss

SHAPES = [(1, 2), (4, 3), (7, 10), (3, 5), (20, 4)]
SCORES, LABELS = (
    np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]]),
    np.array([0, 1, 2]),
)


def test_three_pictures_have_the_hinge_losses_2_9_and_0_and_12_9() -> None:
    each = [
        HingeLoss().forward(s[None], np.array([k])) for s, k in zip(SCORES, LABELS, strict=True)
    ]
    assert np.allclose(each, [2.9, 0, 12.9])
    assert math.isclose(HingeLoss().forward(SCORES, LABELS), (2.9 + 0 + 12.9) / 3)


def test_the_first_picture_has_the_softmax_loss_of_a_probability_of_0_13() -> None:
    assert np.round(Softmax().forward(SCORES[:1]), 2).tolist() == [[0.13, 0.87, 0.0]]
    assert math.isclose(SoftmaxLoss().forward(SCORES[:1], LABELS[:1]), 2.04, abs_tol=0.005)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_equal_scores_cost_log_of_the_number_of_classes(classes: int) -> None:
    scores, labels = np.zeros((4, classes)), np.array([0, 1, 0, 1])
    assert math.isclose(SoftmaxLoss().forward(scores, labels), math.log(classes))
    assert math.isclose(HingeLoss().forward(scores, labels), classes - 1)


@pytest.mark.parametrize(
    "loss", [SoftmaxLoss(), HingeLoss(), HingeLoss(0.5)], ids=["softmax", "hinge", "hinge-half"]
)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_its_gradient_is_what_trying_gives(
    shape: tuple[int, int], loss: Loss, rng: np.random.Generator
) -> None:
    scores, labels = rng.normal(size=shape), rng.integers(0, shape[1], size=shape[0])
    loss.forward(scores, labels)
    found = loss.backward()
    assert found.shape == shape
    tried = numerical(lambda: loss.forward(scores, labels), scores)
    assert np.allclose(found, tried, atol=1e-8)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_are_pytorchs(shape: tuple[int, int], rng: np.random.Generator) -> None:
    torch = pytest.importorskip("torch")
    scores, labels = rng.normal(size=shape), rng.integers(0, shape[1], size=shape[0])
    functional, right = torch.nn.functional, torch.tensor(labels)
    for ours, theirs in (
        (SoftmaxLoss(), functional.cross_entropy),
        # PyTorch divides its hinge by the number of classes.
        (HingeLoss(), lambda s, y: shape[1] * functional.multi_margin_loss(s, y)),
    ):
        given = torch.tensor(scores, requires_grad=True)
        loss = theirs(given, right)
        loss.backward()
        assert math.isclose(ours.forward(scores, labels), loss.item(), rel_tol=1e-12)
        assert np.allclose(ours.backward(), given.grad.numpy(), atol=1e-12)


def test_scores_in_the_thousands_do_not_overflow() -> None:
    loss = SoftmaxLoss()
    assert loss.forward(np.array([[1000.0, -1000.0]]), np.array([1])) == 2000
    assert loss.backward().tolist() == [[1, -1]]
    assert Softmax().forward(np.array([[1000.0, 1000.0]])).tolist() == [[0.5, 0.5]]


def test_the_gradients_of_one_picture_add_up_to_nothing(rng: np.random.Generator) -> None:
    scores, labels = rng.normal(size=(5, 4)), rng.integers(0, 4, size=5)
    for loss in (SoftmaxLoss(), HingeLoss()):
        loss.forward(scores, labels)
        assert np.allclose(loss.backward().sum(axis=1), 0, atol=1e-12)
