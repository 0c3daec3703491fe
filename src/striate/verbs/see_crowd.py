"""`see RUN units|neighbours`: what needs a whole data set, a batch at a time."""

from __future__ import annotations

from collections.abc import Generator, Sized
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate.errors import CannotLookInside, UsageError
from striate.optional import available, need
from striate.verbs.see_made import liked
from striate.verbs.see_opened import Opened, Shown, data_of, opened, pixels_of, read_few
from striate.verbs.train_order import Said, Working

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from striate.pictures.dataset import Dataset
    from striate.seeing.figures.crowd import Found, UnitSeen
    from striate.seeing.figures.figure import Figure
    from striate.seeing.inside.units import Ledger

_BEST, _UNITS, _NEAR = 9, 6, 6
BATCH = 32
_QUESTIONS = 200  # pictures whose neighbours are shown, at most
_AT = (1, 5, 10)
_ASKED = 10_000  # pictures that ask for precision, at most
PLANE = 600  # pictures that find room beside one another
MOST = 2_000  # pictures that are looked through, where no number is given


class Crowd(NamedTuple):
    """data: pictures to look through, by default the run's own; most: how many of them at most, None for as
    many as suit the figure: neighbours take all.
    """

    images: tuple[str, ...] = ()
    layer: str | None = None
    unit: int | None = None
    data: str | None = None
    most: int | None = None
    steps: int | None = None
    seed: int = 0
    how: str = "pca"


def units(path: str | Opened, wanted: Crowd) -> Generator[Working | Said, None, Figure]:
    """For units of a layer: what excites them most, and a histogram of their values."""
    from striate.seeing.asking import last_map
    from striate.seeing.figures.crowd import units_figure
    from striate.seeing.inside.made import Wish
    from striate.seeing.inside.units import watched

    seen = opened(path)
    dataset = data_of(seen, wanted.data)
    rows = rows_of(dataset, wanted.most or MOST)
    layer = wanted.layer or last_map(seen.network, batch_of(seen, dataset, rows[:1]))
    ledger: Ledger | None = None
    for start in range(0, len(rows), BATCH):
        yield Working("looking at pictures", start, len(rows))
        part = rows[start : start + BATCH]
        ledger = watched(
            seen.network, layer, [(part, batch_of(seen, dataset, part))], _BEST, ledger
        )
        if wanted.unit is not None and wanted.unit >= len(ledger.high):
            raise UsageError(f"{layer} has {len(ledger.high)} units", "count from 0")
    if ledger is None:
        raise UsageError("there are no pictures to look at", "give --in DATA")
    chosen = [wanted.unit] if wanted.unit is not None else _liveliest(ledger)
    told = []
    for unit in chosen:
        made = yield from liked(seen, Wish(layer, unit), wanted.steps, wanted.seed)
        told.append(_seen(seen, dataset, layer, ledger, unit)._replace(made=made))
    return units_figure(seen.name, layer, told, in_words(dataset, rows), float(ledger.dead.mean()))


def _liveliest(ledger: Ledger) -> list[int]:
    """The units whose best value stands out most from the middle of all."""
    return [int(u) for u in np.argsort(-ledger.high, kind="stable")[:_UNITS]]


def _seen(seen: Opened, dataset: Dataset, layer: str, ledger: Ledger, unit: int) -> UnitSeen:
    from striate.seeing.figures.crowd import Crop, UnitSeen
    from striate.seeing.inside.fields import theoretical

    H, W = seen.preparation.size
    crops = []
    for best in ledger.best(unit):
        shown = Shown(dataset.paths[best.row], pixels_of(seen, dataset, best.row))
        box, _ = theoretical(seen.network, (seen.preparation.channels, H, W), layer, best.at)
        crops.append(Crop(shown.name, best, shown.coloured, box))
    middles, counts = ledger.histogram(unit)
    return UnitSeen(unit, tuple(crops), middles, counts, off=ledger.off(unit))


def neighbours(path: str | Opened, wanted: Crowd) -> Generator[Working | Said, None, Figure]:
    """The nearest pictures by embedding: of files, or of some pictures of the data themselves."""
    from striate.seeing.figures.crowd import neighbours_figure
    from striate.seeing.inside.neighbours import LARGEST, embeddings, nearest

    seen = opened(path)
    dataset = data_of(seen, wanted.data)
    rows = rows_of(dataset, wanted.most or len(dataset))
    if len(rows) == 1 and not wanted.images:
        raise CannotLookInside(
            "one picture alone has no neighbours", "give --in DATA with more, or name a picture"
        )
    index = yield from embedded(seen, dataset, rows)
    if len(index) > LARGEST and not available("faiss"):
        yield Said(
            f"{len(index):,} vectors are compared in blocks; "
            "`pip install 'striate[see]'` brings faiss, which is faster"
        )
    precision = _precision(index, dataset.labels[rows].astype(np.int64))
    if wanted.images:
        shown = read_few(wanted.images, seen.preparation, _QUESTIONS)
        asked = embeddings(seen.network, [seen.tensor(np.stack([one.pixels for one in shown]))])
        near = nearest(index, asked, _NEAR, _own_rows(dataset, rows, [one.name for one in shown]))
    else:
        some = np.unique(np.linspace(0, len(rows) - 1, 6).round().astype(np.int64))
        shown = [
            Shown(dataset.paths[int(rows[i])], pixels_of(seen, dataset, int(rows[i]))) for i in some
        ]
        near = nearest(index, index[some], _NEAR, some)
    told = [
        _found(seen, dataset, one, rows[near.rows[i]], near.likeness[i])
        for i, one in enumerate(shown)
    ]
    some_ask = "all pictures of the index"
    if len(rows) > _ASKED:
        some_ask = f"{_ASKED:,} of the {len(rows):,} pictures of the index"
    return neighbours_figure(seen.name, told, in_words(dataset, rows), precision, some_ask)


