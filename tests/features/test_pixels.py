"""Raw pixels."""

from __future__ import annotations

import numpy as np

from striate.features.pixels import flat
from tests.features.pictures import rough


def test_a_picture_of_32_pixels_is_stretched_to_3072_numbers(rng) -> None:
    pictures = rough(rng, 3, 32, 32)
    made = flat(pictures)
    assert made.shape == (3, 3072)
    assert made.dtype == np.float32
    assert np.array_equal(np.rint(made * 255).astype(np.uint8).reshape(pictures.shape), pictures)
