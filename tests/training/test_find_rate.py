"""The range test: rising rates, on a copy."""

from __future__ import annotations

import pytest

from striate.training.find_rate import Tried, read, sweep
from striate.training.recipe import Recipe
from tests.training import small


def test_the_network_is_left_as_it_was_and_rates_rise() -> None:
    recipe = Recipe().changed(["optimiser.name=nesterov", "epochs=1"])
    network = small.network()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    tried = list(sweep(network, small.batches(recipe), recipe, small.course(recipe)))
    assert small.equal(before, network.state_dict())
    factors = [one.factor for one in tried]
    assert factors == sorted(factors)
    assert len(tried) > 20


def test_the_suggestion_lies_a_tenth_below_the_lowest_loss() -> None:
    losses = [2.3, 2.3, 2.2, 1.8, 1.0, 0.9, 1.5, 4.0]
    tried = [Tried(10.0**i, loss) for i, loss in enumerate(losses)]
    found = read(tried)
    assert found.suggested == pytest.approx(10.0**5 / 10)
    assert 10.0**2 <= found.steepest <= 10.0**4
