"""Rows on the disk come back as the array they would have been."""

from __future__ import annotations

import io

import numpy as np
import pytest

from striate.seeing.figures.rows import Rows


def test_rows_are_read_back_as_one_array(rng: np.random.Generator) -> None:
    wanted = rng.normal(size=(5, 3, 4)).astype(np.float32)
    rows, held = Rows(), io.BytesIO()
    for row in wanted:
        rows.add(row)
        held = io.BytesIO()
        rows.write_npy(held)  # adding goes on after it was written
    assert rows.shape == (5, 3, 4)
    held.seek(0)
    found = np.load(held, allow_pickle=False)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, wanted)
    with pytest.raises(ValueError, match="among rows"):
        rows.add(wanted)
    rows.close()
