"""Dropout: what is kept is scaled by 1 / (1 - p), and the coins have an address."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.dropout import Dropout


def thrown(p: float, **how: int | str) -> Dropout:
    """A dropout in training."""
    layer = Dropout(p, **how)  # type: ignore[arg-type]
    layer.training = True
    return layer


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
def test_l4_what_is_kept_is_scaled_by_1_over_1_minus_p(p: float) -> None:
    found = thrown(p).forward(np.ones((100, 100)))
    assert set(np.unique(found)) <= {0.0, 1 / (1 - p)}
    assert abs((found == 0).mean() - p) < 0.02
    assert abs(found.mean() - 1) < 0.05


def test_a_given_mask_is_used_as_it_is() -> None:
    layer = Dropout(0.5, given=np.array([[1.0, 0, 1]]))
    layer.training = True
    assert layer.forward(np.array([[1.0, 2, 3]])).tolist() == [[2, 0, 6]]
    assert layer.backward(np.array([[1.0, 1, 1]])).tolist() == [[2, 0, 2]]


def test_in_use_nothing_is_dropped(rng: np.random.Generator) -> None:
    layer, x = Dropout(0.9), rng.normal(size=(3, 4))
    assert (layer.forward(x) == x).all()
    assert (layer.backward(x) == x).all()


def test_the_same_address_drops_the_same_numbers_and_another_one_others() -> None:
    x, layer = np.ones((20, 20)), thrown(0.5)
    first = layer.forward(x)
    assert (layer.forward(x) == first).all()
    layer.address = (0, 1)
    assert (layer.forward(x) != first).any()
    assert (thrown(0.5, seed=1).forward(x) != first).any()
    assert (thrown(0.5, purpose="drop2").forward(x) != first).any()
