"""Weight sharing: one summand for every path, and their sum is the gradient."""

from __future__ import annotations

import numpy as np

from striate.textbook.convolution import Convolution
from striate.textbook.differences import numerical
from striate.textbook.sharing import paths, shared_gradient
from striate.textbook.windows import square


def test_l1_two_units_that_share_a_weight_give_two_paths() -> None:
    # a1 = w1 x1 + w2 x2 and a2 = w1 x2 + w2 x3, with dl/da1 = 7 and dl/da2 = 11
    x, upstream = np.array([[2.0, 3, 5]]), np.array([[7.0, 11]])
    assert paths(x, upstream, (0, 0)).tolist() == [[7 * 2, 11 * 3]]
    assert shared_gradient(x, upstream, (0, 0)) == 7 * 2 + 11 * 3
    assert shared_gradient(x, upstream, (0, 1)) == 7 * 3 + 11 * 5


def test_l1_the_sum_of_the_two_paths_is_what_trying_gives() -> None:
    x, w, v = np.array([2.0, 3, 5]), np.array([0.5, -1]), np.array([2.0, 7])

    def units() -> np.ndarray:
        return np.tanh([w @ x[:2], w @ x[1:]])

    upstream = (v * (1 - units() ** 2))[None]  # dl/do do/da of l = o = v1 tanh(a1) + v2 tanh(a2)
    tried = numerical(lambda: float(v @ units()), w)
    assert np.allclose([shared_gradient(x[None], upstream, (0, j)) for j in (0, 1)], tried)


def test_the_paths_of_every_tap_add_up_to_the_gradient_of_the_layer(
    rng: np.random.Generator,
) -> None:
    for windows in (square(3), square(3, stride=2, padding=1), square(2, dilation=2)):
        kernel = windows[0].kernel
        layer = Convolution(rng.normal(size=(1, 1, kernel, kernel)), windows=windows)
        picture = rng.normal(size=(6, 7))
        upstream = rng.normal(size=layer.forward(picture[None, None]).shape)
        layer.backward(upstream)
        for i, j in np.ndindex(kernel, kernel):
            found = shared_gradient(picture, upstream[0, 0], (i, j), windows)
            assert np.isclose(found, layer.gradients["weight"][0, 0, i, j])
