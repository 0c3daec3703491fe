"""Where something is."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import DoesNotFit
from striate.features import place
from striate.features.place import places


def test_a_spot_is_found_in_its_cell_whatever_its_colour() -> None:
    pictures = np.full((2, 16, 16, 3), 100, np.uint8)
    pictures[0, 1:3, 13:15] = 250
    pictures[1, 1:3, 13:15] = 10
    made = places(pictures)
    wanted = np.zeros((2, 16))
    wanted[:, 3] = 1
    assert np.array_equal(made, wanted)


def test_an_empty_picture_is_nowhere() -> None:
    assert not places(np.full((1, 9, 9, 1), 7, np.uint8)).any()


def test_pictures_smaller_than_the_grid_are_refused() -> None:
    with pytest.raises(DoesNotFit, match="a grid of 4x4"):
        places(np.zeros((1, 3, 8, 1), np.uint8))


def test_every_pixel_is_added_once() -> None:
    assert place.multiply_adds(10, 20) == 200
