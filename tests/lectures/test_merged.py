"""Two convolutions without an activation between are one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from striate.errors import UsageError
from striate.lectures.kernels import named
from striate.lectures.merged import merged
from tests.lectures.reading import check_drawn


def test_l3_two_3x3_are_one_5x5_and_give_the_same(rng: np.random.Generator) -> None:
    x, a, b = rng.normal(size=(8, 9)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    shown = merged(x, a, b)
    assert shown.arrays["merged"].shape == (5, 5)
    np.testing.assert_allclose(shown.arrays["merged"], convolve2d(a, b), atol=1e-12)
    wanted = correlate2d(correlate2d(x, a, mode="valid"), b, mode="valid")
    np.testing.assert_allclose(shown.arrays["by_one"], wanted, atol=1e-12)
    assert shown.facts["difference"] < 1e-12


def test_l3_with_a_relu_between_they_are_not_one(rng: np.random.Generator) -> None:
    x = rng.normal(size=(8, 8))
    shown = merged(x, named("sobel-x"), named("sobel-y"))
    between = np.maximum(correlate2d(x, named("sobel-x"), mode="valid"), 0)
    wanted = correlate2d(between, named("sobel-y"), mode="valid")
    np.testing.assert_allclose(shown.arrays["with_relu"], wanted, atol=1e-12)
    assert shown.facts["with_relu"] > 1
    assert "an activation between them makes two layers worth it" in shown.lines[-1]


def test_where_nothing_is_below_zero_a_relu_changes_nothing_and_that_is_said() -> None:
    shown = merged(np.ones((6, 6)), named("box"), named("box"))
    assert shown.facts["with_relu"] < 1e-12
    assert "so the ReLU changes nothing" in shown.lines[-1]


def test_the_drawn_numbers_are_the_arrays() -> None:
    shown = merged(np.arange(49.0).reshape(7, 7) % 5, named("sobel-x"), named("sobel-y"))
    check_drawn(
        shown, merged="one", one_after_the_other="one after the other", with_relu="ReLU between"
    )


def test_a_picture_smaller_than_what_both_see_is_refused() -> None:
    with pytest.raises(UsageError, match="both kernels together see 5×5, and the picture is 4×4"):
        merged(np.ones((4, 4)), named("box"), named("box"))
