"""The fully connected layer, by hand and by the lectures' counts."""

from __future__ import annotations

import numpy as np

from striate.textbook.connected import Flatten, FullyConnected


def test_every_output_is_a_dot_product_with_the_whole_input() -> None:
    layer = FullyConnected(np.array([[1.0, 2, 3], [0, -1, 1]]), np.array([10.0, 20]))
    assert layer.forward(np.array([[1.0, 1, 2], [0, 0, 1]])).tolist() == [[19, 21], [13, 21]]


def test_its_gradients_by_hand() -> None:
    layer = FullyConnected(np.array([[1.0, 2, 3], [0, -1, 1]]), np.array([10.0, 20]))
    layer.forward(np.array([[1.0, 1, 2]]))
    assert layer.backward(np.array([[1.0, -2]])).tolist() == [[1, 4, 1]]
    assert layer.gradients["weight"].tolist() == [[1, 1, 2], [-2, -2, -4]]
    assert layer.gradients["bias"].tolist() == [1, -2]


def test_l0_a_32x32_colour_picture_stretches_to_3072_channels_first() -> None:
    x = np.arange(2 * 3072.0).reshape(2, 3, 32, 32)
    flat = Flatten()
    assert flat.forward(x).shape == (2, 3072)
    assert flat.forward(x)[0, 1024] == x[0, 1, 0, 0]
    assert (flat.backward(flat.forward(x)) == x).all()


def test_l4_a_full_connection_from_30_to_12_takes_372_parameters() -> None:
    layer = FullyConnected(np.zeros((12, 30)), np.zeros(12))
    assert sum(w.size for w in layer.weights.values()) == 372
