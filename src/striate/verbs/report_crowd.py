"""Figures of the page of a run that look through many pictures: units, neighbours, and the plane."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from striate.verbs.report_scene import Late, Nothing, Scene
from striate.verbs.see_plane import own_labels

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from striate.pictures.files import Pixels
    from striate.seeing.figures.crowd import Crop, Found
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.units import Best

_UNITS, _CROPS = 4, 6
_ASKED, _NEAR, _PLANE = 4, 5, 300
_AT = (1, 5, 10)
_BATCH = 32
_MADE = 400.0  # passes through the network of a picture made for a unit, one at a time


def units(world: Scene) -> Inset:
    """Of the last layer with maps: the units whose best value stands out most."""
    from striate.seeing.asking import last_map
    from striate.seeing.figures.crowd import UnitSeen, units_figure
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.units import watched

    begun_s = world.spent_s
    network = world.seen.network
    layer = last_map(network, world.pictures[:1])
    batches = ((np.arange(start, start + len(x)), x) for start, x in _batches(world))
    ledger = watched(network, layer, batches, _CROPS)
    chosen = [int(unit) for unit in np.argsort(-ledger.high, kind="stable")[:_UNITS]]
    told = []
    for unit in chosen:
        crops = tuple(_crop(world, layer, best) for best in ledger.best(unit))
        told.append(UnitSeen(unit, crops, *ledger.histogram(unit), off=ledger.off(unit)))
    world.spend(begun_s)
    told = [one._replace(made=_made(world, layer, one.unit)) for one in told]
    figure = units_figure(world.seen.name, layer, told, _told(world), float(ledger.dead.mean()))
    return Inset("What excites its units most", figure, 3)


def _made(world: Scene, layer: str, unit: int) -> Pixels | None:
    """A picture made for a unit, where there is time; shown beside the real ones."""
    from striate.seeing.inside.made import Wish
    from striate.verbs.see_made import liked

    begun_s = world.spent_s
    try:
        world.afford(_MADE, 1, 1)
    except Late:
        return None
    run = liked(world.seen, Wish(layer, unit), None, 0)
    while True:
        try:
            next(run)
        except StopIteration as end:
            made: Pixels = end.value
            world.spend(begun_s)
            return made


def _crop(world: Scene, layer: str, best: Best) -> Crop:
    from striate.seeing.figures.crowd import Crop
    from striate.seeing.inside.fields import theoretical

    seen = world.seen
    H, W = seen.preparation.size
    box, _ = theoretical(seen.network, (seen.preparation.channels, H, W), layer, best.at)
    name = world.dataset.paths[int(world.rows[best.row])]
    return Crop(name, best, _coloured(world.crowd[best.row]), box)


def neighbours(world: Scene) -> Inset:
    """Of the worst errors, or of some pictures where there are none; precision over all."""
    from striate.seeing.figures.crowd import neighbours_figure
    from striate.seeing.figures.figure import Panel
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.neighbours import nearest, precision_at

    index, rows = _vectors(world), world.rows
    labels = world.dataset.labels[rows].astype(np.int64)
    near = nearest(index, index, max(_AT), np.arange(len(rows)))
    precision = {
        k: precision_at(near._replace(rows=near.rows[:, :k]), labels, labels)
        for k in _AT
        if k < len(rows) and len(world.dataset.classes) > 1
    }
    at = {path: row for row, path in enumerate(world.dataset.paths)}
    wrong = [c for c in world.cases if c.truth != c.label and c.path in at][:_ASKED]
    asked = [at[case.path] for case in wrong] or [int(row) for row in _some(rows, _ASKED)]
    found = [_found(world, index, row) for row in asked]
    figure = neighbours_figure(world.seen.name, found, _told(world), precision)
    if not wrong:
        return Inset("Neighbours", figure)
    titles = iter([f"{case.truth} taken for {case.label}" for case in wrong])
    parts = [p._replace(title=next(titles)) if isinstance(p, Panel) else p for p in figure.parts]
    return Inset("Neighbours of its worst errors", replace(figure, parts=tuple(parts)))


def _found(world: Scene, index: NDArray[np.float32], row: int) -> Found:
    """The nearest of one picture, which may be one of the index itself."""
    from striate.seeing.figures.crowd import Found
    from striate.seeing.inside.neighbours import embeddings, nearest

    shown = world.shown(row)
    asked = embeddings(world.seen.network, [world.seen.tensor(shown.pixels[None])])
    own = np.flatnonzero(world.rows == row)
    near = nearest(index, asked, _NEAR, np.array([own[0] if len(own) else -1]))
    held = []
    for i, alike in zip(near.rows[0], near.likeness[0], strict=True):
        picture = world.dataset[int(world.rows[i])]
        held.append((picture.path, picture.label, float(alike), _coloured(world.crowd[i])))
    return Found(shown.name, shown.coloured, tuple(held))


def hyperplanes(world: Scene) -> Inset:
    """Where the classes of the last layer meet, in the plane of some of the pictures."""
    from striate.seeing.figures.divided import Divided, hyperplanes_figure
    from striate.seeing.figures.inset import Inset
    from striate.seeing.inside.hyperplanes import head_of, plane_of

    seen, rows = world.seen, world.rows
    some = _some(np.arange(len(rows)), world.afford(1, 3, _PLANE))
    parts = [
        head_of(seen.network, [seen.tensor(world.crowd[some[start : start + _BATCH]])])
        for start in range(0, len(some), _BATCH)
    ]
    head = parts[0]._replace(vectors=np.concatenate([one.vectors for one in parts]))
    told = (seen.name, head.layer, f"{len(some):,} pictures")
    labels = own_labels(seen, world.dataset, rows[some])
    figure = hyperplanes_figure(Divided(told, seen.classes, labels), plane_of(head))
    return Inset("Where its classes meet", figure)


def plane(world: Scene) -> Inset:
    """Some of the pictures, laid out by their vectors."""
    from striate.seeing.figures.inset import Inset
    from striate.seeing.figures.made import plane_figure
    from striate.seeing.inside.neighbours import flat_map

    index, rows = _vectors(world), world.rows
    if len(rows) < 3:
        raise Nothing("it takes three pictures to lay out")
    some = _some(np.arange(len(rows)), _PLANE)
    labels = [world.dataset.classes[int(k)] for k in world.dataset.labels[rows[some]]]
    shown = [_coloured(world.crowd[i]) for i in some]
    dataset, told = world.dataset, f"{len(some):,} pictures"
    paths = [dataset.source.shown(dataset.paths[int(row)]) for row in rows[some]]
    places = flat_map(index[some])
    figure = plane_figure((world.seen.name, told), places, shown, labels, "pca", paths)
    return Inset("Its pictures on a plane", figure)


def _vectors(world: Scene) -> NDArray[np.float32]:
    """N D, found once."""
    from striate.seeing.inside.neighbours import embeddings

    if world.vectors is None:
        world.vectors = embeddings(world.seen.network, (x for _, x in _batches(world)))
    return world.vectors


def _batches(world: Scene) -> Iterator[tuple[int, Tensor]]:
    for start in range(0, len(world.crowd), _BATCH):
        yield start, world.seen.tensor(world.crowd[start : start + _BATCH])


def _some(rows: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Evenly from the first to the last."""
    places = np.linspace(0, len(rows) - 1, min(len(rows), most)).round().astype(np.int64)
    some: NDArray[np.int64] = rows[np.unique(places)]
    return some


def _told(world: Scene) -> str:
    many, all_ = len(world.rows), len(world.dataset)
    return f"{many:,} of {all_:,} pictures" if many < all_ else f"{all_:,} pictures"


def _coloured(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
