"""Sixteen bits and floating numbers to eight bits."""

from __future__ import annotations

import numpy as np
import pytest

from striate.pictures.depth import from_float, from_sixteen


def test_a_ramp_of_sixteen_bits_keeps_its_steps() -> None:
    made = from_sixteen(np.arange(65536, dtype=np.uint32))
    assert (made[0], made[-1]) == (0, 255)
    assert set(np.diff(made.astype(int)).tolist()) == {0, 1}
    assert (from_sixteen(np.arange(256, dtype=np.uint32) * 257) == np.arange(256)).all()


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([0.0, 0.5, 1.0], [0, 128, 255]),
        ([0.0, 100.4, 255.0], [0, 100, 255]),
        ([-1.0, 0.0, 1.0], [0, 128, 255]),
        ([0.0, np.nan, 1.0], [0, 0, 255]),
        ([np.nan, np.inf], [0, 0]),
    ],
)
def test_floating_numbers_are_scaled_rounded_or_stretched(
    values: list[float], wanted: list[int]
) -> None:
    assert from_float(np.array(values)).tolist() == wanted
