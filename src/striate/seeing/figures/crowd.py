"""Figures that need many pictures: shift test, units with what excites them, neighbours, and a map of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.pages.chart_lines import KINDS, Scale, Series
from striate.pictures.files import Pixels
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Table, Tile, Words, number

if TYPE_CHECKING:
    from striate.seeing.inside.shift import Answers, Equivariance
    from striate.seeing.inside.units import Best

_HOLDS = "A network that looks for the same thing everywhere holds its line as pictures move."
_EXCITE = "The pictures that excite it most, and where; its greatest value in each."
_MADE = (
    " The dashed one was made from noise to excite it: that shows what raises the unit, not what the network "
    "uses it for."
)


def shift_figure(
    names: Sequence[str],
    found: Sequence[Sequence[Answers]],
    layers: Sequence[Equivariance],
    of: int,
) -> Figure:
    """One network, or two on the same axes. layers: of the first."""
    parts: list[Part] = [Words("The answer", (_HOLDS,))]
    for changes in zip(*found, strict=True):
        series = tuple(
            Series(name, KINDS[i], tuple(zip(one.values, map(float, one.probability), strict=True)))
            for i, (name, one) in enumerate(zip(names, changes, strict=True))
        )
        scale = Scale((changes[0].change, ""), is_share=True)
        parts.append(Chart(_title(changes[0].change), series, scale, is_below=True))
    rows = tuple(
        (
            one.layer, str(one.pixels), f"{one.step:g}", _share(one.all), _share(one.inside),
            _share(one.stride), _share(one.borders),
        )
        for one in layers
    )  # fmt: skip
    said = (
        "Shift the picture and run the layer, or run the layer and shift its maps: how far apart the two "
        "are, as a share of the maps' size; inside: a quarter away from each border. By whole steps of the "
        "layer strides and pools shift exactly, and all of it comes from the borders and what crosses them; "
        "it reaches inside where fields are wide, or a layer looks at the whole picture. Between steps the "
        "maps are shifted by interpolation: what is as far apart inside too is the stride's share of the "
        "squared distance (at most: wide fields bring the borders inside), the rest that of the borders."
    )
    if rows:
        parts.append(
            Table(
                "Equivariance",
                ("layer", "shift", "step", "apart", "inside", "by the stride", "by the borders"),
                rows,
                "lrrrrrr",
                said,
            )
        )
    lead = f"The mean probability of the answers that {of} pictures get unchanged, as they are changed."
    arrays = _shift_arrays(names, found, layers)
    facts = {
        "changes": [
            {
                "network": name, "change": one.change, "values": list(one.values),
                "probability": one.probability.tolist(), "kept": one.kept.tolist(),
            }
            for name, changes in zip(names, found, strict=True)
            for one in changes
        ],
        "equivariance": [one._asdict() for one in layers],
    }  # fmt: skip
    return Figure(f"Shift test: {' and '.join(names)}", lead, tuple(parts), arrays, facts)


def _shift_arrays(
    names: Sequence[str], found: Sequence[Sequence[Answers]], layers: Sequence[Equivariance]
) -> dict[str, NDArray[np.float64]]:
    """Values, probability and kept of each change; of each layer what its row of the table says, or NaN."""
    made = {
        f"{name}: {one.change}": np.stack([np.array(one.values), one.probability, one.kept])
        for name, changes in zip(names, found, strict=True)
        for one in changes
    }
    rows = {f"equivariance: {one.layer}, {one.pixels} pixels": one[2:] for one in layers}
    return made | {name: np.array(row, np.float64) for name, row in rows.items()}


def _title(change: str) -> str:
    return {
        "pixels to the right": "Moved sideways", "pixels down": "Moved down", "degrees": "Turned",
        "times as large": "Enlarged", "brighter": "Brightened", "times the contrast": "Contrast",
    }[change]  # fmt: skip


def _share(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.3g} %"


class Crop(NamedTuple):
    """A picture that excites a unit: whole, and the part that the unit sees of it."""

    name: str
    best: Best
    pixels: Pixels
    box: tuple[int, int, int, int]


class UnitSeen(NamedTuple):
    """A unit with its best pictures, the histogram of its values at all places of all pictures but those that
    are exactly 0, their share `off`, and a picture made for it.
    """

    unit: int
    crops: tuple[Crop, ...]
    middles: NDArray[np.float64]
    counts: NDArray[np.int64]
    made: Pixels | None = None
    off: float = 0.0


def units_figure(name: str, layer: str, units: Sequence[UnitSeen], of: str, dead: float) -> Figure:
    """Whole pictures with the unit's field framed, the crops below, and the histogram."""
    parts: list[Part] = []
    for one in units:
        whole = tuple(
            Tile(number(c.best.value), _file(c.name), c.pixels, box=c.box) for c in one.crops
        )
        crops = tuple(Tile(pixels=_cut(c)) for c in one.crops)
        if one.made is not None:
            whole = (*whole, Tile("made for it", "from noise", one.made, is_apart=True))
        held = np.flatnonzero(one.counts)
        kept = slice(int(held[0]), int(held[-1]) + 1) if len(held) else slice(0)
        points = tuple(
            zip(map(float, one.middles[kept]), map(float, one.counts[kept]), strict=True)
        )
        parts += [
            Panel(f"Unit {one.unit}", whole, _EXCITE + (_MADE if one.made is not None else ""), side=83),
            Panel("The crops", crops, "", side=83, is_below=True),
            Chart(
                _counted(one.off), (Series("", "s1", points, has_dots=False),),
                Scale(("value", "places")), is_below=True,
            ),
        ]  # fmt: skip
    lead = f"Units of {layer} over {of}; {100 * dead:.1f} % of its units never rise above 0."
    arrays: dict[str, NDArray[Any]] = {}
    for u in units:
        arrays |= _arrays(u)
    facts = {
        "layer": layer, "pictures": of, "dead": dead,
        "units": [
            {
                "unit": u.unit, "off": u.off,
                "best": [
                    {"path": c.name, "value": c.best.value, "at": list(c.best.at)} for c in u.crops
                ],
            }
            for u in units
        ],
    }  # fmt: skip
    return Figure(f"Units of {name}", lead, tuple(parts), arrays, facts)


