"""Figures of pictures that were made or laid out: dreams, style, and a data set on a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from striate.pages.chart_lines import Scale, Series
from striate.pictures.files import Pixels, resized
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Tile
from striate.seeing.figures.links import linked

# Okabe and Ito's colours and four of Tol's, told apart by all eyes; with more classes they come again.
COLOURS = (
    (0, 114, 178), (230, 159, 0), (0, 158, 115), (204, 121, 167), (86, 180, 233), (213, 94, 0),
    (240, 228, 66), (70, 70, 70), (136, 34, 85), (153, 153, 51), (51, 34, 136), (170, 170, 170),
)  # fmt: skip
_SHEET, _THUMB, _FRAME = (720, 960), 28, 2


def made_figure(
    title: str,
    lead: str,
    tiles: Sequence[Tile],
    values: Sequence[float],
    name: str,
    previews: Sequence[Tile] = (),
) -> Figure:
    """What went in and what came out, previews, and how the wish was granted step by step."""
    line = Series("", "s1", tuple((float(i + 1), v) for i, v in enumerate(values)), has_dots=False)
    way = (Panel("On the way", tuple(previews)),) if previews else ()
    parts: tuple[Part, ...] = (
        Panel("Pictures", tuple(tiles), side=300),
        *way,
        Chart("Step by step", (line,), Scale(("step", name))),
    )
    arrays = {f"picture {i}": t.pixels for i, t in enumerate(tiles) if t.pixels is not None}
    arrays["values"] = np.array(values)
    return Figure(title, lead, parts, arrays, {"values": list(values)})


def plane_figure(
    names: tuple[str, str],
    places: NDArray[np.float64],
    shown: Sequence[Pixels],
    labels: Sequence[str],
    how: str,
    paths: Sequence[str] = (),
) -> Figure:
    """N 2 places, with a thumbnail and a label each; the colour of its frame is its class. names: of the
    network, and of the pictures in words; paths: of the pictures, for --json.
    """
    classes = sorted(set(labels))
    sheet = np.full((*_SHEET, 3), 255, np.uint8)
    low, high = places.min(0), places.max(0)
    part = (places - low) / np.where(high > low, high - low, 1)
    side = _THUMB + 2 * _FRAME
    boxes: list[tuple[int, int, int, int]] = []
    for at, pixels, label in zip(part, shown, labels, strict=True):
        top = round((1 - at[1]) * (_SHEET[0] - side))
        left = round(at[0] * (_SHEET[1] - side))
        sheet[top : top + side, left : left + side] = COLOURS[classes.index(label) % len(COLOURS)]
        inner = (
            slice(top + _FRAME, top + _FRAME + _THUMB),
            slice(left + _FRAME, left + _FRAME + _THUMB),
        )
        sheet[inner] = resized(pixels, _THUMB, _THUMB)
        boxes.append((top, left, top + side, left + side))
    first = {label: pixels for pixels, label in zip(reversed(shown), reversed(labels), strict=True)}
    legend = tuple(
        Tile(label, pixels=_framed(first[label], COLOURS[i % len(COLOURS)]))
        for i, label in enumerate(classes)
    )
    said = {
        "pca": "The two directions in which the vectors differ most: distances mean what they say, as far as "
        "two directions can.",
        "umap": "Neighbours stay neighbours; distances between groups and their sizes mean little.",
        "tsne": "Neighbours stay neighbours; distances between groups and their sizes mean little.",
    }[how]
    told = (
        [f"{path} ({label})" for path, label in zip(paths, labels, strict=True)]
        if paths
        else labels
    )
    links = linked(boxes, told, shown)
    parts = (
        Panel("The plane", (Tile(pixels=sheet, links=links),), said, side=960),
        Panel("Classes", legend, "The frame is the class.", side=64),
    )
    lead = f"{names[1]} by the vector before the last layer."
    facts = {"how": how, "places": places.tolist(), "labels": list(labels), "paths": list(paths)}
    return Figure(f"A plane of pictures, by {names[0]}", lead, parts, {"places": places}, facts)


def _framed(pixels: Pixels, colour: tuple[int, int, int]) -> Pixels:
    made = np.empty((_THUMB + 2 * _FRAME, _THUMB + 2 * _FRAME, 3), np.uint8)
    made[:] = colour
    made[_FRAME:-_FRAME, _FRAME:-_FRAME] = resized(pixels, _THUMB, _THUMB)
    return made
