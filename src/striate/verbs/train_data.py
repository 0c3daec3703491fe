"""From what a person named to pictures that are ready: opened, divided, checked for copies, prepared."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotTrain, SplitFault
from striate.pictures import fixes
from striate.pictures.audit import copies
from striate.pictures.audit.audit_crew import read_all
from striate.pictures.audit.facts import Facts
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.files import DEFAULT
from striate.pictures.opening import open_as_given
from striate.pictures.order import order
from striate.pictures.prepare import Preparation
from striate.pictures.source import Arrays
from striate.pictures.split import complete, read_splits, scarce, with_made
from striate.pictures.split_shares import VAL
from striate.shipping.opened import bundle_of
from striate.verbs import train_network, train_pace
from striate.verbs.following import following
from striate.verbs.train_order import Order, Working

if TYPE_CHECKING:
    from striate.pictures.store.cache import Prepared
    from striate.training.recipe import Recipe

LOOKED_FOR_COPIES = 100_000
KEYED_BYTES = 2**28  # of prepared pictures of a split that its key is made of
_SAMPLE, _AT_ONCE = 256, 64
Rows = NDArray[np.int64]


def opened(order_: Order, seed: int, kept: Path | None = None) -> Dataset:
    """The pictures, with the splits and fixes that were asked for. `kept` is a run that goes on: what it
    holds wins over what is missing there now.
    """
    root = Path(order_.root) if order_.root else None
    dataset = open_as_given(order_.data, root=root)
    mine = kept / "fixes.csv" if kept else None
    if kept and (kept / "splits.csv").exists():
        if mine and mine.exists():
            dataset = fixes.apply(dataset, mine)
        return read_splits(kept / "splits.csv", dataset)
    if order_.splits:
        dataset = read_splits(order_.splits, dataset)
    if order_.fixes:
        dataset = fixes.apply(dataset, order_.fixes)
    made = complete(dataset, order_.val, order_.test, seed)
    if len(made.classes) < 2:
        raise CannotTrain(
            f"there is one class only ({made.classes[0]!r}), so there is nothing to tell apart",
            "give at least two classes",
            where=made.source.where,
        )
    if "val" not in made.splits:
        raise SplitFault(
            "there is no val, and it is needed to choose the temperature and the threshold",
            "leave out --val 0, or name a folder val",
        )
    return made


def kept_together(
    dataset: Dataset, order_: Order, seed: int
) -> Generator[Working, None, tuple[Dataset, Rows]]:
    """Near-copies on one side of splits that are made here; a warning where given splits divide them. Also
    the rows of val and test that have a copy in train.
    """
    none = np.zeros(0, np.int64)
    if not order_.look_for_copies or isinstance(dataset.source, Arrays):
        return dataset, none
    if len(dataset) > LOOKED_FOR_COPIES:
        text = f"near-copies were not looked for among {len(dataset):,} pictures: `striate check` does it"
        return dataset.with_findings(Finding("copies-not-looked-for", "note", text)), none
    facts = Facts.empty(len(dataset))
    for done in read_all(dataset, facts, DEFAULT):
        yield Working("looking for copies", done, len(dataset))
    groups = copies.find(facts).groups(len(dataset))
    whole = ("train", "val", "test")
    if dataset.made_here == whole and dataset.groups is None and (groups >= 0).any():
        said = [f for f in dataset.findings if f.code not in ("split-made", "copies-divided")]
        val = VAL if order_.val is None else order_.val
        try:
            made = with_made(replace(dataset, findings=()), val, order_.test, seed, groups)
            return replace(made, findings=(*said, *made.findings, *scarce(made))), none
        except SplitFault:
            pass  # too many copies to keep together: they are told below
    return _told(dataset, groups)


def _told(dataset: Dataset, groups: Rows) -> tuple[Dataset, Rows]:
    """The rows of val and test whose group has a picture of train too, and a warning."""
    in_train = np.unique(groups[(dataset.split == 0) & (groups >= 0)])
    leaked = np.flatnonzero((dataset.split > 0) & (groups >= 0) & np.isin(groups, in_train))
    if not len(leaked):
        return dataset, leaked.astype(np.int64)
    text = (
        f"{len(leaked):,} pictures of val and test are copies or near-copies of pictures of train: scores "
        "are too good by so much, and are given without them too; `striate check` lists them"
    )
    paths = tuple(dataset.paths[int(row)] for row in leaked[:1000])
    return dataset.with_findings(Finding("copies-across-splits", "warning", text, paths)), leaked


def preparation_for(dataset: Dataset, order_: Order, recipe: Recipe) -> Preparation:
    """How a file becomes the input: as the weights or the text of the network ask, else as the data is."""
    asked, given = recipe.pictures.size, train_network.stated(order_.model)
    fit: Any = recipe.pictures.fit
    if order_.source:
        theirs = Preparation.from_dict(bundle_of(order_.source).card["preparation"])
        size = (asked, asked) if asked else (given.height, given.width) if given else theirs.size
        return replace(theirs, size=size, fit=theirs.fit if fit == "auto" else fit)
    H, W, grey = sides_of(dataset, recipe.seed)
    pretrained = order_.pretrained is not None
    any_side = pretrained and train_pace.fits_any_side(train_network.model_of(order_))
    side = train_pace.side_for((H, W), pretrained=pretrained, asked=asked, any_side=any_side)
    size = (given.height, given.width) if given and not asked else (side, side)
    grey = given.channels == 1 if given else grey and not pretrained
    ratio = train_pace.PUBLISHED_RATIO if pretrained and fit in ("auto", "crop") else 1.0
    mode: Any = "L" if grey else "RGB"
    return Preparation(size, mode, fit="crop" if fit == "auto" else fit, ratio=ratio)


def sides_of(dataset: Dataset, seed: int) -> tuple[int, int, bool]:
    """Median height and width, and whether all are grey, of some of the pictures of train."""
    if isinstance(dataset.source, Arrays):
        H, W, C = dataset.source.pictures.shape[1:]
        return H, W, C == 1
    rows = dataset.places("train")
    chosen = rows[order(len(rows), seed, 0)[:_SAMPLE].astype(np.int64)]
    sizes, grey = [], True
    for row in chosen:
        try:
            pixels = dataset.pixels(int(row))
        except Exception as fault:  # noqa: BLE001 told with all others when everything is prepared
            del fault
            continue
        sizes.append(pixels.shape[:2])
        grey = grey and bool(
            (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
        )
    if not sizes:
        return 64, 64, False
    tall, wide = (int(np.median([size[i] for size in sizes])) for i in (0, 1))
    return tall, wide, grey


def normalised_by(pictures: Prepared, seed: int) -> Preparation:
    """The preparation with the mean and deviation of some pictures of train."""
    rows = pictures.dataset.places("train")
    chosen = np.sort(rows[order(len(rows), seed, 0)[:2000].astype(np.int64)])
    C, values = pictures.preparation.channels, np.arange(256) / 255
    counts = np.zeros(
        (C, 256)
    )  # of every value, so that the pictures need not fit into memory at once
    for start in range(0, len(chosen), _AT_ONCE):
        some = pictures.take(chosen[start : start + _AT_ONCE])
        counts += [np.bincount(some[..., c].ravel(), minlength=256) for c in range(C)]
    share = counts / counts.sum(axis=1, keepdims=True)
    mean = share @ values
    deviation = np.sqrt((share * (values - mean[:, None]) ** 2).sum(axis=1))
    # A channel that hardly varies is not blown up: that would make noise of it.
    return replace(
        pictures.preparation,
        mean=tuple(round(float(v), 4) for v in mean),
        std=tuple(round(max(float(v), 0.05), 4) for v in deviation),
    )


def prepared_all(
    dataset: Dataset, preparation: Preparation, skip_bad: bool, what: str = "preparing"
) -> Generator[Working, None, Prepared]:
    """All pictures as bytes of one size."""
    from striate.pictures.store.cache import Keeping, prepared

    keeping = Keeping(skip_bad=skip_bad)
    return (yield from following(what, lambda show: prepared(dataset, preparation, keeping, show)))


def key_of(pictures: Prepared, rows: Rows) -> str:
    """A hash of what these pictures look like, prepared; of a fixed part of them where they are many."""
    most = max(1, KEYED_BYTES // int(np.prod(pictures.preparation.shape)))
    if len(rows) > most:
        rows = np.sort(rows[order(len(rows), 0, 0)[:most].astype(np.int64)])
    digest = hashlib.blake2b(f"{len(rows)}".encode(), digest_size=16)
    for start in range(0, len(rows), _AT_ONCE):
        digest.update(np.ascontiguousarray(pictures.take(rows[start : start + _AT_ONCE])).data)
    return digest.hexdigest()


def keys_of(pictures: Prepared) -> dict[str, str]:
    """Of every split."""
    data = pictures.dataset
    return {split: key_of(pictures, data.places(split)) for split in data.splits}


def changed(before: Mapping[str, Any], now: Mapping[str, str]) -> str:
    """The splits whose pictures are others than before, or nothing; `before`: what run.json says of data."""
    keys = before.get("keys", {})
    return " and ".join(split for split, key in now.items() if keys.get(split, key) != key)
