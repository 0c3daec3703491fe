"""Pictures of train before anything is cut away, for augmentations that cut boxes out of them.

A preparation that crops shows the middle of a picture. Boxes cut out of that never show what lies around
it, and are blown up; so the pictures of train are prepared a second time, all of each brought to the same
size whatever its shape, and how wide each was says how to undo that.

Shape legend: N pictures of the dataset, n of a batch, H height, W width, C channels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from striate.pictures.augment.step import Stretched
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels, size_of
from striate.pictures.order import Rows
from striate.pictures.prepare import Preparation
from striate.pictures.source import Arrays
from striate.pictures.store.cache import Keeping, Prepared
from striate.pictures.store.cache_shelf import Shelf

DETAIL = 8 / 7  # the side by that of the network's pictures, which are boxes of it
SHARE = 0.5  # of the cache for both copies, so that other sets have room beside them


@final
@dataclass(frozen=True, eq=False)
class Whole:
    """What `Batches` needs. `kept` has the pictures of train alone; `at`: N, where each row of `dataset` is
    in it, -1 for those of other splits. `stretched`: N, see `BatchPlan`.
    """

    dataset: Dataset
    kept: Prepared
    at: Rows
    stretched: Stretched

    @classmethod
    def of(cls, dataset: Dataset, kept: Prepared, stretched: Stretched) -> Whole:
        """`stretched`: of the pictures of train."""
        rows = dataset.places("train")
        at, each = np.full(len(dataset), -1, np.int64), np.ones(len(dataset))
        at[rows], each[rows] = np.arange(len(rows)), stretched
        return cls(dataset, kept, at, each)

    @property
    def preparation(self) -> Preparation:
        """That of whole pictures."""
        return self.kept.preparation

    def take(self, rows: Rows) -> Pixels:
        """Rows of the dataset, n H W C uint8; of train alone."""
        places = self.at[rows]
        if (places < 0).any():
            raise ValueError("whole pictures are those of train alone")
        return self.kept.take(places)

    @property
    def moved(self) -> float:
        """Another number than before, if taking goes on."""
        return self.kept.moved


def preparation_of(preparation: Preparation) -> Preparation | None:
    """How the whole of a picture is prepared; None where this preparation cuts nothing away."""
    if preparation.fit != "crop" or preparation.centre != "none":
        return None
    H, W = (round(side * DETAIL) for side in preparation.size)
    return replace(preparation, size=(H, W), fit="stretch", ratio=1.0)


def bytes_of(count: int, preparation: Preparation) -> int:
    """Of so many prepared pictures."""
    return count * int(np.prod(preparation.shape))


def has_room(pictures: Prepared, wanted: Preparation, keeping: Keeping | None = None) -> bool:
    """Whether a second copy of train is worth its place: beside the first it takes a part of the cache."""
    how = keeping or Keeping()
    size = bytes_of(pictures.dataset.splits.get("train", 0), wanted)
    if pictures.store.kind == "files":
        return False
    if not how.on_disk or isinstance(pictures.dataset.source, Arrays):
        return size <= how.memory_bytes
    with Shelf.open(how.folder, how.limit_bytes) as shelf:
        return size + pictures.nbytes <= SHARE * shelf.limit_bytes


def widths(dataset: Dataset) -> Iterator[float]:
    """Width by height of each picture as it is seen, from the headers of the files."""
    if isinstance(dataset.source, Arrays):
        H, W = dataset.source.pictures.shape[1:3]
        yield from [W / H] * len(dataset)
        return
    for row in range(len(dataset)):
        height, width = size_of(dataset.data(row))
        yield width / height
