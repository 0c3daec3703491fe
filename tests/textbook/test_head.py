"""A fully connected head over a larger picture."""

from __future__ import annotations

import numpy as np
import pytest

from striate.geometry.shape import Shape
from striate.grammar.plan import Plan
from striate.textbook.connected import FullyConnected
from striate.textbook.convolution import Convolution
from striate.textbook.head import as_convolution, over_larger
from striate.textbook.sequence import Sequence


@pytest.mark.parametrize("given", [(1, 5, 6), (3, 4, 4), (2, 1, 3), (8, 2, 2), (4, 1, 1)], ids=str)
def test_on_its_own_map_it_gives_the_scores_of_the_layer(
    given: tuple[int, int, int], rng: np.random.Generator
) -> None:
    count = Shape(*given).count
    head = FullyConnected(rng.normal(size=(7, count)), rng.normal(size=7))
    x = rng.normal(size=(2, *given))
    found = as_convolution(head, Shape(*given)).forward(x)
    assert found.shape == (2, 7, 1, 1)
    assert np.allclose(found[:, :, 0, 0], head.forward(x.reshape(2, -1)), atol=1e-12)


def test_on_a_larger_map_every_place_has_the_scores_of_its_cut_out(
    rng: np.random.Generator,
) -> None:
    head = FullyConnected(rng.normal(size=(3, 2 * 4 * 4)))
    grid = as_convolution(head, Shape(2, 4, 4)).forward(large := rng.normal(size=(1, 2, 6, 9)))
    assert grid.shape == (1, 3, 3, 6)
    for h, w in np.ndindex(3, 6):
        cut = large[:, :, h : h + 4, w : w + 4].reshape(1, -1)
        assert np.allclose(grid[:, :, h, w], head.forward(cut), atol=1e-12)


def test_behind_a_convolution_too_the_grid_is_that_of_all_cut_outs(
    rng: np.random.Generator,
) -> None:
    filters, large = Convolution(rng.normal(size=(4, 1, 3, 3))), rng.normal(size=(1, 1, 9, 8))
    head = FullyConnected(rng.normal(size=(2, 4 * 3 * 3)))
    grid = as_convolution(head, Shape(4, 3, 3)).forward(filters.forward(large))
    for h, w in np.ndindex(*grid.shape[2:]):
        cut = large[:, :, h : h + 5, w : w + 5]
        assert np.allclose(grid[:, :, h, w], head.forward(filters.forward(cut).reshape(1, -1)))


NETWORKS = {
    "1x12x12: conv3-4 tanh avg2 conv2-6 relu max2 fc5 relu fc3": 4,
    "2x8x8: stem=(conv3-4 bn relu) conv3-5 relu gap fc3": 1,
    "1x9x9: conv3s2-4 relu gmp flatten drop0.5 fc4 leaky fc2": 2,
}


@pytest.mark.parametrize("text", NETWORKS)
def test_a_whole_network_over_a_larger_picture_gives_the_scores_of_all_cut_outs(
    text: str, rng: np.random.Generator
) -> None:
    plan, jump = Plan.read(text), NETWORKS[text]
    network, side = plan.build("textbook").root, plan[0].given.height
    assert isinstance(network, Sequence)
    small = rng.normal(size=(2, plan[0].given.channels, side, side))
    wide = over_larger(network, small)
    assert np.allclose(wide.forward(small)[:, :, 0, 0], network.forward(small), atol=1e-12)
    large = rng.normal(size=(1, plan[0].given.channels, side + 9, side + 6))
    grid = wide.forward(large)
    assert grid.shape[2:] == (9 // jump + 1, 6 // jump + 1)
    for h, w in np.ndindex(*grid.shape[2:]):
        top, left = h * jump, w * jump
        cut = large[:, :, top : top + side, left : left + side]
        assert np.allclose(grid[:, :, h, w], network.forward(cut), atol=1e-12)


def test_pooling_to_several_places_cannot_go_over_a_larger_picture() -> None:
    network = Plan.read("1x8x8: avgto2 fc3").build("textbook").root
    assert isinstance(network, Sequence)
    with pytest.raises(ValueError, match="depends on the size of the picture"):
        over_larger(network, np.zeros((1, 1, 8, 8)))
