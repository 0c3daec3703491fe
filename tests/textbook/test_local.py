"""The locally connected layer: loops, and a convolution where all filters are alike."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.convolution import Convolution
from striate.textbook.local import LocallyConnected
from striate.textbook.windows import patches, square
from tests.textbook.layers import MAPS, Sizes, local


@pytest.mark.parametrize("sizes", MAPS, ids=str)
def test_every_place_is_a_dot_product_with_its_own_filter(
    sizes: Sizes, rng: np.random.Generator
) -> None:
    layer, x = local(rng, sizes), rng.normal(size=sizes)
    y, seen = layer.forward(x), patches(x, layer.windows)
    for n, o, h, w in np.ndindex(y.shape):
        place = h * y.shape[3] + w
        patch = seen[n, :, h, w].ravel()
        wanted = layer.weights["weight"][place, o] @ patch + layer.weights["bias"][o, place]
        assert np.isclose(y[n, o, h, w], wanted)


def test_with_the_same_filter_at_every_place_it_is_a_convolution(rng: np.random.Generator) -> None:
    weight, x = rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(2, 2, 6, 5))
    alike = LocallyConnected(np.tile(weight.reshape(1, 4, 18), (12, 1, 1)), None, square(3))
    convolution = Convolution(weight)
    y = convolution.forward(x)
    assert np.allclose(alike.forward(x), y, atol=1e-12)
    upstream = rng.normal(size=y.shape)
    assert np.allclose(alike.backward(upstream), convolution.backward(upstream), atol=1e-12)
    # What sharing does to the gradient: all places are added.
    unshared = alike.gradients["weight"].sum(axis=0).reshape(weight.shape)
    assert np.allclose(unshared, convolution.gradients["weight"], atol=1e-12)


def test_l4_without_sharing_30_to_12_takes_120_parameters() -> None:
    layer = LocallyConnected(np.zeros((12, 1, 9)), np.zeros((1, 12)), square(3))
    assert layer.forward(np.zeros((1, 1, 5, 6))).size == 12
    assert sum(w.size for w in layer.weights.values()) == 12 * (9 + 1) == 120
