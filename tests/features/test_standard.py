"""Columns brought to one size."""

from __future__ import annotations

import numpy as np

from striate.features.standard import standard


def test_rows_have_length_one_on_average_and_columns_the_same_spread(rng) -> None:
    table = (rng.normal(size=(2000, 5)) * [1, 2, 3, 4, 5] + 7).astype(np.float32)
    made = standard(table)(table)
    assert np.allclose(made.mean(axis=0), 0, atol=1e-4)
    assert np.allclose((made**2).sum(axis=1).mean(), 1, atol=0.02)
    assert made.std(axis=0).max() / made.std(axis=0).min() < 1.1


def test_pixels_share_one_scale_and_what_never_varies_stays_zero(rng) -> None:
    table = (rng.normal(size=(2000, 4)) * [0, 0.001, 1, 2]).astype(np.float32)
    made = standard(table, each=False)(table)
    assert np.allclose(made[:, 3].std() / made[:, 2].std(), 2, atol=0.15)
    assert made[:, :2].std() < 0.01
    assert not standard(table)(table)[:, 0].any()
    assert np.isfinite(standard(np.zeros((3, 2), np.float32))(table[:, :2])).all()