def _own_rows(
    dataset: Dataset, rows: NDArray[np.int64], names: list[str]
) -> NDArray[np.int64] | None:
    """For each file its own place in the index, -1 where it is not in it; None where none is. No picture is
    its own neighbour.
    """
    root = getattr(dataset.source, "root", None)
    if root is None:
        return None
    base = Path(root).resolve()
    asked = [Path(name).resolve() for name in names]
    wanted = {p.relative_to(base).as_posix() for p in asked if p.is_relative_to(base)}
    at = {dataset.paths[int(r)]: i for i, r in enumerate(rows)} if wanted else {}
    own = [
        at.get(p.relative_to(base).as_posix(), -1) if p.is_relative_to(base) else -1 for p in asked
    ]
    return np.array(own, np.int64) if max(own) >= 0 else None


def _precision(index: NDArray[np.float32], labels: NDArray[np.int64]) -> dict[int, float]:
    """At each k, each picture left out of its own row; of very many some ask. Empty without labels."""
    from striate.seeing.inside.neighbours import nearest, precision_at

    if len(np.unique(labels)) < 2:
        return {}
    asked = rows_of(index, _ASKED)
    near = nearest(index, index[asked], max(_AT), asked)
    return {
        k: precision_at(near._replace(rows=near.rows[:, :k]), labels, labels[asked])
        for k in _AT
        if k < len(index)
    }


def embedded(
    seen: Opened, dataset: Dataset, rows: NDArray[np.int64]
) -> Generator[Working, None, NDArray[np.float32]]:
    """The vectors of some rows, N D of length 1; beside them a batch is held at a time."""
    from striate.seeing.inside.neighbours import embeddings

    index: NDArray[np.float32] | None = None
    for start in range(0, len(rows), BATCH):
        yield Working("looking at pictures", start, len(rows))
        made = embeddings(seen.network, [batch_of(seen, dataset, rows[start : start + BATCH])])
        if index is None:
            index = np.empty((len(rows), made.shape[1]), np.float32)
        index[start : start + len(made)] = made
    if index is None:
        raise UsageError("there are no pictures to look at", "give --in DATA")
    return index


def plane(path: str | Opened, wanted: Crowd) -> Generator[Working | Said, None, Figure]:
    """A data set laid out by embedding."""
    from striate.seeing.figures.made import plane_figure
    from striate.seeing.inside.neighbours import embeddings, flat_map

    if wanted.how == "umap":
        need("umap", to="lay pictures out by UMAP", extra="see")  # told before the long work
    seen = opened(path)
    dataset = data_of(seen, wanted.data)
    rows = yield from with_room(dataset, wanted.most)
    if len(rows) < 3:
        raise CannotLookInside("a plane needs three pictures", "give --in DATA with more of them")
    found, shown = [], []
    for start in range(0, len(rows), BATCH):
        yield Working("looking at pictures", start, len(rows))
        some = [
            Shown(dataset.paths[int(r)], pixels_of(seen, dataset, int(r)))
            for r in rows[start : start + BATCH]
        ]
        found.append(embeddings(seen.network, [seen.tensor(np.stack([s.pixels for s in some]))]))
        shown += [s.coloured for s in some]
    places = flat_map(np.concatenate(found), wanted.how, wanted.seed)
    labels = [dataset.classes[int(k)] for k in dataset.labels[rows]]
    told = (seen.name, in_words(dataset, rows))
    paths = [dataset.paths[int(r)] for r in rows]
    return plane_figure(told, places, shown, labels, wanted.how, paths)


def _found(
    seen: Opened,
    dataset: Dataset,
    one: Shown,
    rows: NDArray[np.int64],
    likeness: NDArray[np.float32],
) -> Found:
    from striate.seeing.figures.crowd import Found

    near = []
    for row, alike in zip(rows, likeness, strict=True):
        picture = dataset[int(row)]
        shown = Shown(picture.path, pixels_of(seen, dataset, int(row)))
        near.append((picture.path, picture.label, float(alike), shown.coloured))
    return Found(one.name, one.coloured, tuple(near))


def in_words(dataset: Dataset, rows: NDArray[np.int64]) -> str:
    """Which pictures, in words."""
    many = f"{len(rows):,}" if len(rows) == len(dataset) else f"{len(rows):,} of {len(dataset):,}"
    return f"{many} pictures ({dataset.name})"


def rows_of(dataset: Sized, most: int) -> NDArray[np.int64]:
    """All rows, or so many evenly from the first to the last."""
    if len(dataset) <= most:
        return np.arange(len(dataset))
    return np.unique(np.linspace(0, len(dataset) - 1, most).round().astype(np.int64))


def with_room(dataset: Dataset, most: int | None) -> Generator[Said, None, NDArray[np.int64]]:
    """As many rows as find room beside one another; it is told where more are asked for."""
    asked = min(most or 0, len(dataset))
    if asked > PLANE:
        yield Said(
            f"{PLANE} pictures find room beside one another, so {PLANE} are taken of {asked:,}"
        )
    return rows_of(dataset, min(most or PLANE, PLANE))


def batch_of(seen: Opened, dataset: Dataset, rows: NDArray[np.int64]) -> Tensor:
    """Some rows of a data set as the network takes them."""
    return seen.tensor(np.stack([pixels_of(seen, dataset, int(row)) for row in rows]))
