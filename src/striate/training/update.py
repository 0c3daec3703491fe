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

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from striate.errors import NoMemory, NotFinite, StriateError
from striate.pictures.batches import Batch, Batches
from striate.pictures.dataset import Dataset
from striate.pictures.order import Rows
from striate.training import optimise, rank_norm
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


class _Short(Exception):
    """Memory ran out, on this rank or on another: all know it."""


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
        except _Short:
            _put_back(here, buffers)
            _smaller(here)
        except (Interrupted, StriateError):
            _put_back(here, buffers)
            raise
        except Exception as fault:
            _put_back(here, buffers)
            if here.forward is None:
                raise
            here.uncompiled(fault)  # compilers fail in ways of their own: once more without
        except BaseException:
            _put_back(here, buffers)
            raise
    if here.pairs is not None:
        here.pairs.gradients()
    norm = optimise.clip(here.network.parameters(), here.recipe.optimiser.clip)
    if not (math.isfinite(found.loss) and math.isfinite(norm)):
        _put_back(here, buffers)
        raise _not_finite(here, batches, batch, found, norm)
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
    here.practice.note(*_of_all(here, batch, losses))


def _of_all(here: Training, batch: Batch, losses: Tensor) -> tuple[Rows, NDArray[np.float32]]:
    """The rows and losses of the whole batch, from those that each rank has."""
    rows = batch.rows if batch.together is None else batch.together
    first = len(rows) * here.ranks.rank // here.ranks.count
    mine = losses.cpu().numpy().astype("float32")[:, None]
    return rows, here.ranks.joined_rows(mine, first, len(rows))[:, 0]


def _gradients(here: Training, batch: Batch, epoch: int, stop: Callable[[], bool]) -> Sums:
    """The gradient of the mean loss over the global batch into `.grad`."""
    total = here.ranks.sum_of(float(batch.weights.sum()))
    if here.ranks.agree(stop()):
        raise Interrupted
    alone = here.ranks.count == 1
    # Of nearly equal size: a last one of a single picture would have no norm. As many on every rank, since
    # norms exchange sums in each.
    (seen,) = here.ranks.sums_of(len(batch))
    least, most = seen // here.ranks.count, math.ceil(seen / here.ranks.count)
    parts = max(1, min(least, math.ceil(most / here.micro_batch)))
    made, bound = None, not alone and rank_norm.exchanges(here.network)
    try:
        made = _by_parts(here, batch, epoch, parts, total, stop if alone else lambda: False)
    except (RuntimeError, MemoryError) as fault:
        if not _is_memory(fault):
            raise
        if bound:  # the others wait in a norm for this one, and cannot be told
            raise _too_much(here, most) from fault
    # Outside of the block above, where the fault still holds what lies in memory.
    if (not bound and here.ranks.agree(made is None)) or made is None:
        raise _Short
    loss, correct, losses = made
    here.ranks.sum_gradients(here.network.parameters())
    (right,) = here.ranks.sums_of(correct)
    return Sums(total, here.ranks.sum_of(loss), right, seen, losses)


def _by_parts(
    here: Training, batch: Batch, epoch: int, parts: int, total: float, stop: Callable[[], bool]
) -> tuple[float, int, Tensor]:
    """This rank's part of the gradient, by micro-batches; its loss, right answers, and n losses."""
    loss_sum, correct, losses = 0.0, 0, []
    for number in range(parts):
        if stop():
            raise Interrupted
        part = slice(len(batch) * number // parts, len(batch) * (number + 1) // parts)
        loss, logits = loss_and_logits(here, batch, part, epoch)
        (loss / total).backward()  # type: ignore[no-untyped-call]
        loss_sum += float(loss.detach())
        given = logits.detach().float()
        correct += int((given.argmax(1) == batch.labels[part]).sum())
        plain = functional.cross_entropy(given, batch.labels[part], reduction="none")
        losses.append(plain * batch.weights[part])
    if stop():
        raise Interrupted
    return loss_sum, correct, torch.cat(losses)


def loss_and_logits(here: Training, batch: Batch, part: slice, epoch: int) -> tuple[Tensor, Tensor]:
    """Of some pictures of a batch: the sum of their losses, and n K logits."""
    here.masks.address(epoch, batch.rows[part])
    images = _sized(batch.images[part], here.course.side_at(here.step), here.course)
    with _autocast(here.course):
        logits = here.through(len(batch))(images)
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


def _smaller(here: Training) -> None:
    """Half the micro-batch, the same batch; batch norm then sees fewer pictures at once, which is said. Of
    several ranks all do it.
    """
    if here.micro_batch <= 1:
        raise NoMemory(
            "there is not enough memory for one picture at a time",
            "make pictures smaller (--set pictures.size=...) or take a smaller network",
        )
    was, here.micro_batch = here.micro_batch, (here.micro_batch + 1) // 2
    here.notes += (
        f"step {here.step:,}: memory ran out; {was:,} pictures at a time became {here.micro_batch:,}. "
        "The batch is the same; batch norm sees fewer pictures at once from here on",
    )


def _too_much(here: Training, pictures: int) -> NoMemory:
    """Where batch norms are summed over ranks, and one of them has no memory left."""
    who = f"process {here.ranks.rank} of {here.ranks.count}"
    half = (min(here.micro_batch, pictures) + 1) // 2
    return NoMemory(
        f"at step {here.step + 1:,} memory ran out for {who}: batch norms are summed over all processes, so "
        "one alone cannot take fewer pictures at a time",
        f"begin a new run with --set machine.micro_batch={half}, or start fewer processes on this machine",
    )


def _not_finite(
    here: Training, batches: Batches, batch: Batch, found: Sums, norm: float
) -> NotFinite:
    """The pictures of all ranks: first those whose own loss is no number, where that is not so of all."""
    data = batches.pictures.dataset
    rows, losses = _of_all(here, batch, found.losses)
    rows = rows[np.argsort(np.isfinite(losses), kind="stable")]
    what = (
        f"the loss is {found.loss}"
        if not math.isfinite(found.loss)
        else f"the gradient's norm is {norm}"
    )
    fault = NotFinite(
        f"at step {here.step + 1:,} {what}: training stopped before the weights were changed",
        "look at these pictures, lower --set optimiser.rate=..., or set optimiser.clip=1",
        where=named(data, rows),
    )
    fault.rows = tuple(int(row) for row in rows)
    return fault


def named(data: Dataset, rows: NDArray[np.integer]) -> str:
    """The first few of these pictures by name, one to a line, and how many more."""
    names = [data.source.shown(data.paths[int(row)]) for row in rows[:_NAMED]]
    more = f"\nand {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
    return "\n".join(names) + more
