"""Layers put together, and the gradients that meet where a value went two ways."""

from __future__ import annotations

import numpy as np

from striate.textbook.channels import Identity, Scale
from striate.textbook.sequence import Fork, Residual, Sequence


def test_the_chain_rule_multiplies_along_a_sequence() -> None:
    chain = Sequence({"a": Scale(2), "b": Scale(3), "c": Scale(5)})
    assert chain.forward(np.ones((1, 1))).item() == 30
    assert chain.backward(np.full((1, 1), 7.0)).item() == 210


def test_around_a_residual_the_gradient_always_has_a_way() -> None:
    block = Residual(Scale(0))
    assert block.forward(np.ones((1, 1))).item() == 1
    assert block.backward(np.ones((1, 1))).item() == 1
    assert Residual(Scale(2), Scale(3)).forward(np.ones((1, 1))).item() == 5


def test_arms_put_side_by_side_get_their_own_channels_back() -> None:
    fork = Fork([Scale(2), Scale(3)], adds=False)
    assert fork.forward(np.array([[1.0, 10]])).tolist() == [[2, 20, 3, 30]]
    assert fork.backward(np.array([[1.0, 1, 100, 1000]])).tolist() == [[302, 3002]]


def test_arms_that_are_added_all_get_the_whole_gradient() -> None:
    fork = Fork([Scale(2), Scale(3), Identity()], adds=True)
    assert fork.forward(np.array([[1.0]])).item() == 6
    assert fork.backward(np.array([[10.0]])).item() == 60
