"""Lookahead against a slow loop."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from striate.training.lookahead import Lookahead  # noqa: E402


@pytest.mark.parametrize(("every", "pull"), [(1, 0.5), (3, 0.5), (3, 0.2), (2, 1.0), (2, 0.0)])
def test_fast_weights_are_pulled_to_slow_ones_every_n_steps(
    every: int, pull: float, rng: np.random.Generator
) -> None:
    weight = torch.tensor(rng.normal(size=5))
    ahead = Lookahead({"w": weight}, every, pull)
    fast = slow = weight.numpy().copy()
    for step in range(1, 8):
        ahead.begin()
        moved = rng.normal(size=5)
        weight += torch.tensor(moved)
        ahead.after(step)
        fast = fast + moved
        if step % every == 0:
            slow = slow + pull * (fast - slow)
            fast = slow
        assert np.allclose(weight.numpy(), fast, atol=1e-12)


def test_slow_weights_begin_as_the_weights_before_the_first_step() -> None:
    weight = torch.zeros(2)
    ahead = Lookahead({"w": weight}, 2, 0.5)
    weight.fill_(4.0)  # what is loaded after it was made
    ahead.begin()
    weight.fill_(8.0)
    ahead.begin()
    ahead.after(2)
    assert weight.tolist() == [6.0, 6.0]
    weight.fill_(0.0)
    assert ahead.slow["w"].tolist() == [6.0, 6.0], "slow weights share memory with the fast ones"
