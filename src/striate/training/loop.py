"""The loop: passes, steps, looks at val, and the weights that are kept at the end.

Nothing in it depends on the steps before but the tensors that `Training.state` gives: draws are
addressed by epoch and picture, decisions stand in the course. So a resumed run equals an unbroken one.
A step counts when its update is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator
from typing import cast

from torch import nn

from striate.errors import CannotTrain
from striate.pictures.batches import Batch, Batches
from striate.training import average, schedule
from striate.training.course import Course, of_batches
from striate.training.practice import Pass, pass_at
from striate.training.recipe import Recipe
from striate.training.state import Look, Progress, Training
from striate.training.update import Interrupted, one_update

Judge = Callable[[nn.Module], tuple[float, float]]


def fit(
    network: nn.Module,
    batches: Batches,
    recipe: Recipe,
    course: Course | None = None,
    *,
    judge: Judge | None = None,
    training: Training | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Train, one `Progress` after every step. `training` goes on where it stands; `judge` gives loss and
    accuracy on val; when `stop` says so, the running step is abandoned and `Interrupted` raised.
    """
    at = course or of_batches(batches, recipe)
    here = training or Training.begin(network, recipe, at)
    if here.seen and _is_due(here):  # the look after the last step was abandoned
        yield _looked_late(here, judge)
    while here.step < at.steps and not here.is_patient_out:
        now = pass_at(at, here.step)
        before = here.step
        with contextlib.closing(_coming(here, batches, now)) as coming:
            for batch in coming:
                yield _stepped(here, batches, batch, now.number, judge, stop)
                if here.step >= min(at.steps, now.first + now.steps) or here.is_patient_out:
                    break
        if here.step == before:
            raise CannotTrain(
                f"no batch came for step {before + 1:,}: the course counts on {at.batch:,} pictures a step",
                "make the batches as large as the course says",
            )
    early = f"stopped early at step {here.step:,} of {at.steps:,}"
    if here.is_patient_out and early not in here.notes:
        here.notes += (early,)
    _finish(here, batches, stop)


def _coming(here: Training, batches: Batches, now: Pass) -> Generator[Batch]:
    """The rest of a pass: over all pictures, or over hard ones, as they were picked at its first step."""
    practice, recipe, first = here.practice, here.recipe, here.step - now.first
    if here.course.practised:
        practice.begin(len(batches.pictures.dataset))
    if not now.is_practice:
        return cast("Generator[Batch]", batches.epoch(now.number, first))
    rows = practice.rows
    if first == 0 or not practice.goes_on(batches.rows):
        count = here.course.practised
        rows = practice.pick(recipe.practise, batches.rows, count, recipe.seed, now.number)
    return cast("Generator[Batch]", batches.epoch(now.number, first, rows))


def _stepped(
    here: Training,
    batches: Batches,
    batch: Batch,
    number: int,
    judge: Judge | None,
    stop: Callable[[], bool],
) -> Progress:
    """One step, and a look at val where one is due."""
    factor = schedule.factor(here.recipe.schedule, here.step, here.course.steps)
    made = one_update(here, batches, batch, number, factor, stop)
    epoch = here.step // here.course.steps_per_epoch
    here.step += 1
    here.average.update(here.step, here.course.steps)
    look = _look(here, judge) if _is_due(here) else None
    return Progress(
        here.step, here.course.steps, epoch, factor, made.loss / made.weight, made.correct / made.seen,
        made.seen, look, here,
    )  # fmt: skip


def _is_due(here: Training) -> bool:
    """Whether val is looked at after the last completed step."""
    return here.step % here.course.look_every == 0 or here.step == here.course.steps


def _looked_late(here: Training, judge: Judge | None) -> Progress:
    """The look that a signal cut off, as it would have been; the figures are means since the look before."""
    last, look = here.step - 1, _look(here, judge)
    factor = schedule.factor(here.recipe.schedule, last, here.course.steps)
    return Progress(
        here.step, here.course.steps, last // here.course.steps_per_epoch, factor, look.train_loss,
        look.train_accuracy, 0, look, here,
    )  # fmt: skip


def _look(here: Training, judge: Judge | None) -> Look:
    """Means since the last look, val as it stands with averaged weights, and the best kept. The sums begin
    anew when val was judged, so that a look which is cut off is due still.
    """
    weight, seen = max(here.weight_sum, 1e-12), max(1, here.seen)
    train_loss, train_accuracy = here.loss_sum / weight, here.correct / seen
    val_loss, val_accuracy = None, None
    with here.average.applied():
        if judge is not None:
            val_loss, val_accuracy = judge(here.network)
        here.loss_sum, here.weight_sum, here.correct, here.seen = 0.0, 0.0, 0, 0
        if val_loss is not None and here.recipe.regularise.patience:
            if val_loss < here.best_loss:
                here.best_loss, here.looks_since = val_loss, 0
                here.best = {k: v.clone() for k, v in here.network.state_dict().items()}
            else:
                here.looks_since += 1
    return Look(train_loss, train_accuracy, val_loss, val_accuracy)


def _finish(here: Training, batches: Batches, stop: Callable[[], bool]) -> None:
    """The network gets the weights that will be judged: the best, the averaged, or the last."""
    averaged = here.average.weights()
    if averaged is not None:
        last = {k: v.clone() for k, v in here.network.state_dict().items()}
        here.network.load_state_dict({**last, **averaged})
        if here.recipe.average.name == "swa":
            try:
                average.recount(here.network, asking(batches.epoch(0), here, stop))
            except BaseException:
                here.network.load_state_dict(last)
                raise
    if here.best is not None:
        here.network.load_state_dict(here.best)
    if here.pairs is not None:  # statistics that were counted anew are of both sides too
        here.pairs.weights()
    here.network.eval()


def asking(batches: Iterator[Batch], here: Training, stop: Callable[[], bool]) -> Iterator[Batch]:
    """The same batches, with a question before each whether to go on."""
    with contextlib.closing(cast("Generator[Batch]", batches)) as coming:
        for batch in coming:
            if here.ranks.agree(stop()):
                raise Interrupted
            yield batch
