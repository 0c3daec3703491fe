"""What an order and its recipe say that cannot both be, told before a run is begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.errors import UsageError
from striate.optional import need
from striate.verbs import train_data, train_network, train_pace
from striate.verbs.train_growing import is_grown, refuse_plan
from striate.verbs.train_order import Order

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset
    from striate.training.recipe import Recipe


def opened(order: Order, recipe: Recipe) -> Dataset:
    """The pictures, when nothing speaks against training on them that can be known before any is prepared."""
    _contradicted(order, recipe)
    dataset = train_data.opened(order, recipe.seed)
    train_network.checked(order, len(dataset.classes))
    _fitted(order, recipe, dataset)
    return dataset


def _contradicted(order: Order, recipe: Recipe) -> None:
    """What needs no picture to be known."""
    if order.source and order.pretrained is not None:
        raise UsageError(
            "--from and --pretrained are two answers to which weights training starts from",
            "give one of them",
        )
    if recipe.machine.device not in ("auto", "cpu"):
        need("torch", to=f"train on {recipe.machine.device}", extra="train")
        train_pace.device_of(recipe.machine.device)
    if not order.from_weights:
        return
    flag = "--from" if order.source else "--pretrained"
    part = recipe.start
    for knob, said, kept in (("filters", part.filters, "torch"), ("whiten", part.whiten, "no")):
        if said not in ("auto", kept):
            raise UsageError(
                f"start.{knob}={said} would make filters anew that {flag} brings trained",
                f"--set start.{knob}=auto leaves them as they are; without {flag} they begin so",
                where=f"start.{knob}",
            )


def _fitted(order: Order, recipe: Recipe, dataset: Dataset) -> None:
    """Whether the network takes pictures of the size that the recipe asks for, and those that grow to it."""
    model, side = train_network.model_of(order), recipe.pictures.size
    if model.startswith(train_network.TIMM) or not (side or is_grown(recipe)):
        return
    name = train_pace.OURS[-1] if model == "auto" else model  # all of ours take the same sizes
    given = train_network.stated(name)
    size = (side, side) if side else train_data.preparation_for(dataset, order, recipe).size
    shape = (given.channels if given else 3, *size)
    refuse_plan(train_network.planned(name, shape, len(dataset.classes)), recipe)
