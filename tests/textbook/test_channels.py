"""Layers that move, choose or scale numbers."""

from __future__ import annotations

import numpy as np

from striate.textbook import channels


def test_a_shuffle_interleaves_its_groups() -> None:
    layer = channels.Shuffle(2)
    assert layer.forward(np.arange(6.0)[None, :, None, None]).ravel().tolist() == [0, 3, 1, 4, 2, 5]


def test_a_shuffle_backward_undoes_the_shuffle(rng: np.random.Generator) -> None:
    layer, x = channels.Shuffle(3), rng.normal(size=(2, 6, 2, 2))
    assert (layer.backward(layer.forward(x)) == x).all()


def test_what_a_part_leaves_out_gets_no_gradient() -> None:
    layer = channels.Part(1, 3)
    assert layer.forward(np.arange(4.0)[None, :, None, None]).ravel().tolist() == [1, 2]
    assert layer.backward(np.array([5.0, 6])[None, :, None, None]).ravel().tolist() == [0, 5, 6, 0]


def test_every_second_row_and_column_with_zeros_around_the_channels() -> None:
    x = np.arange(16.0).reshape(1, 1, 4, 4)
    y = channels.Every((2, 2), 1).forward(x)
    assert y[0].tolist() == [[[0, 0], [0, 0]], [[0, 2], [8, 10]], [[0, 0], [0, 0]]]


def test_maxout_takes_the_largest_of_each_run() -> None:
    layer = channels.Maxout(3)
    assert layer.forward(np.array([[1.0, 5, 2, 7, 7, 0]])).tolist() == [[5, 7]]
    assert layer.backward(np.array([[4.0, 6]])).tolist() == [[0, 4, 0, 3, 3, 0]]
