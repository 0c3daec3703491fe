"""T2: stopped and gone on with at every step, and with every combination of what has a state of its own."""

from __future__ import annotations

import copy
from itertools import combinations, product
from typing import Any

import pytest

from striate.pictures.batches import Batches
from striate.training.course import Course, of_steps
from striate.training.loop import fit
from striate.training.recipe import Recipe
from striate.training.state import Training
from tests.training import small

FEATURES: dict[str, dict[str, tuple[str, ...]]] = {
    "optimiser": {
        "sgd": ("optimiser.name=nesterov",),
        "adamw": ("optimiser.name=adamw", "optimiser.decay=0.01"),
    },
    "average": {
        "ema": ("average.name=ema", "average.decay=0.9"),
        "swa": ("average.name=swa", "average.start=0.4"),
        "none": ("average.name=none",),
    },
    "precision": {"fp32": ("machine.precision=fp32",), "bf16": ("machine.precision=bf16",)},
    "mixing": {"mixup": ("pictures.mix=mixup",), "plain": ("pictures.mix=none",)},
    "accumulate": {
        "one": ("batch=128",),
        "four": ("batch=32", "optimiser.accumulate=4"),
    },
    "workers": {"none": ("machine.workers=0",), "two": ("machine.workers=2",)},
}
STEPS, EVERY = 12, 64
Way = tuple[str, ...]
WAYS: tuple[Way, ...] = tuple(product(*FEATURES.values()))


def pairs(way: Way) -> set[tuple[int, str, int, str]]:
    """Every two features with what this way says of them."""
    return {(i, way[i], j, way[j]) for i, j in combinations(range(len(way)), 2)}


def few() -> tuple[Way, ...]:
    """Some of the ways, among which any two features meet in all their values: greedily, always the same."""
    left, chosen = set().union(*(pairs(way) for way in WAYS)), []
    while left:
        best = max(WAYS, key=lambda way: len(pairs(way) & left))
        chosen.append(best)
        left -= pairs(best)
    return tuple(chosen)


pytestmark = pytest.mark.usefixtures("one_thread")


def recipe_of(way: Way) -> Recipe:
    """Of a second's training with these features."""
    said = [
        one for name, values in zip(way, FEATURES.values(), strict=True) for one in values[name]
    ]
    return Recipe().changed(("epochs=2", "looks=3", *said))


def course_of(recipe: Recipe, steps: int) -> Course:
    """So many steps; as many batches to each as the recipe says, one after the other."""
    together = recipe.batch * recipe.optimiser.accumulate
    pictures = small.pictures().dataset.splits["train"]
    return of_steps(
        recipe, steps, pictures // together, together, 8, micro_batch=recipe.batch,
        precision="bf16" if recipe.machine.precision == "bf16" else "fp32",
    )  # fmt: skip


class Trial:
    """A recipe, the batches it asks for, and a training of it that nobody disturbs."""

    def __init__(self, recipe: Recipe, steps: int) -> None:
        self.recipe, self.course = recipe, course_of(recipe, steps)
        self.whole = self.begun()
        self.log: list[Any] = []
        self.go(self.whole, self.log)

    def begun(self, seed: int = 0) -> Training:
        return small.begun(self.recipe, self.course, seed)

    def batches(self) -> Batches:
        return small.batches(self.recipe, self.course.batch, workers=self.recipe.machine.workers)

    def go(self, here: Training, log: list[Any], until: int = 0) -> None:
        """Train on to a step, or to the end, and note what a log would have."""
        steps = fit(
            here.network, self.batches(), self.recipe, self.course, judge=small.judge, training=here
        )
        for told in steps:
            log.append((told.step, told.rate, told.loss, told.accuracy, told.look))
            if told.step == until:
                break

    def check(self, step: int) -> None:
        """Stopped after this step and gone on with, it ends the same: everything that is kept, every bit."""
        log: list[Any] = []
        first = self.begun()
        self.go(first, log, step)
        assert first.step == step
        tensors, facts = first.state()
        kept = {name: tensor.clone() for name, tensor in tensors.items()}
        second = self.begun(seed=99)
        second.load(kept, copy.deepcopy(facts))
        self.go(second, log)
        wanted, found = self.whole.state(), second.state()
        assert small.equal(wanted[0], found[0]), step
        assert wanted[1] == found[1], step
        assert log == self.log, step


def stopped_at_three_steps(way: Way) -> None:
    trial = Trial(recipe_of(way), STEPS)
    assert (trial.course.batch, trial.course.micro_batch) == (128, trial.recipe.batch)
    for step in (1, STEPS // 2, STEPS - 1):
        trial.check(step)


def test_among_the_few_ways_any_two_features_meet_in_all_their_values() -> None:
    chosen = few()
    assert len(WAYS) == 96
    assert len(chosen) < 12
    for one, other in combinations(range(len(FEATURES)), 2):
        values = [list(tuple(FEATURES.values())[place]) for place in (one, other)]
        assert {(way[one], way[other]) for way in chosen} == set(product(*values))


@pytest.mark.parametrize("way", few(), ids="-".join)
def test_with_any_two_features_together_it_is_stopped_and_ends_bit_for_bit_the_same(
    way: Way,
) -> None:
    stopped_at_three_steps(way)


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_with_every_combination_of_features_it_is_stopped_and_ends_bit_for_bit_the_same(
    way: Way,
) -> None:
    stopped_at_three_steps(way)


@pytest.mark.slow
@pytest.mark.parametrize("workers", [0, 2])
def test_stopped_after_each_of_64_steps_it_ends_bit_for_bit_the_same(workers: int) -> None:
    said = ("optimiser.name=nesterov", "batch=64", "average.name=ema", "epochs=4", "looks=5")
    trial = Trial(Recipe().changed((*said, f"machine.workers={workers}")), EVERY)
    for step in range(1, EVERY):
        trial.check(step)
    trial.check(EVERY)
