"""First weights."""

from __future__ import annotations

import numpy as np
import pytest

from striate.textbook.start import flat, he


@pytest.mark.parametrize("fan_in", [9, 75, 800])
def test_he_weights_have_a_variance_of_2_over_the_fan_in(fan_in: int) -> None:
    found = he((400, fan_in), fan_in, 0, "conv1")
    assert abs(found.mean()) < 0.02
    assert abs(found.var() * fan_in / 2 - 1) < 0.1


def test_through_many_relu_layers_the_spread_stays(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 256))
    for depth in range(20):
        x = np.maximum(x @ he((256, 256), 256, 0, f"fc{depth}").T, 0)
    assert 0.2 < x.std() < 5


def test_every_array_is_drawn_at_its_own_address() -> None:
    first = he((3, 4), 4, 0, "conv1")
    assert (he((3, 4), 4, 0, "conv1") == first).all()
    assert (he((3, 4), 4, 1, "conv1") != first).all()
    assert (he((3, 4), 4, 0, "conv2") != first).all()


def test_a_flat_array_holds_one_number() -> None:
    assert flat((2, 2), 0.25).tolist() == [[0.25, 0.25], [0.25, 0.25]]
