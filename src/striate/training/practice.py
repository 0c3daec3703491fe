"""Practising: after one pass over all of train, passes over what the network found hardest, then all again.

Late in a pass most pictures are answered well, and their gradients are small: leaving many of them out buys
passes over the others. Which come follows from their losses when they were last seen, so these are part of a
checkpoint. The last steps are over all pictures, so that norms and scores end as on all of them.

Shape legend: N pictures of the data, P of a pass.
"""

from __future__ import annotations

from typing import NamedTuple, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from striate import seeds
from striate.pictures.order import Rows
from striate.training.course import Course
from striate.training.recipe_parts import PractisePart


class Pass(NamedTuple):
    """number: from 0, every pass has its own draws. first: its first step. steps: how many it has.
    is_practice: over picked pictures, not all.
    """

    number: int
    first: int
    steps: int
    is_practice: bool


def pass_at(course: Course, step: int) -> Pass:
    """The pass that a step belongs to."""
    whole, until = course.steps_per_epoch, course.practised_until
    if step < whole or not course.practised:
        number = step // whole
        return Pass(number, number * whole, whole, is_practice=False)
    short = max(1, course.practised // course.batch)
    if step < until:
        number = (step - whole) // short
        first = whole + number * short
        return Pass(1 + number, first, min(short, until - first), is_practice=True)
    before = 1 + -(-(until - whole) // short)
    number = (step - until) // whole
    return Pass(before + number, until + number * whole, whole, is_practice=False)


@final
class Practice:
    """losses: N, of each picture when it was last seen, infinite before; rows: P, of the running pass."""

    def __init__(self, losses: NDArray[np.float32] | None = None, rows: Rows | None = None) -> None:
        self.losses = np.zeros(0, np.float32) if losses is None else losses
        self.rows = np.zeros(0, np.int64) if rows is None else rows

    def begin(self, pictures: int) -> None:
        """So many pictures there are; what was known of another number of them is forgotten."""
        if len(self.losses) != pictures:
            self.losses = np.full(pictures, np.inf, np.float32)
            self.rows = np.zeros(0, np.int64)

    def note(self, rows: Rows, losses: NDArray[np.float32]) -> None:
        """What a completed step found."""
        if len(self.losses):
            self.losses[rows] = losses

    def pick(self, part: PractisePart, train: Rows, count: int, seed: int, number: int) -> Rows:
        """The rows of this pass: `count`, the share of hardest ones among them, the rest drawn."""
        words = np.random.Philox(key=seeds.at(seed, "practice", number)).random_raw(len(train))
        # Of equal ones (all, where nothing is known) the draw decides: rows lie in the order of classes.
        by_loss = np.lexsort((words, -self.losses[train]))
        hard = min(round(part.share * len(train)), count)
        others = by_loss[hard:]
        drawn = others[np.argsort(words[others], kind="stable")[: count - hard]]
        self.rows = np.sort(train[np.concatenate([by_loss[:hard], drawn])])
        return self.rows

    def goes_on(self, train: Rows) -> bool:
        """Whether a pass was begun with rows that are still train's."""
        return len(self.rows) > 0 and bool(np.isin(self.rows, train).all())

    def state(self) -> dict[str, Tensor]:
        """Tensors by name; none where nothing is practised."""
        if not len(self.losses):
            return {}
        return {
            "losses": torch.from_numpy(self.losses.copy()),
            "rows": torch.from_numpy(self.rows.copy()),
        }

    @classmethod
    def of(cls, tensors: dict[str, Tensor]) -> Practice:
        """The reverse of `state`."""
        if not tensors:
            return cls()
        losses, rows = (tensors[name].cpu().numpy().copy() for name in ("losses", "rows"))
        return cls(losses, rows)