def _arrays(one: UnitSeen) -> dict[str, NDArray[Any]]:
    """Histogram, whole pictures, crops (each of its own size, so an array each) and the made picture."""
    name = f"unit {one.unit}"
    held: dict[str, NDArray[Any]] = {
        name: np.stack([one.middles, one.counts.astype(np.float64)]),
        f"{name}: best": np.array([(c.best.value, *c.best.at) for c in one.crops]),
    }
    for i, crop in enumerate(one.crops):
        held[f"{name}: picture {i}"] = crop.pixels
        held[f"{name}: crop {i}"] = _cut(crop)
    return held if one.made is None else held | {f"{name}: made": one.made}


def _counted(off: float) -> str:
    """The title of a histogram."""
    share = f"{100 * off:.1f}"
    zero = f"all but the {share} % that are exactly 0" if off > 0 else "all of them"
    return f"Its values at all places of all pictures: {zero}"


def _file(name: str) -> str:
    return name.rpartition("/")[2]


def _cut(crop: Crop) -> Pixels:
    top, left, bottom, right = crop.box
    H, W = crop.pixels.shape[:2]
    top, left = min(top, H - 1), min(left, W - 1)  # a field may lie wholly in the padding
    return np.ascontiguousarray(
        crop.pixels[top : max(bottom, top + 1), left : max(right, left + 1)]
    )


class Found(NamedTuple):
    """A picture with its neighbours: (name, label, likeness, pixels), the nearest first."""

    name: str
    pixels: Pixels
    near: tuple[tuple[str, str, float, Pixels], ...]


def neighbours_figure(
    name: str,
    found: Sequence[Found],
    of: str,
    precision: Mapping[int, float],
    asked: str = "all pictures of the index",
) -> Figure:
    """Rows of neighbours. precision: at k, over those asked, in words; each is left out of its own row."""
    parts: list[Part] = []
    if precision:
        rows = tuple((str(k), f"{100 * share:.1f} %") for k, share in precision.items())
        said = f"The share of neighbours with the label of their picture, over {asked}."
        parts.append(Table("Precision", ("neighbours", "same label"), rows, "rr", said))
    for one in found:
        tiles = [Tile("the question", one.name.rpartition("/")[2], one.pixels)]
        tiles += [
            Tile(f"{label}, {likeness:.3f}", path.rpartition("/")[2], pixels)
            for path, label, likeness, pixels in one.near
        ]
        parts.append(Panel("/".join(one.name.split("/")[-2:]), tuple(tiles), "", side=112))
    lead = f"The nearest of {of} by the vector before the last layer; 1 is the same direction."
    facts = {
        "precision_at": {str(k): share for k, share in precision.items()},
        "questions": [
            {
                "path": f.name,
                "neighbours": [{"path": n[0], "label": n[1], "likeness": n[2]} for n in f.near],
            }
            for f in found
        ],
    }
    arrays = {f"likeness {i}": np.array([n[2] for n in f.near]) for i, f in enumerate(found)}
    return Figure(f"Neighbours by {name}", lead, tuple(parts), arrays, facts)
