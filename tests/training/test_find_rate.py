"""The range test: rising rates, on a copy."""

from __future__ import annotations

import pytest
from torch import nn

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


def test_parts_that_stay_as_they_are_do_so_in_the_copy_and_the_rest_is_trained() -> None:
    recipe = Recipe().changed(["optimiser.name=nesterov", "epochs=1"])
    network = small.network(text=small.TEXT.replace(" drop0.3", ""))
    norms = tuple(m for m in network.modules() if isinstance(m, nn.BatchNorm2d))
    modes: dict[str, set[bool]] = {}
    for name, one in network.named_modules():  # a copied network takes its hooks along
        one.register_forward_hook(
            lambda module, *_, name=name: modes.setdefault(name, set()).add(module.training)
        )
    list(sweep(network, small.batches(recipe), recipe, small.course(recipe), still=norms))
    for name, one in network.named_modules():
        assert modes[name] == {not isinstance(one, nn.BatchNorm2d)}, name


def test_trained_weights_are_tried_around_their_own_rates() -> None:
    recipe = Recipe().changed(["optimiser.name=sgd", "epochs=1"])

    def losses(rate: float, *, from_scratch: bool) -> list[float]:
        said = recipe.with_values({"optimiser.rate": rate})
        found = sweep(
            small.network(),
            small.batches(said),
            said,
            small.course(said),
            from_scratch=from_scratch,
        )
        return [one.loss for one in found]

    assert losses(0, from_scratch=False) == losses(0.01, from_scratch=True)
    assert losses(0, from_scratch=True) == losses(0.1, from_scratch=True)
