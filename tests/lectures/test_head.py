"""A fully connected head is a convolution on a larger picture."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.head import head
from tests.lectures.reading import grid


def test_the_grid_holds_the_score_of_every_cut_out(rng: np.random.Generator) -> None:
    x, weights, bias = rng.normal(size=(6, 7)), rng.normal(size=(3, 2, 4)), rng.normal(size=3)
    shown = head(x, weights, bias)
    scores = shown.arrays["scores"]
    assert scores.shape == (3, 5, 4)
    for k in range(3):
        for r in range(5):
            for c in range(4):
                cut = x[r : r + 2, c : c + 4].ravel()
                assert scores[k, r, c] == pytest.approx(cut @ weights[k].ravel() + bias[k])
    assert shown.facts["difference"] < 1e-12


def test_on_a_picture_of_its_own_size_it_is_the_fully_connected_layer() -> None:
    shown = head(np.arange(6.0).reshape(2, 3), np.ones((1, 2, 3)))
    assert shown.arrays["scores"].tolist() == [[[15]]]


def test_the_boxes_stand_where_each_class_scores_highest() -> None:
    x = np.zeros((4, 5))
    x[2:4, 3:5] = 1
    shown = head(x, np.stack([np.ones((2, 2)), -np.ones((2, 2))]))
    assert shown.still.rows[0][0].boxes == ((2, 3, 4, 5),)  # type: ignore[union-attr]
    assert shown.still.rows[1][0].boxes == ((0, 0, 2, 2),)  # type: ignore[union-attr]
    np.testing.assert_array_equal(grid(shown.still, "scores of class 0"), shown.arrays["scores"][0])
    assert len(shown.frames) == 12


def test_what_does_not_go_together_is_said() -> None:
    with pytest.raises(UsageError, match="made for 3×3 pictures, and this one is 2×5"):
        head(np.ones((2, 5)), np.ones((2, 3, 3)))
    with pytest.raises(UsageError, match="1 biases for 2 classes"):
        head(np.ones((5, 5)), np.ones((2, 3, 3)), np.ones(1))
