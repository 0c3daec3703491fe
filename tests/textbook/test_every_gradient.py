"""Every backward pass against trying, on five shapes each; dL/dx has the shape of x, always."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.differences import disagreement
from striate.textbook.layer import Layer
from tests.textbook.layers import ACTIVATIONS, MAPS, ON_MAPS, ON_VECTORS, VECTORS, Sizes, spaced

CLOSE = 1e-6


def check(layer: Layer, rng: np.random.Generator, sizes: Sizes) -> None:
    """Every gradient of the layer is what trying gives, and has the shape of what it belongs to."""
    x = spaced(rng, sizes)
    y = layer.forward(x)
    upstream = rng.normal(size=y.shape)
    assert layer.backward(upstream).shape == x.shape
    apart = disagreement(layer, x, upstream)
    assert max(apart.values()) < CLOSE, apart


@pytest.mark.parametrize("sizes", MAPS, ids=str)
@pytest.mark.parametrize("name", ON_MAPS)
def test_the_gradients_of_a_layer_on_maps_are_what_trying_gives(
    name: str, sizes: Sizes, rng: np.random.Generator
) -> None:
    check(ON_MAPS[name](rng, sizes), rng, sizes)


@pytest.mark.parametrize("sizes", VECTORS, ids=str)
@pytest.mark.parametrize("name", ON_VECTORS)
def test_the_gradients_of_a_layer_on_vectors_are_what_trying_gives(
    name: str, sizes: Sizes, rng: np.random.Generator
) -> None:
    check(ON_VECTORS[name](rng, sizes), rng, sizes)


@pytest.mark.parametrize("sizes", [*MAPS[:2], *VECTORS[:3]], ids=str)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_gradients_of_an_activation_are_what_trying_gives(
    name: str, sizes: Sizes, rng: np.random.Generator
) -> None:
    check(ACTIVATIONS[name](), rng, sizes)


# A batch norm in training looks at the whole batch, and that is the point of it.
@pytest.mark.parametrize("name", [name for name in ON_MAPS if name != "batch norm in training"])
def test_a_second_picture_does_not_change_the_first_ones_gradient(
    name: str, rng: np.random.Generator
) -> None:
    sizes = (2, 2, 5, 5)
    layer, x = ON_MAPS[name](rng, sizes), spaced(rng, sizes)
    upstream = rng.normal(size=layer.forward(x).shape)
    both = layer.backward(upstream)
    layer.forward(x[:1])
    assert np.allclose(layer.backward(upstream[:1]), both[:1], atol=1e-12)
