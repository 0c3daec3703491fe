"""Batches of an epoch: gathered as uint8, augmented as a whole, then made numbers for the network.

What batch 1,000 of epoch 3 holds follows from the seed and these two numbers alone. So it is the same
with no worker or four, resumed or not, on any device; and ranks 0 ... R - 1 together see what one does.

Workers are threads: gathering, augmenting and decoding let one another run. A batch for which nothing
moves for `timeout_s`, or whose worker failed, ends in an error that names its pictures.

Shape legend: N pictures of this rank's part of the batch, C channels, H height, W width, K classes.
Tensors are N C H W by name, and channels last in memory unless the plan says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import DataError
from striate.pictures.augment.chain import NOTHING, Chain
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.step import Stretched
from striate.pictures.balance import balanced
from striate.pictures.batches_ahead import Ahead, Watched
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.order import Rows, order, places, steps
from striate.pictures.prepare import Preparation
from striate.pictures.store.cache_crew import TIMEOUT_S

Kind = Literal["uint8", "float32", "bfloat16"]
_IN_CACHE = 2**18  # floats that go through all three operations before the next ones come
Floats = NDArray[np.float32]
_NUMBERS = {"uint8": torch.uint8, "float32": torch.float32, "bfloat16": torch.bfloat16}


class Pictures(Protocol):
    """What batches need of a `cache.Prepared`."""

    @property
    def dataset(self) -> Dataset:
        """Labels, weights and splits."""

    @property
    def preparation(self) -> Preparation:
        """Mean and std, and the size."""

    def take(self, rows: Rows) -> Pixels:
        """Rows of the dataset, n H W C uint8."""

    @property
    def moved(self) -> float:
        """Another number than before, if taking goes on."""


@final
@dataclass(frozen=True)
class BatchPlan:
    """Everything that decides what comes in which batch, and where it goes.

    shuffle: a new order each epoch; else the order of the rows, for judging, and an empty part is left
    out. balanced: every class equally often. workers: threads that work ahead; 0 works when asked.
    numbers: uint8 leaves the pixels as they are, else they are normalised. class_weights: K, multiplied
    into `Batch.weights`. stretched: one number for each picture of the dataset, how many times as wide for
    its height it was before it was prepared; None where none was stretched.
    """

    batch_size: int = 128
    seed: int = 0
    split: str = "train"
    shuffle: bool = True
    balanced: bool = False
    drop_last: bool = False
    augment: Chain = NOTHING
    workers: int = 1
    device: str = "cpu"
    numbers: Kind = "float32"
    channels_last: bool = True
    rank: int = 0
    ranks: int = 1
    class_weights: NDArray[np.float32] | None = None
    stretched: Stretched | None = None
    timeout_s: float = TIMEOUT_S

    def __post_init__(self) -> None:
        faults = []
        if self.batch_size < 1:
            faults.append(f"batch_size is at least 1, not {self.batch_size}")
        if not 0 <= self.rank < self.ranks:
            faults.append(f"rank {self.rank} of {self.ranks} ranks")
        if self.workers < 0:
            faults.append(f"workers is at least 0, not {self.workers}")
        if self.numbers not in _NUMBERS:
            faults.append(f"numbers is one of {', '.join(_NUMBERS)}, not {self.numbers!r}")
        if faults:
            raise DataError("the batches cannot be made so: " + "; ".join(faults))


@final
@dataclass(frozen=True, eq=False)
class Batch:
    """Of one step. images: N C H W; labels, partners: N int64; weights: N float32; rows: N, in the dataset.

    Mixed pictures have two labels: the loss is share x loss(labels) + (1 - share) x loss(partners). Where
    nothing is mixed, share is 1 and partners equals labels. step: the number of the batch in its epoch.
    together: the rows that all ranks have of it; the same as rows where there is one.
    """

    images: torch.Tensor
    labels: torch.Tensor
    weights: torch.Tensor
    rows: Rows
    step: int
    partners: torch.Tensor
    share: float = 1.0
    together: Rows | None = None

    def __len__(self) -> int:
        return len(self.rows)


@final
class Batches:
    """The batches of a split: `for batch in batches.epoch(3, start_step=100): ...`."""

    def __init__(self, pictures: Pictures, plan: BatchPlan) -> None:
        self.pictures, self.plan = pictures, plan
        self.rows = pictures.dataset.places(plan.split)

    def __len__(self) -> int:
        return steps(len(self.rows), self.plan.batch_size, self.plan.drop_last)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.plan.augment.size(*self.pictures.preparation.size)

    def epoch(self, epoch: int, start_step: int = 0, rows: Rows | None = None) -> Iterator[Batch]:
        """The batches of one epoch from step `start_step` on; resuming there gives the very same ones. rows:
        the only ones that come, where not all do.
        """
        only = self.rows if rows is None else rows
        make = _Maker(Watched(self.pictures), self.plan, only, epoch)
        count = steps(len(only), self.plan.batch_size, self.plan.drop_last)
        wanted = [s for s in range(start_step, count) if self.plan.shuffle or len(make.part(s))]
        if self.plan.workers == 0:
            return (make.moved(make.batch(step)) for step in wanted)
        return self._ahead(make, wanted)

    def _ahead(self, make: _Maker, wanted: list[int]) -> Iterator[Batch]:
        plan, moved = self.plan, lambda: make.pictures.moved
        ahead = Ahead(make.batch, wanted, plan.workers, make.names, plan.timeout_s, moved)
        try:
            for batch in ahead:
                yield make.moved(batch)
        finally:
            ahead.stop()


@final
class _Maker:
    """Makes any batch of one epoch; used by several threads at a time."""

    def __init__(self, pictures: Pictures, plan: BatchPlan, rows: Rows, epoch: int) -> None:
        self.pictures, self.plan, self.rows = pictures, plan, rows
        data = pictures.dataset
        self.labels, self.weights = data.labels, data.weights
        if not plan.shuffle:
            self.order: Rows | NDArray[np.int32] = np.arange(len(rows))
        elif plan.balanced:
            self.order = balanced(self.labels[rows], plan.seed, epoch)
        else:
            self.order = order(len(rows), plan.seed, epoch)
        self.draws = Draws(plan.seed, epoch, max(len(data), len(rows)))

    def part(self, step: int) -> range:
        """The places of the global order that this rank has."""
        plan = self.plan
        return places(len(self.rows), step, plan.batch_size, plan.rank, plan.ranks)

    def names(self, step: int) -> str:
        """The first pictures of a batch, for a message."""
        rows = self.rows[self.order[self.part(step)]]
        data = self.pictures.dataset
        shown = [data.source.shown(data.paths[int(row)]) for row in rows[:3]]
        return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")

    def batch(self, step: int) -> Batch:
        """One batch in the memory of the processor, normalised if the device is that one."""
        mine = _span(self.part(step))
        mix = self.plan.augment.mix
        if mix is None:
            pixels, rows = self._augmented(mine)
            partners, share = rows, 1.0
        else:
            whole = places(len(self.rows), step, self.plan.batch_size)
            across = whole.start + whole.stop - 1 - mine
            needed, where = np.unique(np.concatenate([mine, across]), return_inverse=True)
            both, both_rows = self._augmented(needed)
            first, second = where[: len(mine)], where[len(mine) :]
            drawn = mix.draw(self.draws, step, *both.shape[1:3])
            pixels = mix.apply(both[first], both[second], drawn)
            rows, partners, share = both_rows[first], both_rows[second], drawn.share
        return self._batch(pixels, rows, partners, share, step)

    def _augmented(self, at: Rows) -> tuple[Pixels, Rows]:
        """Pixels and rows at these places of the order. A balanced epoch may show a picture twice, so
        there the draws go by the place; else by the row.
        """
        rows = self.rows[self.order[at]]
        pixels = self.pictures.take(rows)
        slots = at if self.plan.balanced else rows
        stretched = None if self.plan.stretched is None else self.plan.stretched[rows]
        return self.plan.augment.apply(pixels, self.draws, slots, stretched), rows

    def _batch(self, pixels: Pixels, rows: Rows, partners: Rows, share: float, step: int) -> Batch:
        labels = torch.from_numpy(self.labels[rows].astype(np.int64))
        weights = np.ones(len(rows), np.float32) if self.weights is None else self.weights[rows]
        if self.plan.class_weights is not None:
            weights = weights * self.plan.class_weights[self.labels[rows]]
        other = (
            labels if partners is rows else torch.from_numpy(self.labels[partners].astype(np.int64))
        )
        images = torch.from_numpy(pixels)
        if self.plan.device == "cpu":
            images = self._numbers(images)
        elif images.numel():
            images = images.pin_memory()
        known = torch.from_numpy(weights.astype(np.float32))
        whole = places(len(self.rows), step, self.plan.batch_size)
        together = rows if len(rows) == len(whole) else self.rows[self.order[_span(whole)]]
        return Batch(images, labels, known, rows, step, other, share, together)

    def _numbers(self, images: torch.Tensor) -> torch.Tensor:
        """N H W C uint8 to what the plan asks for, N C H W."""
        if self.plan.numbers == "uint8":
            made = images.permute(0, 3, 1, 2)
        else:
            made = normalised(images, self.pictures.preparation, _NUMBERS[self.plan.numbers])
        return made if self.plan.channels_last else made.contiguous()

    def moved(self, batch: Batch) -> Batch:
        """On the device; normalised there, with the same operations, so with the same bits."""
        if self.plan.device == "cpu":
            return batch

        def to(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(self.plan.device, non_blocking=True)

        images = self._numbers(to(batch.images))
        labels = to(batch.labels)
        partners = labels if batch.partners is batch.labels else to(batch.partners)
        return Batch(
            images, labels, to(batch.weights), batch.rows, batch.step, partners, batch.share,
            batch.together,
        )  # fmt: skip


def normalised(
    images: torch.Tensor, preparation: Preparation, to: torch.dtype = torch.float32
) -> torch.Tensor:
    """N H W C uint8 to N C H W: x / 255, minus mean, by std, each rounded to float32: the bits that
    `Preparation.normalise` gives.
    """
    N, H, W, C = images.shape
    # Whole lines at a time: mean and std repeated along a line, so that nothing is spread over three numbers.
    mean = np.tile(np.array(preparation.mean, np.float32), W)
    std = np.tile(np.array(preparation.std, np.float32), W)
    if images.device.type == "cpu":
        return _normalised_here(images, mean, std).to(to).view(N, H, W, C).permute(0, 3, 1, 2)
    # A tensor, since a plain 255 becomes a product with 1 / 255 on some devices.
    most = torch.full((1,), 255.0, device=images.device)
    lines = images.reshape(N * H, W * C).to(torch.float32)
    on_device = (torch.from_numpy(one).to(images.device) for one in (mean, std))
    made = lines.div_(most).sub_(next(on_device)).div_(next(on_device)).to(to)
    return made.view(N, H, W, C).permute(0, 3, 1, 2)


def _normalised_here(images: torch.Tensor, mean: Floats, std: Floats) -> torch.Tensor:
    """N * H lines of W * C, by NumPy: it asks for large pages, which torch does not, and it has no threads.
    Torch in a thread that works ahead starts threads of its own, and with more of them than cores those that
    train sleep at every turn: a step at 17 pixels took 0.38 s for 0.28.
    """
    lines = images.numpy().reshape(-1, len(mean))
    made = np.empty(lines.shape, np.float32)
    at_once = max(1, _IN_CACHE // len(mean))
    for start in range(0, len(lines), at_once):
        part = made[start : start + at_once]
        np.divide(lines[start : start + at_once], np.float32(255), out=part, dtype=np.float32)
        part -= mean
        part /= std
    return torch.from_numpy(made)


def _span(run: range) -> Rows:
    return np.arange(run.start, run.stop)
