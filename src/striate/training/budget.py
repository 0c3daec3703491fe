"""Seconds to steps: a few steps are measured on a copy, and the number of steps is fixed before step 0.

What is measured: some steps at each side, with batches as training gets them, after two to warm up. Of
several ranks all measure together, each with its part of every batch, so the exchange is in it too.
"""

from __future__ import annotations

import contextlib
import copy
import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, cast, final

import numpy as np
import torch
from torch import nn

from striate.pictures.batches import Batch, Batches
from striate.training import rank_norm
from striate.training.course import Course, of_steps, sides
from striate.training.ranks import ALONE, Ranks
from striate.training.recipe import Recipe
from striate.training.state import Training
from striate.training.update import Interrupted, loss_and_logits, one_update

KEPT_BACK = 0.03  # of the budget, for looks that take longer and for checkpoints
MOST_MICRO_S = 2.0  # a signal is answered between micro-batches, within five seconds
# Bytes that a micro-batch may keep for its backward pass on a CPU: 1,024 thumbnails keep 0.97 GB in
# `striate-s` and 1.15 in `striate-m`. But so many go through at once in any case: norms need company.
MOST_KEPT, FEWEST_KEPT = 1.1e9, 64
# Timed for a micro-batch: so many pictures of this side, and more of smaller ones.
_FEW, _FEW_SIDE = 8, 112
_WARM, _TIMES = 2, 6  # the first batches lie ready already


@final
class Measured(NamedTuple):
    """Seconds for one step at each side, and for one picture in a judging of val."""

    step_s: dict[int, float]
    look_s: float
    micro_batch: int


def measure(
    network: nn.Module,
    batches: Batches,
    recipe: Recipe,
    how: Course,
    *,
    stop: Callable[[], bool] = lambda: False,
    ranks: Ranks = ALONE,
) -> Measured:
    """Time steps of a copy of the network; the network itself, and every draw of the training, stay as
    they are. Of several ranks all get the same numbers, but for that of a judging.
    """
    size = batches.size[0]
    coming = _endless(batches)
    try:
        batch = next(coming)
        # As many parts on every rank, of the largest share: where one has a picture more, that is no reason
        # to halve.
        parts = math.ceil(len(batch) / _at_once(network, batch, recipe, how, stop))
        share, parts = ranks.largest_of(len(batch), parts)
        micro = recipe.machine.micro_batch or math.ceil(share / parts)
        micro = min(micro, share)
        wanted = {side for _, side in sides(recipe, 1000, size)} | {size}
        found = {}
        for side in sorted(wanted):
            given = _how(how) | {"micro_batch": micro}
            course = of_steps(recipe, 1, 1, len(batch), size, **given)
            sized = Course.from_dict(course.to_dict() | {"sides": ((0, side),)})
            found[side] = _seconds(network, batches, coming, recipe, sized, stop, ranks)
    finally:
        coming.close()
    return Measured(found, _look_seconds(network, batch, how), micro)


