"""Steps in a row, and what the presets hold."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.pictures.augment.chain import NOTHING, PRESETS, preset
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.flip import Flip
from tests.pictures.sets import numbers

SLOTS = np.arange(50)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_gives_pictures_of_its_size(name) -> None:
    pictures = numbers(side=32).source.pictures  # type: ignore[attr-defined]
    chain = preset(name, (32, 32), to=(24, 20))
    made = chain.apply(pictures.copy(), Draws(0, 0, 50), SLOTS)
    assert made.shape[1:3] == chain.size(32, 32)
    assert made.dtype == np.uint8
    assert np.array_equal(made, chain.apply(pictures.copy(), Draws(0, 0, 50), SLOTS))
    assert (name == "none") == np.array_equal(made, pictures)


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_is_mirrored_where_that_would_change_the_meaning(name) -> None:
    chain = preset(name, (32, 32), mirror=False)
    assert not any(isinstance(step, Flip) for step in chain.steps)
    had = any(isinstance(step, Flip) for step in preset(name, (32, 32)).steps)
    assert bool(chain.notes) == had
    assert not preset(name, (32, 32)).notes


def test_digits_are_never_mirrored_and_photographs_are() -> None:
    assert not any(step.mirrors for step in preset("digits", (28, 28)).steps)
    assert any(step.mirrors for step in preset("photos", (28, 28)).steps)
    assert NOTHING.apply(np.zeros((1, 2, 2, 3), np.uint8), Draws(0, 0, 1), SLOTS[:1]).shape == (
        1,
        2,
        2,
        3,
    )


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError, match='"heavy" is no preset.*none, light, digits'):
        preset("heavy", (32, 32))


def test_of_covered_pictures_every_second_has_a_grey_box_of_4_to_20_percent() -> None:
    white = np.full((600, 32, 32, 3), 255, np.uint8)
    made = preset("covered", (32, 32)).apply(white, Draws(0, 0, 600), np.arange(600))
    shares = (made == 128).all(3).mean((1, 2))
    assert 0.42 < (shares > 0).mean() < 0.58
    assert 0.03 < shares[shares > 0].min() < 0.06
    assert 0.17 < shares.max() < 0.22
