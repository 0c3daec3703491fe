"""Ties in a plane: exact where pictures have two numbers, in the principal components elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

from striate.errors import CannotLookInside
from striate.seeing.inside.hyperplanes import Head, head_of, plane_of, tie
from tests.seeing.networks import Plain, pictures, ready

WEIGHT = np.array([[1.0, 0.5], [-1.0, 2.0], [0.0, -1.5]])
BIAS = np.array([0.3, -0.2, 0.1])


def made() -> nn.Sequential:
    """A linear classifier of pictures 1 1 2."""
    linear = nn.Linear(2, 3)
    model = nn.Sequential(nn.Flatten(), linear).double()
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(WEIGHT))
        linear.bias.copy_(torch.from_numpy(BIAS))
    return model


def test_of_pictures_with_two_numbers_the_plane_shows_all_and_ties_are_where_they_are(
    rng: np.random.Generator,
) -> None:
    x = rng.normal(size=(40, 2)) * (3, 1)
    head = head_of(
        made(),
        [torch.from_numpy(x[:25]).view(-1, 1, 1, 2), torch.from_numpy(x[25:]).view(-1, 1, 1, 2)],
    )
    np.testing.assert_allclose(head.vectors, x)
    plane = plane_of(head)
    assert plane.shown == pytest.approx(1)
    assert plane.kept == 1
    np.testing.assert_array_equal(plane.answers, (x @ WEIGHT.T + BIAS).argmax(1))
    # Distances, and so the distance of every picture to the line of a tie, are those of the pictures.
    np.testing.assert_allclose(
        np.linalg.norm(plane.places[1:] - plane.places[:-1], axis=1),
        np.linalg.norm(x[1:] - x[:-1], axis=1),
    )
    for one, other in ((0, 1), (0, 2), (1, 2)):
        normal, at = tie(plane, one, other)
        across = WEIGHT[one] - WEIGHT[other]
        own = (x @ across + BIAS[one] - BIAS[other]) / np.linalg.norm(across)
        np.testing.assert_allclose(plane.places @ normal - at, own, atol=1e-12)


def test_the_plane_is_that_of_scikit_learn_and_scores_in_it_are_those_of_its_points(
    rng: np.random.Generator,
) -> None:
    vectors = rng.normal(size=(50, 9)) * np.arange(1, 10)
    weight, bias = rng.normal(size=(4, 9)), rng.normal(size=4)
    plane = plane_of(Head("fc", vectors, weight, bias))
    theirs = PCA(2).fit(vectors)
    assert plane.shown == pytest.approx(theirs.explained_variance_ratio_.sum())
    np.testing.assert_allclose(np.abs(plane.places), np.abs(theirs.transform(vectors)))
    laid = theirs.inverse_transform(theirs.transform(vectors))
    scores = laid @ weight.T + bias
    np.testing.assert_allclose(plane.places @ plane.slopes.T + plane.offsets, scores, atol=1e-9)
    kept = (scores.argmax(1) == (vectors @ weight.T + bias).argmax(1)).mean()
    assert plane.kept == pytest.approx(kept)
    assert kept < 1


def test_the_vectors_of_a_deep_network_give_its_scores() -> None:
    model, x = ready(Plain), pictures(5)
    head = head_of(model, [x[:2], x[2:]])
    assert head.layer == "head"
    np.testing.assert_allclose(
        head.vectors @ head.weight.T + head.bias, model(x).detach().numpy(), atol=1e-12
    )


def test_a_layer_that_stands_last_and_is_not_run_is_not_the_last() -> None:
    model, x = ready(Plain), pictures(5)
    model.spare = nn.Linear(9, 2)
    assert head_of(model, [x]).layer == "head"


def test_what_does_not_end_in_a_linear_layer_is_refused() -> None:
    doubled = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.Softmax(1))
    with pytest.raises(CannotLookInside, match="not the scores"):
        head_of(doubled, [torch.ones(2, 1, 2, 2)])
    with pytest.raises(CannotLookInside, match="no fully connected layer"):
        head_of(nn.Conv2d(1, 2, 1), [torch.ones(2, 1, 2, 2)])
    with pytest.raises(CannotLookInside, match="three pictures"):
        plane_of(Head("fc", np.ones((2, 3)), np.ones((2, 3)), np.ones(2)))
    with pytest.raises(CannotLookInside, match="one number goes into fc"):
        plane_of(Head("fc", np.arange(4.0)[:, None], np.ones((2, 1)), np.ones(2)))


def test_classes_with_the_same_weights_have_no_line() -> None:
    plane = plane_of(Head("fc", np.eye(3), np.ones((2, 3)), np.zeros(2)))
    normal, _ = tie(plane, 0, 1)
    np.testing.assert_allclose(normal, 0, atol=1e-12)
