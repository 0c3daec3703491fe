"""Pictures that grow while a network learns: whether the network takes them at every side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from striate.errors import CannotTrain, PlanError
from striate.training.course import sides
from striate.training.defaults import GROWN
from striate.training.recipe import Recipe

if TYPE_CHECKING:
    from striate.grammar.plan import Plan
    from striate.verbs.train_network import Chosen

HINT = "leave out pictures.grow_from, or end the maps with `gap`, which takes any size, before `fc`"
_STEPS = 1_000  # the sides do not depend on how many steps there are


def cannot_grow(plan: Plan, recipe: Recipe) -> str:
    """Why pictures of the size a plan is bound to cannot grow as a recipe says, or by default; nothing where
    they can. A network that flattens its maps into a dense layer has weights for one size alone.
    """
    given = plan.layers[0].given
    if given.height != given.width:
        return f"pictures of {given.height}x{given.width} are not square"
    for side in _sides(recipe, given.width):
        try:
            other = plan.on(given.channels, side, side)
            pairs = zip(plan.layers, other.layers, strict=True)
            met = [one.name for one, there in pairs if one.parameters != there.parameters]
        except PlanError as fault:
            return f"at {side} pixels {fault.text}"
        if met:
            return f"the weights of {met[0]} are for pictures of {given.width} pixels alone"
    return ""


def refuse_plan(plan: Plan, recipe: Recipe) -> None:
    """What a recipe asks for in vain, before a picture is prepared."""
    if is_grown(recipe) and (why := cannot_grow(plan, recipe)):
        raise _refused(recipe, why)


def taken(chosen: Chosen, recipe: Recipe, shape: tuple[int, int, int]) -> None:
    """The same of a network without a plan, pictures C H W: it is shown a black one of each side."""
    import torch

    if chosen.plan is not None or not is_grown(recipe):
        return
    C, H, W = shape
    if H != W:
        raise _refused(recipe, f"pictures of {H}x{W} are not square")
    was = chosen.network.training
    for side in _sides(recipe, W):
        try:
            with torch.inference_mode():
                chosen.network.eval()(torch.zeros(1, C, side, side))
        except (RuntimeError, AssertionError, ValueError) as fault:
            line = str(fault).partition("\n")[0]
            raise _refused(recipe, f"{chosen.name} does not take {side} pixels: {line}") from None
        finally:
            chosen.network.train(was)


def is_grown(recipe: Recipe) -> bool:
    """Whether the recipe names a share, and not that of pictures that do not grow."""
    return 0 < recipe.pictures.grow_from < 1 and recipe.pictures.grow_until > 0


def _sides(recipe: Recipe, size: int) -> list[int]:
    """All that pictures of this size will have."""
    share = recipe.pictures.grow_from or GROWN
    growing = recipe.with_values({"pictures.grow_from": share})
    return [side for _, side in sides(growing, _STEPS, size)]


def _refused(recipe: Recipe, why: str) -> CannotTrain:
    return CannotTrain(
        f"pictures cannot grow (pictures.grow_from is {recipe.pictures.grow_from:g}): {why}",
        HINT,
        where="pictures.grow_from",
    )
