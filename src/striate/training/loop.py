"""The loop. One step: batch → micro-batches → loss → backward → checks → update → averages.

Nothing in it depends on the steps before but the tensors that `Training.state` gives: draws are
addressed by epoch and picture, decisions stand in the course. So a resumed run equals an unbroken one.

A step counts when its update is done. One that is abandoned (a signal, a loss that is no number, memory
that is gone) leaves the network as it was: buffers that the forward pass changed are put back.

Shape legend: N pictures of a batch, n of a micro-batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Generator, Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from striate.errors import NoMemory, NotFinite
from striate.pictures.batches import Batch, Batches
from striate.training import average, optimise, schedule
from striate.training.course import Course, of_batches
from striate.training.loss import loss_of
from striate.training.recipe import Recipe
from striate.training.state import Look, Progress, Training

Judge = Callable[[nn.Module], tuple[float, float]]
_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_NAMED = 8


class Sums(NamedTuple):
    """Over the whole batch, of all ranks: weights, weighted losses, right answers, pictures."""

    weight: float
    loss: float
    correct: int
    seen: int


class Interrupted(Exception):
    """The running step, or the look after it, was abandoned; the last completed step stands."""


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
        epoch, first = divmod(here.step, at.steps_per_epoch)
        with contextlib.closing(cast("Generator[Batch]", batches.epoch(epoch, first))) as coming:
            for batch in coming:
                yield _stepped(here, batches, batch, epoch, judge, stop)
                if (
                    here.step >= at.steps
                    or here.step % at.steps_per_epoch == 0
                    or here.is_patient_out
                ):
                    break
    early = f"stopped early at step {here.step:,} of {at.steps:,}"
    if here.is_patient_out and early not in here.notes:
        here.notes += (early,)
    _finish(here, batches, stop)


def _stepped(
    here: Training,
    batches: Batches,
    batch: Batch,
    epoch: int,
    judge: Judge | None,
    stop: Callable[[], bool],
) -> Progress:
    """One step, and a look at val where one is due."""
    factor = schedule.factor(here.recipe.schedule, here.step, here.course.steps)
    made = one_update(here, batches, batch, epoch, factor, stop)
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


def one_update(
    here: Training,
    batches: Batches,
    batch: Batch,
    epoch: int,
    factor: float,
    stop: Callable[[], bool] = lambda: False,
) -> Sums:
    """Gradients of the whole batch by micro-batches, checked, then the update."""
    buffers = [b.clone() for b in here.network.buffers()]
    found = None
    while found is None:
        try:
            here.wake()
            found = _gradients(here, batch, epoch, stop)
        except (RuntimeError, MemoryError) as fault:
            _put_back(here, buffers)
            if here.ranks.count > 1 or not _is_memory(fault):
                raise
            _smaller(here, fault)
        except BaseException:
            _put_back(here, buffers)
            raise
    norm = optimise.clip(here.network.parameters(), here.recipe.optimiser.clip)
    if not (math.isfinite(found.loss) and math.isfinite(norm)):
        _put_back(here, buffers)
        raise _not_finite(here, batches, batch, found.loss, norm)
    here.optimiser.step(factor)
    here.loss_sum += found.loss
    here.weight_sum += found.weight
    here.correct += found.correct
    here.seen += found.seen
    return found


def _gradients(here: Training, batch: Batch, epoch: int, stop: Callable[[], bool]) -> Sums:
    """The gradient of the mean loss over the global batch into `.grad`."""
    total = here.ranks.sum_of(float(batch.weights.sum()))
    loss_sum, correct = 0.0, 0
    if here.ranks.agree(stop()):
        raise Interrupted
    alone = here.ranks.count == 1
    # Of nearly equal size: a last one of a single picture would have no norm. As many on every rank, since
    # norms exchange sums in each.
    (seen,) = here.ranks.sums_of(len(batch))
    least, most = seen // here.ranks.count, math.ceil(seen / here.ranks.count)
    parts = max(1, min(least, math.ceil(most / here.micro_batch)))
    for number in range(parts):
        if alone and stop():
            raise Interrupted
        part = slice(len(batch) * number // parts, len(batch) * (number + 1) // parts)
        loss, logits = loss_and_logits(here, batch, part, epoch)
        (loss / total).backward()  # type: ignore[no-untyped-call]
        loss_sum += float(loss.detach())
        correct += int((logits.detach().argmax(1) == batch.labels[part]).sum())
    if alone and stop():
        raise Interrupted
    here.ranks.sum_gradients(here.network.parameters())
    (right,) = here.ranks.sums_of(correct)
    return Sums(total, here.ranks.sum_of(loss_sum), right, seen)


def loss_and_logits(here: Training, batch: Batch, part: slice, epoch: int) -> tuple[Tensor, Tensor]:
    """Of some pictures of a batch: the sum of their losses, and n K logits."""
    here.masks.address(epoch, batch.rows[part])
    images = _sized(batch.images[part], here.course.side_at(here.step), here.course)
    with _autocast(here.course):
        logits = (here.forward or here.network)(images)
    loss = loss_of(
        here.recipe.loss, logits.float(), batch.labels[part], batch.partners[part],
        batch.share, batch.weights[part],
    )  # fmt: skip
    return loss, logits


def _sized(images: Tensor, side: int | None, course: Course) -> Tensor:
    """n C H W at the side of this step; smaller ones are antialiased, as files are when prepared."""
    if side is not None and side != images.shape[-1]:
        images = functional.interpolate(
            images.contiguous(), (side, side), mode="bilinear", antialias=True
        )
    layout = torch.channels_last if course.channels_last else torch.contiguous_format
    return images.contiguous(memory_format=layout)


def _autocast(course: Course) -> contextlib.AbstractContextManager[Any]:
    if course.precision == "fp32":
        return contextlib.nullcontext()
    return torch.autocast(course.device.partition(":")[0], torch.bfloat16)


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
    here.network.eval()


def asking(batches: Iterator[Batch], here: Training, stop: Callable[[], bool]) -> Iterator[Batch]:
    """The same batches, with a question before each whether to go on."""
    with contextlib.closing(cast("Generator[Batch]", batches)) as coming:
        for batch in coming:
            if here.ranks.agree(stop()):
                raise Interrupted
            yield batch


def _put_back(here: Training, buffers: list[Tensor]) -> None:
    """Buffers as they were before the step, and no half-made gradient."""
    with torch.no_grad():
        for now, then in zip(here.network.buffers(), buffers, strict=True):
            now.copy_(then)
    here.optimiser.zero()


def _is_memory(fault: BaseException) -> bool:
    return isinstance(fault, MemoryError) or any(m in str(fault).lower() for m in _MEMORY)


def _smaller(here: Training, fault: BaseException) -> None:
    """Half the micro-batch, the same batch; batch norm then sees fewer pictures at once, which is said."""
    if here.micro_batch <= 1:
        raise NoMemory(
            "there is not enough memory for one picture at a time",
            "make pictures smaller (--set pictures.size=...) or take a smaller network",
        ) from fault
    was, here.micro_batch = here.micro_batch, (here.micro_batch + 1) // 2
    here.notes += (
        f"step {here.step:,}: memory ran out; {was:,} pictures at a time became {here.micro_batch:,}. "
        "The batch is the same; batch norm sees fewer pictures at once from here on",
    )


def _not_finite(
    here: Training, batches: Batches, batch: Batch, loss: float, norm: float
) -> NotFinite:
    data = batches.pictures.dataset
    names = [data.source.shown(data.paths[int(row)]) for row in batch.rows[:_NAMED]]
    more = f"\nand {len(batch) - _NAMED} more" if len(batch) > _NAMED else ""
    what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm}"
    return NotFinite(
        f"at step {here.step + 1:,} {what}: training stopped before the weights were changed",
        "look at these pictures, lower --set optimiser.rate=..., or set optimiser.clip=1",
        where="\n".join(names) + more,
    )
