"""Several processes that train one network: what rank 0 tells the others, and when.

Rank 0 opens, prepares and decides alone. Twice it calls the others: to measure a few steps together, since
only steps of all show what a step of all takes; then, when the first checkpoint stands, to train. A run that
goes on from a checkpoint measures nothing, so there the first call is the second.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from striate import machine
from striate.errors import CannotTrain
from striate.keeping.runs import Run
from striate.training import budget
from striate.training.budget import Measured
from striate.training.course import Course
from striate.training.ranks import Ranks
from striate.training.recipe import Recipe
from striate.training.stopping import Stopping
from striate.verbs.train_order import Event, Order
from striate.verbs.train_ready import Ready, along, readied


def call(ranks: Ranks, run: Run, draft: dict[str, Any] | None = None) -> None:
    """Rank 0 to the others: train this run, or first measure what `draft` says of it."""
    if ranks.count > 1:
        ranks.told(json.dumps({"run": str(run.path.resolve()), "draft": draft}))


def follow(stop: Stopping, ranks: Ranks) -> Generator[Event, None, Path]:
    """What every rank but the first does: wait until it is called, read what was decided, train along."""
    from striate.verbs.train_judging import judge_and_keep
    from striate.verbs.train_steps import trained

    asked = json.loads(ranks.told(""))
    run = Run(Path(asked["run"]))
    facts = run.facts()
    if facts["status"] == "finished":
        return run.path
    order, recipe = Order.from_dict(facts["options"]), Recipe().with_values(facts["recipe"])
    with machine.memory_kept(wanted=not order.from_weights):
        if asked["draft"] is None:
            ready = yield from readied(run, order, recipe, stop, ranks=ranks)
        else:
            ready = yield from along(run, order, asked["draft"], ranks)
            _measured(ready, stop)
            ranks.told("")  # the plan is in run.json now, beside the first checkpoint
            ready = replace(ready, course=Course.from_dict(run.facts()["decided"]))
            torch.set_num_threads(ready.course.threads)
        done = yield from trained(ready, stop)
        yield from judge_and_keep(ready, done, stop)
    return run.path


def measured(ready: Ready, model: dict[str, Any], stop: Callable[[], bool]) -> Measured:
    """Seconds of a step, by all ranks together; `model` as it will stand in run.json."""
    if ready.ranks.count > 1:
        enough_for(ready)
        whole = ready.whole.preparation.to_dict() if ready.whole is not None else None
        drawn_up = {
            "decided": ready.course.to_dict(), "model": model, "whole": whole,
            "recipe": ready.recipe.flat(),
        }  # fmt: skip
        call(ready.ranks, ready.run, drawn_up)
    return _measured(ready, stop)


def _measured(ready: Ready, stop: Callable[[], bool]) -> Measured:
    ready.ranks.wait()  # the others have opened the pictures first
    return budget.measure(
        ready.chosen.network, ready.batches(), ready.recipe, ready.course, stop=stop,
        ranks=ready.ranks,
    )  # fmt: skip


def enough_for(ready: Ready) -> None:
    """Every rank has a picture of every batch."""
    batch = min(ready.course.batch, ready.dataset.splits["train"])
    if batch < ready.ranks.count:
        raise CannotTrain(
            f"{ready.ranks.count} processes cannot share batches of {batch}: each needs a picture of its own",
            "give a larger --set batch=..., or start fewer processes",
        )
