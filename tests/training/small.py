"""A small training for tests: digits at 8 x 8, a network of two convolutions."""

from __future__ import annotations

from functools import cache

import torch
from torch import nn

import striate.pictures
from striate.grammar.plan import Plan
from striate.pictures.augment.chain import preset
from striate.pictures.augment.mix import Mix
from striate.pictures.batches import Batches, BatchPlan
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache import Prepared, prepared
from striate.training.course import Course, of_epochs
from striate.training.initialise import seeded
from striate.training.recipe import Recipe
from striate.training.state import Training

TEXT = "1x8x8: conv3p1-8 bn relu max2 {conv3p1b0-8 bn} relu drop0.3 conv3p1-16 bn relu gap fc10"


@cache
def pictures() -> Prepared:
    """Digits, once."""
    return prepared(striate.pictures.open("digits"), Preparation((8, 8), mode="L"))


def batches(
    recipe: Recipe, batch: int = 128, rank: int = 0, ranks: int = 1, workers: int = 0
) -> Batches:
    """Of train, shifted."""
    chain = preset("digits", (8, 8), mirror=False)
    if recipe.pictures.mix not in ("auto", "none"):
        chain = type(chain)(chain.steps, Mix("mixup", 0.4))
    plan = BatchPlan(
        batch,
        recipe.seed,
        augment=chain,
        workers=workers,
        rank=rank,
        ranks=ranks,
        channels_last=True,
    )
    return Batches(pictures(), plan)


def network(seed: int = 0, text: str = TEXT) -> nn.Module:
    """The small network, equal for equal seeds."""
    with seeded(seed):
        return Plan.read(text).build()


def course(recipe: Recipe, batch: int = 128, micro: int = 0) -> Course:
    """Of two epochs, or as many as the recipe says; in the precision that it names."""
    precision = "bf16" if recipe.machine.precision == "bf16" else "fp32"
    made = of_epochs(recipe, pictures().dataset.splits["train"], batch, 8)
    return Course.from_dict(
        made.to_dict()
        | {"micro_batch": micro or recipe.machine.micro_batch or batch, "precision": precision}
    )


def begun(recipe: Recipe, at: Course, seed: int = 0) -> Training:
    """At step 0."""
    return Training.begin(network(seed), recipe, at)


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """Every tensor, bit for bit."""
    return set(one) == set(other) and all(
        torch.equal(v, other[k]) and v.dtype == other[k].dtype for k, v in one.items()
    )


def judge(network: nn.Module) -> tuple[float, float]:
    """A figure that follows from the weights alone."""
    return sum(float(p.detach().abs().sum()) for p in network.parameters()), 0.5
