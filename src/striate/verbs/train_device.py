"""What a device is given besides the network, decided before step 0: pixels that stay, compiled code."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from striate.training.course import sides
from striate.verbs.train_order import Event, Said

if TYPE_CHECKING:
    from striate.pictures.batches import Batch, Batches
    from striate.training.budget import Measured
    from striate.training.compiled_trial import Verdict
    from striate.training.stopping import Stopping
    from striate.verbs.train_ready import Ready


def with_pixels(ready: Ready) -> Generator[Event, None, Ready]:
    """With a course that says whether the pixels of train stay on the device."""
    from striate.pictures import resident

    wanted, at = ready.recipe.machine.resident, ready.course
    count = ready.dataset.splits["train"]
    nbytes = ready.pictures.nbytes * count // max(1, len(ready.pictures))
    found = resident.choose(wanted, ready.chain, count, nbytes, at.device)
    if found.why:
        yield Said(found.why, "warning" if wanted == "yes" and not found.resident else "note")
    return replace(ready, course=replace(at, resident=found.resident))


def measured(
    ready: Ready, batches: Batches, model: dict[str, Any], stop: Stopping
) -> Generator[Event, None, tuple[Measured, Verdict]]:
    """How long a step takes, and whether the network is compiled; if it is, how long one takes then.
    `model` as it will stand in run.json.
    """
    from striate.training import budget, compiled_trial
    from striate.training.compiled_trial import Verdict
    from striate.verbs import train_ranks

    recipe, at, network = ready.recipe, ready.course, ready.chosen.network
    found = train_ranks.measured(ready, model, stop)
    if not compiled_trial.is_tried(recipe, at.device):
        return found, Verdict(False)
    if ready.ranks.count > 1:
        verdict = Verdict(
            False, "not compiled: several processes wait for one another in its norms"
        )
    else:
        verdict = _tried(ready, batches, found)
    yield Said(verdict.why, "warning" if verdict.is_fault else "note")
    if verdict.compiled:
        same = recipe.with_values({"machine.micro_batch": _micro_batch(ready, found)})
        found = budget.measure(network, batches, same, replace(at, compiled=True), stop=stop)
    return found, verdict


def _tried(ready: Ready, batches: Batches, found: Measured) -> Verdict:
    """With the first batch of training, at the full side."""
    from striate.training import compiled_trial
    from striate.training.compiled_trial import Work

    recipe, at, size = ready.recipe, ready.course, batches.size[0]
    step_s = found.step_s[size]
    steps = recipe.epochs * len(batches.rows) / at.batch
    work = Work(
        steps * step_s if recipe.epochs else recipe.budget_s, step_s,
        max(1, len(sides(recipe, 1000, size))),
    )  # fmt: skip
    course = replace(at, micro_batch=_micro_batch(ready, found))
    with contextlib.closing(cast("Generator[Batch]", batches.epoch(0))) as coming:
        return compiled_trial.decide(ready.chosen.network, next(coming), recipe, course, work)


def _micro_batch(ready: Ready, found: Measured) -> int:
    return min(found.micro_batch, ready.recipe.batch)
