"""The stages of a training, one after another, and what is written about how they ended.

Whatever ended it is what a person reads: where that cannot be written down any more, as on a full disk, the
fault of the writing is a note to the first and never takes its place.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from striate import machine, safe
from striate.errors import FileFault, StriateError
from striate.keeping.runs import Run
from striate.training.ranks import Ranks
from striate.training.recipe import Recipe
from striate.training.stopping import Stopped, Stopping
from striate.verbs.train_order import Event, Order, Said

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset


def stages(
    run: Run,
    order: Order,
    recipe: Recipe,
    stop: Stopping,
    ranks: Ranks,
    dataset: Dataset | None = None,
) -> Generator[Event, None, dict[str, Any]]:
    """Prepare, train, judge and keep; returns the scores."""
    from striate.verbs.train_judging import judge_and_keep
    from striate.verbs.train_ready import readied
    from striate.verbs.train_steps import trained

    seconds: dict[str, float] = dict(run.facts().get("seconds", {}))
    last = [time.perf_counter()]

    def note_time(stage: str) -> None:
        now = time.perf_counter()
        seconds[stage] = round(seconds.get(stage, 0.0) + now - last[0], 3)
        last[0] = now

    try:
        with machine.memory_kept(wanted=not order.from_weights):
            ready = yield from readied(run, order, recipe, stop, dataset, ranks)
            note_time("prepare")
            done = yield from trained(ready, stop)
            note_time("train")
            run.update(seconds=seconds)
            scores = yield from judge_and_keep(ready, done, stop)
            note_time("judge")
        safe.sweep(run.path)
        seconds["total"] = round(sum(v for k, v in seconds.items() if k != "total"), 3)
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        run.update(status="finished", reason=None, finished=finished, seconds=seconds)
    except Stopped as asked:
        _note_end(run, asked, "interrupted", f"signal {asked.number}", seconds)
        raise
    except (KeyboardInterrupt, GeneratorExit) as asked:
        _note_end(run, asked, "interrupted", "interrupted", seconds)
        raise
    except BaseException as fault:
        if stop.asked is not None and isinstance(fault, Exception):
            # A signal met C code, such as an import, which made a fault of its own of it.
            _note_end(run, fault, "interrupted", f"signal {stop.asked}", seconds)
            if isinstance(fault, FileFault):  # or the last checkpoint could not be written
                yield Said(fault.text, "warning")
            raise Stopped(stop.asked) from fault
        reason = f"{type(fault).__name__}: {fault}".split("\n")[0]
        _note_end(run, fault, "failed", reason, seconds)
        _tell_how_to_go_on(run, fault)
        raise
    return scores


def _note_end(
    run: Run, fault: BaseException, status: str, reason: str, seconds: dict[str, float]
) -> None:
    """Write how it ended. A run that says running and that nobody works in counts as interrupted."""
    try:
        run.update(status=status, reason=reason, seconds=seconds)
    except (StriateError, OSError) as second:
        fault.add_note(f"and how it ended could not be written: {second}")


def _tell_how_to_go_on(run: Run, fault: BaseException) -> None:
    """What was saved is whole: a file of the run that cannot be written is no end of the training."""
    if type(fault) is FileFault and fault.where.startswith(str(run.path)):
        fault.hint = f"{fault.hint}; then `striate resume {run.path}` goes on from what was saved"
