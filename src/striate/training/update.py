"""One update: batch → micro-batches → loss → backward → checks → step.

One that is abandoned (a signal, a loss that is no number, memory that is gone) leaves the network as it was:
buffers that the forward pass changed are put back.

Shape legend: N pictures of a batch, n of a micro-batch, C channels, H height, W width, K classes.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from striate.errors import NoMemory, NotFinite
from striate.pictures.batches import Batch, Batches
from striate.training import optimise
from striate.training.course import Course
from striate.training.loss import loss_of
from striate.training.state import Training

_MEMORY = ("out of memory", "can't allocate memory", "not enough memory")
_NAMED = 8


class Sums(NamedTuple):
    """Over the whole batch, of all ranks: weights, weighted losses, right answers, pictures. losses: n, of
    each picture of this rank, weighted, without smoothing: how much it has to teach.
    """

    weight: float
    loss: float
    correct: int
    seen: int
    losses: Tensor


class Interrupted(Exception):
    """The running step, or the look after it, was abandoned; the last completed step stands."""


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
    if here.pairs is not None:
        here.pairs.gradients()
    norm = optimise.clip(here.network.parameters(), here.recipe.optimiser.clip)
    if not (math.isfinite(found.loss) and math.isfinite(norm)):
        _put_back(here, buffers)
        raise _not_finite(here, batches, batch, found.loss, norm)
    here.optimiser.step(factor)
    if here.pairs is not None:
        here.pairs.weights()
    if here.course.practised:
        _note(here, batch, found.losses)
    here.loss_sum += found.loss
    here.weight_sum += found.weight
    here.correct += found.correct
    here.seen += found.seen
    return found


def _note(here: Training, batch: Batch, losses: Tensor) -> None:
    """How hard each picture of the batch was; of several ranks all know all."""
    rows = batch.rows if batch.together is None else batch.together
    first = len(rows) * here.ranks.rank // here.ranks.count
    mine = losses.cpu().numpy().astype("float32")[:, None]
    here.practice.note(rows, here.ranks.joined_rows(mine, first, len(rows))[:, 0])


def _gradients(here: Training, batch: Batch, epoch: int, stop: Callable[[], bool]) -> Sums:
    """The gradient of the mean loss over the global batch into `.grad`."""
    total = here.ranks.sum_of(float(batch.weights.sum()))
    loss_sum, correct, losses = 0.0, 0, []
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
        given = logits.detach().float()
        correct += int((given.argmax(1) == batch.labels[part]).sum())
        plain = functional.cross_entropy(given, batch.labels[part], reduction="none")
        losses.append(plain * batch.weights[part])
    if alone and stop():
        raise Interrupted
    here.ranks.sum_gradients(here.network.parameters())
    (right,) = here.ranks.sums_of(correct)
    return Sums(total, here.ranks.sum_of(loss_sum), right, seen, torch.cat(losses))


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
