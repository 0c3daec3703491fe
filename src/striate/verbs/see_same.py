"""`see RUN same A B`: whether two pictures show the same, as faces or whales are told apart."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate import seeds
from striate.errors import UsageError
from striate.verbs.see_crowd import MOST, Crowd, embedded, rows_of
from striate.verbs.see_opened import Opened, data_of, opened, read_pictures
from striate.verbs.train_order import Working

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from striate.pictures.dataset import Dataset
    from striate.seeing.figures.figure import Figure


class _Halves(NamedTuple):
    chosen: NDArray[np.int64]
    counted: NDArray[np.int64]
    names: tuple[str, str]


def same(path: str | Opened, wanted: Crowd) -> Generator[Working, None, Figure]:
    """Two pictures. The threshold is chosen on val of the run, and its errors are counted on test; on two
    halves of the pictures where others are given.
    """
    from striate.seeing.figures.alike import Judged, Pair, same_figure
    from striate.seeing.inside.neighbours import embeddings
    from striate.seeing.inside.pairs import apart, chosen, counted, rates

    if len(wanted.images) != 2:
        raise UsageError("same compares two pictures", "striate see RUN same A.jpg B.jpg")
    seen = opened(path)
    shown = read_pictures(wanted.images, seen.preparation)
    if len(shown) != 2:
        raise UsageError(
            f"same compares two pictures, and these are {len(shown)}", "name files, not folders"
        )
    dataset = data_of(seen, wanted.data)
    halves = _halves(dataset, wanted)
    labels = dataset.labels.astype(np.int64)
    first = yield from embedded(seen, dataset, halves.chosen)
    threshold = chosen(counted(first, labels[halves.chosen]))
    second = yield from embedded(seen, dataset, halves.counted)
    judged = Judged(
        threshold,
        rates(second, labels[halves.counted], threshold),
        counted(second, labels[halves.counted]),
        *halves.names,
    )
    asked = embeddings(seen.network, [seen.tensor(np.stack([one.pixels for one in shown]))])
    pair = Pair(
        (shown[0].name, shown[1].name),
        (shown[0].coloured, shown[1].coloured),
        apart(asked[0], asked[1]),
    )
    return same_figure(seen.name, pair, judged)


def _halves(dataset: Dataset, wanted: Crowd) -> _Halves:
    """Rows that choose the threshold, and others that count its errors."""
    val, test = dataset.places("val"), dataset.places("test")
    if wanted.data is None and len(val) and len(test):
        first, second = (rows[rows_of(rows, wanted.most or MOST)] for rows in (val, test))
        return _Halves(first, second, (f"val of {_set(dataset)}", f"test of {_set(dataset)}"))
    rows = rows_of(dataset, wanted.most or MOST)
    order = seeds.generator(wanted.seed, "halves of pairs").permutation(len(rows))
    # Every second picture of each label, in a drawn order, so that both halves have all labels.
    order = order[np.argsort(dataset.labels[rows[order]], kind="stable")]
    first, second = np.sort(rows[order[::2]]), np.sort(rows[order[1::2]])
    return _Halves(first, second, (f"half of {dataset.name}", "the other half"))


def _set(dataset: Dataset) -> str:
    return dataset.name.removeprefix("val and test of ")
