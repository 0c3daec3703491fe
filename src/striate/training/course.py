"""What was decided before step 0 and never changes on the way: how many steps, at which side, on what.

Everything measured ends here, is written into `run.json`, and a resumed run reads it from there instead
of measuring again: so it follows the same plan on a machine that is busier or idler than before.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, final

from striate.errors import CannotTrain
from striate.training.recipe import Recipe

if TYPE_CHECKING:
    from striate.pictures.batches import Batches

FEWEST_PASSES = 3  # over train, from which hard pictures are practised


@final
@dataclass(frozen=True)
class Course:
    """steps: updates in all. batch: pictures to one update, over all ranks; micro_batch: pictures that go
    through the network at once. sides: (first step, side) in rising order; () is the size of the
    pictures as they are. look_every, save_every: steps between judgings of val and between checkpoints.
    practised: pictures of a pass over hard ones, until step `practised_until`; 0 for no such passes.
    threads: of each process; processes: how many measured it together, 0 where that is not known.
    resident: whether the pixels of train stay on the device. compiled: whether whole batches go through
    compiled code.
    """

    steps: int
    steps_per_epoch: int
    batch: int
    micro_batch: int
    look_every: int
    save_every: int
    sides: tuple[tuple[int, int], ...] = ()
    device: str = "cpu"
    precision: str = "fp32"
    channels_last: bool = True
    compiled: bool = False
    resident: bool = False
    threads: int = 0
    why: tuple[str, ...] = ()
    practised: int = 0
    practised_until: int = 0
    processes: int = 0

    @property
    def epochs(self) -> float:
        """How often each picture is seen, on average."""
        return self.steps / self.steps_per_epoch

    def side_at(self, step: int) -> int | None:
        """The side of the pictures at a step; None for the size they have."""
        met = [side for first, side in self.sides if step >= first]
        return met[-1] if met else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"epochs": round(self.epochs, 4)}

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Course:
        """The reverse of `to_dict`."""
        known = {one.name for one in fields(cls)}
        plain = {name: value for name, value in found.items() if name in known}
        plain["sides"] = tuple((int(a), int(b)) for a, b in plain.get("sides", ()))
        plain["why"] = tuple(plain.get("why", ()))
        return cls(**plain)


def of_epochs(recipe: Recipe, pictures: int, batch: int, size: int, **how: Any) -> Course:
    """The course of `recipe.epochs` passes over this many pictures of this side."""
    per_epoch = max(1, pictures // batch)
    return of_steps(recipe, max(1, round(recipe.epochs * per_epoch)), per_epoch, batch, size, **how)


def of_steps(
    recipe: Recipe, steps: int, per_epoch: int, batch: int, size: int, **how: Any
) -> Course:
    """The course of this many steps; `how` names the rest of a Course."""
    looks = min(recipe.looks, max(1, steps // 2))
    given = {"micro_batch": batch, "save_every": steps} | how
    return Course(
        steps=steps,
        steps_per_epoch=per_epoch,
        batch=batch,
        look_every=max(1, math.ceil(steps / looks)),
        sides=sides(recipe, steps, size),
        **practised(recipe, steps, per_epoch, batch),
        **given,
    )


def practised(recipe: Recipe, steps: int, per_epoch: int, batch: int) -> dict[str, Any]:
    """How many pictures a pass over hard ones has, and until which step there are such; none where there are
    too few steps for more than one.
    """
    part = recipe.practise
    if not 0 < part.share < 1 or steps < FEWEST_PASSES * per_epoch:
        return {}
    short = max(1, round(per_epoch * (part.share + part.rest * (1 - part.share))))
    until = round(steps * part.until)
    if short >= per_epoch or until < per_epoch + short:
        return {}
    return {"practised": short * batch, "practised_until": until}


def sides(recipe: Recipe, steps: int, size: int) -> tuple[tuple[int, int], ...]:
    """Rising sides, each held for an equal run of steps until `grow_until`; then the full size."""
    part = recipe.pictures
    if not 0 < part.grow_from < 1 or part.grow_until <= 0:
        return ()
    small = max(4, round(size * part.grow_from))
    held = [round(small + (size - small) * share) for share in (0.0, 0.5)]
    until = steps * part.grow_until
    made = [(0, held[0]), (round(until * 0.6), held[1]), (round(until), size)]
    return tuple(made) if small < size else ()


def of_batches(batches: Batches, recipe: Recipe) -> Course:
    """The course of the recipe's epochs; a time would have to be measured first."""
    together = recipe.optimiser.accumulate
    if not recipe.epochs:
        raise CannotTrain(
            f"the recipe says {recipe.budget_s:g} s and no epochs: how many steps fit has to be measured",
            'give epochs, `Recipe().with_values({"epochs": 5})`, or a Course',
        )
    if together > 1:
        raise CannotTrain(
            f"accumulate is {together}, but these batches are made already",
            "make each as large as one step, and give a Course with a smaller micro_batch",
        )
    return of_epochs(recipe, len(batches.rows), batches.plan.batch_size, batches.size[0])
