"""Dropout: what is kept is scaled by 1 / (1 − p), whatever a slide says."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import UsageError
from striate.lectures.dropout import dropout
from tests.lectures.reading import check_drawn, grid

X = np.arange(1.0, 9.0).reshape(2, 4)


def test_errata_l4_the_scale_is_1_over_1_minus_p_for_only_then_the_mean_stays() -> None:
    shown = dropout(X, 0.2, draws=4000)
    assert shown.facts["scale"] == 1.25
    np.testing.assert_allclose(shown.arrays["mean"], X, rtol=0.05)
    np.testing.assert_allclose(shown.arrays["mean_by_1_over_p"], 4 * X, rtol=0.05)


def test_what_is_kept_is_scaled_and_the_rest_is_zero() -> None:
    shown = dropout(X, 0.5, seed=3, draws=5)
    mask = shown.arrays["mask"]
    assert 0 < mask.sum() < 8
    np.testing.assert_array_equal(shown.arrays["y"], X * mask * 2)
    check_drawn(shown, mask="mask", y="y")


def test_the_gradient_goes_only_through_what_was_kept() -> None:
    shown = dropout(X, 0.5, seed=3, upstream=np.ones((2, 4)))
    np.testing.assert_array_equal(shown.arrays["dx"], shown.arrays["mask"] * 2)


def test_one_seed_always_draws_the_same_and_each_frame_is_another_draw() -> None:
    a, b = dropout(X, 0.5, seed=1), dropout(X, 0.5, seed=1)
    np.testing.assert_array_equal(a.arrays["mean"], b.arrays["mean"])
    drawn = {grid(frame, "mask").tobytes() for frame in a.frames}
    assert len(a.frames) == 12
    assert len(drawn) > 6


def test_with_p_0_nothing_is_dropped() -> None:
    np.testing.assert_array_equal(dropout(X, 0.0, draws=3).arrays["y"], X)


@pytest.mark.parametrize("p", [1.0, -0.1, float("nan")])
def test_a_probability_outside_0_to_1_is_refused(p: float) -> None:
    with pytest.raises(UsageError, match="at least 0 and below 1"):
        dropout(X, p)


def test_an_upstream_of_another_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="--upstream is 1×1, and x is 2×4"):
        dropout(X, upstream=np.ones((1, 1)))
