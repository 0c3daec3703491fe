"""A learning-rate range test (Smith 2017, arXiv 1506.01186): the rate rises by a factor each step, and the
loss says where learning begins and where it breaks.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from typing import NamedTuple, final

import numpy as np
from torch import nn

from striate.errors import NotFinite
from striate.pictures.batches import Batches
from striate.training.course import Course
from striate.training.recipe import Recipe
from striate.training.state import Training
from striate.training.update import one_update

STEPS, LOWEST, HIGHEST = 60, 1e-3, 100.0  # factors of the rate that the recipe would take
_SMOOTHING, _BROKEN = 0.8, 3.0


@final
class Tried(NamedTuple):
    """`factor` of the recipe's rate, and the loss there, smoothed over the steps before."""

    factor: float
    loss: float


@final
class Range(NamedTuple):
    """What was tried. `steepest` is where the loss falls fastest, `suggested` a tenth below the lowest."""

    tried: tuple[Tried, ...]
    steepest: float
    suggested: float


def sweep(
    network: nn.Module,
    batches: Batches,
    recipe: Recipe,
    course: Course,
    *,
    from_scratch: bool = True,
    still: tuple[nn.Module, ...] = (),
) -> Iterator[Tried]:
    """Try rising factors on a copy of the network, until the loss breaks. `still` are parts of the network
    that stay in evaluation mode, as in `Training`.
    """
    copied, kept = copy.deepcopy(
        (network, still)
    )  # together, so that the parts are those of the copy
    here = Training.begin(copied, recipe, course, from_scratch=from_scratch)
    here.still = kept
    mean, best, done = 0.0, math.inf, 0
    epoch = 0
    while done < STEPS:
        for batch in batches.epoch(epoch):
            factor = LOWEST * (HIGHEST / LOWEST) ** (done / (STEPS - 1))
            try:
                made = one_update(here, batches, batch, epoch, factor)
            except NotFinite:
                return
            mean = _SMOOTHING * mean + (1 - _SMOOTHING) * made.loss / made.weight
            done += 1
            smooth = mean / (1 - _SMOOTHING**done)
            best = min(best, smooth)
            yield Tried(factor, smooth)
            if smooth > _BROKEN * best or done >= STEPS:
                return
        epoch += 1


def read(tried: list[Tried]) -> Range:
    """Where to train: the factor of the steepest fall, and a tenth of that of the lowest loss."""
    losses = np.array([one.loss for one in tried])
    factors = np.array([one.factor for one in tried])
    lowest = int(losses.argmin())
    slopes = np.gradient(losses, np.log(factors)) if len(tried) > 2 else np.zeros(len(tried))
    until = max(1, lowest)
    steepest = float(factors[int(slopes[:until].argmin())])
    return Range(tuple(tried), steepest, float(factors[lowest]) / 10)