def _endless(batches: Batches) -> Generator[Batch, None, None]:
    """Batches as training gets them, made while others are worked on: their making takes time too. A last one
    of fewer pictures is none of those.
    """
    epoch = 0
    whole = max(1, len(batches.rows) // batches.plan.batch_size)
    while True:
        with contextlib.closing(cast("Generator[Batch]", batches.epoch(epoch))) as coming:
            for _ in range(whole):
                yield next(coming)
        epoch += 1


def steps_for(
    recipe: Recipe, measured: Measured, size: int, look_pictures: int, spent_s: float = 0.0
) -> int:
    """How many steps fit into the budget with all looks at val, after `spent_s` for other things."""
    looks = recipe.looks * look_pictures * measured.look_s
    room = max(0.0, recipe.budget_s - spent_s) * (1 - KEPT_BACK)
    room -= min(looks, 0.25 * room)
    # The share of steps at each side does not depend on their number, so a thousand stand for all.
    runs = [*sides(recipe, 1000, size)] or [(0, size)]
    ends = [first for first, _ in runs[1:]] + [1000]
    mean = sum(
        (end - first) / 1000 * measured.step_s[side]
        for (first, side), end in zip(runs, ends, strict=True)
    )
    return max(1, math.floor(room / mean))


def _seconds(
    network: nn.Module,
    batches: Batches,
    coming: Iterator[Batch],
    recipe: Recipe,
    course: Course,
    stop: Callable[[], bool],
    ranks: Ranks,
) -> float:
    """One step, the mean of some after two to warm up; slow ones are believed sooner."""
    held = copy.deepcopy(network)
    if ranks.count > 1:
        rank_norm.install(held)
    here = Training.begin(held, recipe, course, ranks=ranks)
    times: list[float] = []
    if course.compiled:  # once a shape, and kept for training: no part of the pace
        one_update(here, batches, next(coming), 0, 1.0)
    for _ in range(_WARM + _TIMES):
        if stop():
            raise Interrupted
        start = time.perf_counter()
        # At a rate of 0: as much work, and one that only a warm-up makes bearable breaks nothing here.
        one_update(here, batches, next(coming), 0, 0.0)
        _wait(course.device)
        times.append(time.perf_counter() - start)
        if ranks.agree(sum(times) > 0.02 * recipe.budget_s and len(times) > 1):
            break
    kept = times[_WARM:] or times[1:]
    return ranks.sum_of(float(np.mean(kept))) / ranks.count


def _at_once(
    network: nn.Module, batch: Batch, recipe: Recipe, how: Course, stop: Callable[[], bool]
) -> int:
    """As many pictures as take two seconds at most, by the time of a few, and keep no more than MOST_KEPT;
    all that there are where the recipe says how many.
    """
    if recipe.machine.micro_batch:
        return len(batch)
    few = tried(len(batch), batch.images[0, 0].numel())
    course = of_steps(recipe, 1, 1, few, batch.images.shape[-1], **_how(how) | {"micro_batch": few})
    whole = Course.from_dict(course.to_dict() | {"sides": ()})  # as large as they will ever be
    here = Training.begin(copy.deepcopy(network), recipe, whole)
    each, kept = math.inf, 0
    for _ in range(2):
        if stop():
            raise Interrupted
        start = time.perf_counter()
        here.wake()
        found = _Kept()
        with found:
            loss = loss_and_logits(here, batch, slice(0, few), 0)[0]
        loss.backward()  # type: ignore[no-untyped-call]
        _wait(how.device)
        each, kept = min(each, (time.perf_counter() - start) / few), found.of_pictures(few)
    most = max(1, int(MOST_MICRO_S / each))
    if how.device == "cpu":
        most = min(most, max(FEWEST_KEPT, int(MOST_KEPT / max(1, kept))))
    return most


@final
class _Kept(torch.autograd.graph.saved_tensors_hooks):
    """What a forward pass keeps for backward, in bytes; a tensor that two layers keep counts once."""

    def __init__(self) -> None:
        super().__init__(self._note, lambda tensor: tensor)
        self._found: dict[int, tuple[int, int]] = {}

    def _note(self, tensor: torch.Tensor) -> torch.Tensor:
        if tensor.ndim:
            self._found[tensor.data_ptr()] = (len(tensor), tensor.nbytes)
        return tensor

    def of_pictures(self, count: int) -> int:
        """For each picture: of tensors with a row for each, so without weights."""
        return sum(size for rows, size in self._found.values() if rows == count) // count


def tried(pictures: int, area: int) -> int:
    """How many of a batch are timed for its micro-batch, of `area` pixels each. Of eight thumbnails most of
    the time would go to starting and ending layers: a batch of 1,024 was halved that took 0.7 seconds.
    """
    return min(pictures, max(_FEW, _FEW * _FEW_SIDE**2 // area))


def _look_seconds(network: nn.Module, batch: Batch, how: Course) -> float:
    """For one picture, forward alone."""
    few = batch.images[: min(64, len(batch))]
    held = copy.deepcopy(network).eval()
    took = math.inf
    with torch.inference_mode():
        for _ in range(2):  # the first makes what the layers need for this many
            start = time.perf_counter()
            held(few)
            _wait(how.device)
            took = min(took, time.perf_counter() - start)
    return took / len(few)


def _how(course: Course) -> dict[str, object]:
    """What a course says of the machine."""
    names = ("device", "precision", "channels_last", "threads", "compiled")
    return {name: getattr(course, name) for name in names}


def _wait(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
