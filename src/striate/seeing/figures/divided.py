"""The figure of hyperplanes: pictures in a plane, the region of each class, and the lines between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels
from striate.seeing.figures.figure import Figure, Panel, Table, Tile
from striate.seeing.figures.made import COLOURS

if TYPE_CHECKING:
    from striate.seeing.inside.hyperplanes import Plane

Floats = NDArray[np.float64]
_SHEET, _DOT, _ROOM, _PALE, _SWATCH = (640, 960), 4.2, 0.06, 0.78, 24
_LINE = (60, 60, 60)


class Divided(NamedTuple):
    """names: of the network, of the layer and of the pictures in words; labels: N, -1 where there is none."""

    names: tuple[str, str, str]
    classes: tuple[str, ...]
    labels: NDArray[np.int64]


def hyperplanes_figure(told: Divided, plane: Plane) -> Figure:
    """Regions in pale colours, lines where the leading classes tie, a dot for each picture."""
    leads, scale = _leads(plane)
    known = told.labels[told.labels >= 0]
    used = np.unique(np.concatenate([plane.answers, known, leads.ravel()])).tolist()
    legend = tuple(Tile(told.classes[k], pixels=_swatch(k)) for k in used)
    shown = f"{100 * plane.shown:.1f} %"
    colour = "its colour the class that it is labelled with"
    if len(known) < len(told.labels):
        colour = colour + ", grey where it has no label" if len(known) else "grey without labels"
    said = (
        f"A dot is a picture, {colour}; the pale ground is the class "
        f"that leads there, and a line is where it ties with the next. The plane shows {shown} of the "
        "variance; "
        f"{100 * plane.kept:.1f} % of the pictures lie where their answer leads, the others are decided by "
        "what the plane does not show."
    )
    rows = tuple(
        (
            told.classes[k],
            f"{100 * _share(plane.answers == k):.1f} %",
            _right(told.labels, plane, k),
        )
        for k in used
    )
    parts = (
        Panel(
            "The plane", (Tile(pixels=_drawn(plane, told.labels, leads, scale)),), said, side=960
        ),
        Panel("Classes", legend, "", side=64, is_below=True),
        Table("Answers", ("class", "of all answers", "of its pictures right"), rows, "lrr"),
    )
    name, layer, of = told.names
    lead = (
        f"{of} by what goes into {layer}, in the plane in which they differ most. In it the scores are "
        "linear, so two classes tie along a straight line, exactly."
    )
    arrays = {
        "places": plane.places, "slopes": plane.slopes, "offsets": plane.offsets, "answers": plane.answers,
        "labels": told.labels,
    }  # fmt: skip
    facts = {
        "layer": layer, "pictures": len(plane.places), "shown": plane.shown, "kept": plane.kept,
        "slopes": plane.slopes.tolist(), "offsets": plane.offsets.tolist(), "classes": list(told.classes),
    }  # fmt: skip
    return Figure(f"Hyperplanes of {name}", lead, parts, arrays, facts)


def _share(found: NDArray[np.bool_]) -> float:
    return float(found.mean()) if len(found) else 0.0


def _right(labels: NDArray[np.int64], plane: Plane, k: int) -> str:
    own = labels == k
    return f"{100 * _share(plane.answers[own] == k):.1f} %" if own.any() else "–"


class _Scale(NamedTuple):
    middle: Floats
    step: float


def _leads(plane: Plane) -> tuple[NDArray[np.int64], _Scale]:
    """H W, the class that leads at each place; the same scale both ways, so that right angles are right."""
    H, W = _SHEET
    low, high = plane.places.min(0), plane.places.max(0)
    step = float(((high - low) * (1 + 2 * _ROOM) / (W, H)).max()) or 1.0
    middle = (low + high) / 2
    x = middle[0] + (np.arange(W) + 0.5 - W / 2) * step
    leads = np.empty((H, W), np.int64)
    for row in range(H):  # one row at a time: with 1,000 classes all scores would be 5 GB
        y = middle[1] - (row + 0.5 - H / 2) * step
        at = np.stack([x, np.full(W, y)], 1)
        leads[row] = (at @ plane.slopes.T + plane.offsets).argmax(1)
    return leads, _Scale(middle, step)


def _drawn(
    plane: Plane, labels: NDArray[np.int64], leads: NDArray[np.int64], scale: _Scale
) -> Pixels:
    H, W = leads.shape
    colours = np.array(COLOURS, np.int64)
    made: Pixels = np.rint(255 * _PALE + (1 - _PALE) * colours[leads % len(COLOURS)]).astype(
        np.uint8
    )
    edge = np.zeros((H, W), bool)
    edge[:, 1:] |= leads[:, 1:] != leads[:, :-1]
    edge[1:] |= leads[1:] != leads[:-1]
    edge[:, :-1] |= edge[:, 1:]
    made[edge] = _LINE
    for (a, b), label in zip(plane.places, labels, strict=True):
        row, column = (
            (scale.middle[1] - b) / scale.step + H / 2,
            (a - scale.middle[0]) / scale.step + W / 2,
        )
        _dot(made, row, column, int(label))
    return made


def _dot(made: Pixels, row: float, column: float, label: int) -> None:
    top, left = int(row - _DOT - 1), int(column - _DOT - 1)
    side = int(2 * _DOT) + 4
    part = made[max(top, 0) : top + side, max(left, 0) : left + side]
    down = np.arange(part.shape[0])[:, None] + max(top, 0) + 0.5 - row
    right = np.arange(part.shape[1])[None] + max(left, 0) + 0.5 - column
    far = np.sqrt(down**2 + right**2)
    part[far <= _DOT] = 255
    part[far <= _DOT - 1] = (128, 128, 128) if label < 0 else COLOURS[label % len(COLOURS)]


def _swatch(k: int) -> Pixels:
    made = np.empty((_SWATCH, _SWATCH, 3), np.uint8)
    made[:] = COLOURS[k % len(COLOURS)]
    return made
