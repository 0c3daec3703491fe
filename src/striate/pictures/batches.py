"""Batches of an epoch: gathered as uint8, augmented as a whole, then made numbers for the network.

What batch 1,000 of epoch 3 holds follows from the seed and these two numbers alone. So it is the same
with no worker or four, resumed or not, on any device; and ranks 0 ... R - 1 together see what one does.
Workers are threads: gathering, augmenting and decoding let one another run. A batch for which nothing
moves for `timeout_s`, or whose worker failed, ends in an error that names its pictures.
With `resident` the pixels of the split lie on the device, and the same batches are made there: `resident.py`.

Shape legend: N pictures of this rank's part of the batch, C channels, H height, W width, K classes.
Tensors are N C H W by name, and channels last in memory unless the plan says otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Protocol, final

import numpy as np
import torch
from numpy.typing import NDArray

from striate.errors import DataError
from striate.pictures.augment.chain import NOTHING, Chain
from striate.pictures.augment.draws import Draws
from striate.pictures.augment.on_device import lacking
from striate.pictures.augment.step import Stretched
from striate.pictures.balance import balanced
from striate.pictures.batches_ahead import Ahead, Watched
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.normalised import normalised
from striate.pictures.order import Rows, order, places, steps
from striate.pictures.prepare import Preparation
from striate.pictures.resident import Planned, Resident, held
from striate.pictures.store.cache_crew import TIMEOUT_S

Kind = Literal["uint8", "float32", "bfloat16"]
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
    its height it was before it was prepared; None where none was stretched. resident: the pixels of the
    split stay on the device, for augmentations that are known there (`augment.on_device`).
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
    resident: bool = False

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
        if self.resident and (names := lacking(self.augment)):
            faults.append(f"resident pixels cannot be changed by {', '.join(names)}")
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
        self._held: Resident | str | None = None

    def __len__(self) -> int:
        return steps(len(self.rows), self.plan.batch_size, self.plan.drop_last)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the images."""
        return self.plan.augment.size(*self.pictures.preparation.size)

    def hold(self) -> str:
        """Bring the pixels to the device where they are to stay there; gives why not, where there is no room.
        Then batches are made by the processor: the same ones.
        """
        if self.plan.resident and self._held is None:
            rows = self.pictures.dataset.places(self.plan.split)
            self._held = held(self.pictures, rows, self.plan.device)
        return self._held if isinstance(self._held, str) else ""

    def epoch(self, epoch: int, start_step: int = 0, rows: Rows | None = None) -> Iterator[Batch]:
        """The batches of one epoch from step `start_step` on; resuming there gives the very same ones. rows:
        the only ones that come, where not all do.
        """
        only = self.rows if rows is None else rows
        self.hold()
        here = self._held if isinstance(self._held, Resident) else None
        make = _Maker(Watched(self.pictures), self.plan, only, epoch, here)
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


class _Made(NamedTuple):
    """What a worker gives: a batch, or one without its images and how these will be made."""

    batch: Batch
    planned: Planned | None


@final
class _Maker:
    """Makes any batch of one epoch; used by several threads at a time."""

    def __init__(
        self, pictures: Pictures, plan: BatchPlan, rows: Rows, epoch: int, held: Resident | None
    ) -> None:
        self.pictures, self.plan, self.rows, self.held = pictures, plan, rows, held
        data = pictures.dataset
        self.labels, self.weights = data.labels, data.weights
        self.size = plan.augment.size(*pictures.preparation.size)
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
        rows, data = self.rows[self.order[self.part(step)]], self.pictures.dataset
        shown = [data.source.shown(data.paths[int(row)]) for row in rows[:3]]
        return ", ".join(shown) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")

    def batch(self, step: int) -> _Made:
        """One batch in the memory of the processor, normalised if the device is that one."""
        part = self.part(step)
        mine = np.arange(part.start, part.stop)
        mix = self.plan.augment.mix
        pixels: Pixels | Planned
        if mix is None:
            pixels, rows = self._augmented(mine)
            partners, share = rows, 1.0
        else:
            whole = places(len(self.rows), step, self.plan.batch_size)
            across = whole.start + whole.stop - 1 - mine
            needed, where = np.unique(np.concatenate([mine, across]), return_inverse=True)
            both, both_rows = self._augmented(needed)
            first, second = where[: len(mine)], where[len(mine) :]
            drawn = mix.draw(self.draws, step, *self.size)
            if isinstance(both, Planned):
                pixels = both.mixed(first, second, drawn)
            else:
                pixels = mix.apply(both[first], both[second], drawn)
            rows, partners, share = both_rows[first], both_rows[second], drawn.share
        return self._batch(pixels, rows, partners, share, step)

    def _augmented(self, at: Rows) -> tuple[Pixels | Planned, Rows]:
        """Pixels, or how they will be made, and rows at these places of the order. A balanced epoch may show
        a picture twice, so there the draws go by the place; else by the row.
        """
        rows = self.rows[self.order[at]]
        slots = at if self.plan.balanced else rows
        if self.held is not None:
            return self.held.plan(self.plan.augment, self.draws, rows, slots), rows
        pixels = self.pictures.take(rows)
        stretched = None if self.plan.stretched is None else self.plan.stretched[rows]
        return self.plan.augment.apply(pixels, self.draws, slots, stretched), rows

    def _batch(
        self, pixels: Pixels | Planned, rows: Rows, partners: Rows, share: float, step: int
    ) -> _Made:
        labels = torch.from_numpy(self.labels[rows].astype(np.int64))
        weights = np.ones(len(rows), np.float32) if self.weights is None else self.weights[rows]
        if self.plan.class_weights is not None:
            weights = weights * self.plan.class_weights[self.labels[rows]]
        other = (
            labels if partners is rows else torch.from_numpy(self.labels[partners].astype(np.int64))
        )
        planned = pixels if isinstance(pixels, Planned) else None
        images = torch.empty(0) if isinstance(pixels, Planned) else torch.from_numpy(pixels)
        if planned is None and self.plan.device == "cpu":
            images = self._numbers(images)
        elif images.numel():
            images = images.pin_memory()
        known = torch.from_numpy(weights.astype(np.float32))
        whole = places(len(self.rows), step, self.plan.batch_size)
        together = (
            rows if len(rows) == len(whole) else self.rows[self.order[whole.start : whole.stop]]
        )
        return _Made(Batch(images, labels, known, rows, step, other, share, together), planned)

    def _numbers(self, images: torch.Tensor) -> torch.Tensor:
        """N H W C uint8 to what the plan asks for, N C H W."""
        if self.plan.numbers == "uint8":
            made = images.permute(0, 3, 1, 2)
        else:
            made = normalised(images, self.pictures.preparation, _NUMBERS[self.plan.numbers])
        return made if self.plan.channels_last else made.contiguous()

    def moved(self, made: _Made) -> Batch:
        """On the device; normalised there, with the same operations, so with the same bits."""
        batch, planned = made
        if planned is None and self.plan.device == "cpu":
            return batch

        def to(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(self.plan.device, non_blocking=True)

        if planned is None or self.held is None:
            pixels = to(batch.images)
        else:
            pixels = self.held.made(self.plan.augment, planned)
        labels = to(batch.labels)
        partners = labels if batch.partners is batch.labels else to(batch.partners)
        images, weights = self._numbers(pixels), to(batch.weights)
        return replace(batch, images=images, labels=labels, weights=weights, partners=partners)
