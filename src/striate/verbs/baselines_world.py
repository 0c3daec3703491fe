"""The pictures that every method of `baselines` gets: the same, prepared the same way, in the same splits."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from striate.errors import CannotTrain
from striate.features.kinds import Labels, Pictures
from striate.pictures.dataset import SPLITS, Dataset
from striate.pictures.order import order
from striate.pictures.store.cache import Prepared
from striate.training.recipe import Recipe
from striate.verbs import train_data
from striate.verbs.train_order import Event, Order, Said

QUARTER = 4  # a subset has so many times as many pictures of train as of val, and of test


@final
@dataclass(frozen=True)
class Asked:
    """A comparison. budget_s: of all methods together. subset: pictures of train at most, 0 for all."""

    data: str
    budget_s: float = 300.0
    subset: int = 0
    seed: int = 0
    splits: str | None = None
    skip_bad: bool = False
    root: str | None = None

    @property
    def order(self) -> Order:
        """As `train` would be asked for the same pictures."""
        return Order(
            self.data,
            splits=self.splits,
            skip_bad=self.skip_bad,
            look_for_copies=True,
            root=self.root,
        )


@final
@dataclass(frozen=True, eq=False)
class World:
    """All pictures, ready, and where those of each split are."""

    prepared: Prepared
    seed: int

    @property
    def classes(self) -> tuple[str, ...]:
        """Names, in the order of labels."""
        return self.prepared.dataset.classes

    @property
    def shape(self) -> tuple[int, int, int]:
        """H W C."""
        return self.prepared.preparation.shape

    def rows(self, split: str, most: int = 0) -> Labels:
        """Places of a split; with `most`, so many of them at most, drawn by the seed."""
        rows = self.prepared.dataset.places(split)
        if most and most < len(rows):
            rows = np.sort(rows[order(len(rows), self.seed, 0)[:most].astype(np.int64)])
        return rows

    def pictures(self, rows: Labels) -> Pictures:
        """N H W C."""
        return self.prepared.take(rows)

    def labels(self, rows: Labels) -> Labels:
        """N, places in the classes."""
        return self.prepared.dataset.labels[rows].astype(np.int64)


def opened(asked: Asked) -> Generator[Event, None, World]:
    """Open, divide, keep copies together, take a subset, prepare."""
    recipe = Recipe().with_values({"seed": asked.seed})
    given = asked.order
    dataset = train_data.opened(given, asked.seed)
    dataset, _ = yield from train_data.kept_together(dataset, given, asked.seed)
    for one in dataset.findings:
        yield Said(one.text, one.severity)
    if "test" not in dataset.splits:
        dataset = halved(dataset, asked.seed)
        yield Said("there is no test, so half of val became it: it chooses nothing any more")
    if asked.subset:
        dataset = subset(dataset, asked.subset, asked.seed)
    preparation = train_data.preparation_for(dataset, given, recipe)
    pictures = yield from train_data.prepared_all(dataset, preparation, asked.skip_bad)
    for one in pictures.findings:
        yield Said(one.text, one.severity)
    found = train_data.normalised_by(pictures, asked.seed)
    return World(replace(pictures, preparation=found), asked.seed)


def halved(dataset: Dataset, seed: int) -> Dataset:
    """Every second picture of val, in the order of the seed, becomes test."""
    rows = dataset.places("val")
    if len(rows) < 2:
        raise CannotTrain(
            "there is no test, and val is too small to be halved",
            "give at least two pictures of val",
        )
    split = dataset.split.copy()
    split[rows[order(len(rows), seed, 0)[::2].astype(np.int64)]] = SPLITS.index("test")
    return replace(dataset, split=split)


def subset(dataset: Dataset, most: int, seed: int) -> Dataset:
    """At most so many pictures of train, and a quarter as many of val and of test, drawn by the seed."""
    kept = []
    for split in SPLITS:
        rows = dataset.places(split)
        wanted = most if split == "train" else max(1, most // QUARTER)
        kept.append(rows[order(len(rows), seed, 0)[:wanted].astype(np.int64)])
    return dataset.only(np.sort(np.concatenate(kept)))
