"""Products in tiles are the products."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.audit.products import TILE, tiles


@pytest.mark.parametrize(("first", "second"), [(1, 1), (64, 64), (65, 130), (200, 3)])
def test_tiles_put_together_are_the_product(
    first: int, second: int, rng: np.random.Generator
) -> None:
    a, b = (rng.random((count, 20), np.float32) for count in (first, second))
    made = tiles(a, b)
    assert made.shape[2:] == (TILE, TILE)
    whole = made.transpose(0, 2, 1, 3).reshape(made.shape[0] * TILE, -1)
    assert whole[:first, :second] == pytest.approx(a @ b.T, rel=1e-5)
    assert not whole[first:].any()
    assert not whole[:, second:].any()
