"""Seconds to steps; measuring changes nothing that is trained."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from striate.training import budget
from striate.training.budget import KEPT_BACK, Measured, measure, steps_for, tried
from striate.training.course import sides
from striate.training.recipe import Recipe
from striate.training.recipe_parts import OPTIMISERS
from striate.training.update import Interrupted
from tests.training import small


def test_measuring_leaves_the_network_and_the_random_numbers_as_they_were() -> None:
    recipe = Recipe().changed(["pictures.grow_from=0.5"])
    network = small.network()
    before = {k: v.clone() for k, v in network.state_dict().items()}
    drawn = torch.get_rng_state().clone()
    found = measure(network, small.batches(recipe), recipe, small.course(recipe))
    assert small.equal(before, network.state_dict())
    assert torch.equal(drawn, torch.get_rng_state())
    assert set(found.step_s) == {4, 6, 8}
    assert all(v > 0 for v in found.step_s.values())
    assert 1 <= found.micro_batch <= 128


def test_a_micro_batch_of_the_recipe_is_taken_as_it_is() -> None:
    recipe = Recipe().changed(["machine.micro_batch=50"])
    found = measure(small.network(), small.batches(recipe), recipe, small.course(recipe))
    assert found.micro_batch == 50


@pytest.mark.parametrize(
    ("pictures", "side", "wanted"), [(1024, 224, 8), (1024, 32, 98), (64, 32, 64), (4, 224, 4)]
)
def test_more_small_pictures_than_large_ones_are_timed_for_a_micro_batch(
    pictures: int, side: int, wanted: int
) -> None:
    assert tried(pictures, side**2) == wanted


def test_what_is_kept_for_backward_is_counted_once_and_without_weights() -> None:
    network = torch.nn.Sequential(torch.nn.Conv2d(2, 4, 3, padding=1), torch.nn.ReLU())
    network.append(torch.nn.Conv2d(4, 3, 1))
    found = budget._Kept()
    with found:
        network(torch.rand(5, 2, 8, 8))
    # The input of the first convolution, and what ReLU gives: kept by it and by the convolution after it.
    assert found.of_pictures(5) == 4 * 64 * (2 + 4)


@pytest.mark.parametrize(("most", "wanted"), [(1, 64), (1e9, 128)])
def test_a_micro_batch_keeps_no_more_than_it_may_but_for_a_few_pictures(
    most: float, wanted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget, "MOST_KEPT", most)
    recipe = Recipe().changed(["pictures.grow_from=0.5"])
    found = measure(small.network(), small.batches(recipe), recipe, small.course(recipe))
    assert found.micro_batch == wanted


def test_a_short_last_batch_is_not_timed_for_a_whole_one() -> None:
    batches = small.batches(Recipe(), 500)
    assert len(batches.rows) % 500
    coming = budget._endless(batches)
    assert [len(next(coming)) for _ in range(5)] == [500] * 5
    coming.close()


def test_measuring_can_be_stopped() -> None:
    recipe = Recipe()
    with pytest.raises(Interrupted):
        measure(
            small.network(), small.batches(recipe), recipe, small.course(recipe), stop=lambda: True
        )


@given(st.floats(1, 1e5), st.floats(1e-4, 10), st.floats(0, 0.01), st.integers(1, 50))
def test_all_steps_and_looks_fit_into_the_budget(
    budget: float, step_s: float, look_s: float, looks: int
) -> None:
    recipe = Recipe().with_values({"budget_s": budget, "looks": looks})
    steps = steps_for(recipe, Measured({32: step_s}, look_s, 64), 32, 1000)
    looked = min(looks * 1000 * look_s, 0.25 * budget * (1 - KEPT_BACK))
    assert steps == 1 or steps * step_s + looked <= budget
    assert (steps + 1) * step_s + looked >= budget * (1 - KEPT_BACK) * 0.999


def test_growing_pictures_buy_more_steps_and_still_fit() -> None:
    recipe = Recipe().changed(["budget_s=100", "pictures.grow_from=0.5", "looks=1"])
    measured = Measured({16: 0.1, 24: 0.2, 32: 0.4}, 0.0, 64)
    steps = steps_for(recipe, measured, 32, 1)
    assert steps > 97 / 0.4
    runs = [*sides(recipe, steps, 32), (steps, 0)]
    spent = sum((b[0] - a[0]) * measured.step_s[a[1]] for a, b in itertools.pairwise(runs))
    assert spent <= 100


def test_time_that_is_spent_already_buys_no_steps() -> None:
    recipe = Recipe().changed(["budget_s=100", "looks=1"])
    measured = Measured({32: 0.1}, 0.0, 64)
    assert steps_for(recipe, measured, 32, 1, spent_s=50) == pytest.approx(485, abs=1)
    assert steps_for(recipe, measured, 32, 1, spent_s=500) == 1


@pytest.mark.parametrize("name", OPTIMISERS[1:])
def test_a_rate_that_only_a_warm_up_makes_bearable_can_be_measured(name: str) -> None:
    recipe = Recipe().changed([f"optimiser.name={name}", "optimiser.rate=1000"])
    network = small.network(text="1x8x8: conv3p1-8 relu conv3p1-8 relu fc10")
    found = measure(network, small.batches(recipe), recipe, small.course(recipe))
    assert found.step_s[8] > 0
