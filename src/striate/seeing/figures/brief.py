"""`why` in short, for the page of a run: each map beside the same on shuffled weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from striate.pictures.files import Pixels
from striate.seeing.figures.colours import reach_of
from striate.seeing.figures.figure import Figure, Panel, Part, Table, Tile, number, ranged
from striate.seeing.figures.why import areas_told

if TYPE_CHECKING:
    from striate.seeing.believe.deletion import Areas
    from striate.seeing.why.methods import Maps

_LEAD = (
    "Each map asks why the network gave its answer: orange speaks for it, blue against it, and where the "
    "picture shows through in grey the map is near 0. The dashed one beside it is the same method on "
    "shuffled weights: where the two are alike (rank correlation near 1) the map shows the picture, not what "
    "was learned. Near 0 does not prove a map right."
)
_UNSIGNED = " The plain gradient has no sign: there orange is only how much."


class Asked(NamedTuple):
    """A picture H W 3, what it shows, and what the network says of it."""

    name: str
    pixels: Pixels
    truth: str
    label: str
    probability: float


class Believed(NamedTuple):
    """Maps of all pictures by one method, the same on shuffled weights, and how alike the two are; areas: of
    insertion and deletion for each, None where a map is blank, and none at all where there was no time.
    """

    title: str
    maps: Maps
    twins: Maps
    alike: Sequence[float | None]
    is_spiky: bool = False
    areas: Sequence[Areas | None] = ()


def brief_why(name: str, asked: Sequence[Asked], found: Sequence[Believed]) -> Figure:
    """A row for each picture, the wrong ones first as they are given."""
    parts: list[Part] = [_panel(one, found, i) for i, one in enumerate(asked)]
    rows = []
    for method in found:
        told = [value for value in method.alike if value is not None]
        mean = _signed(float(np.mean(told))) if told else "–"
        rows.append((method.title, f"{method.maps.seconds:.3f} s", mean))
    heads = ("method", "processor time a picture", "like its twin, on average")
    parts.append(Table("What it cost, and whether to believe it", heads, tuple(rows), "lrr"))
    if all(method.areas for method in found):
        parts.append(_areas(asked, found))
    lead = _LEAD + (_UNSIGNED if any(m.maps.method == "gradient" for m in found) else "")
    return Figure(f"Why? {name}", lead, tuple(parts))


def _areas(asked: Sequence[Asked], found: Sequence[Believed]) -> Table:
    """Of every picture and method."""
    rows = tuple(
        (_file(one.name), method.title, *areas_told(method.areas[i]))
        for i, one in enumerate(asked)
        for method in found
    )
    heads = ("picture", "method", "deletion (random orders)", "insertion (random orders)")
    said = (
        "The area under the probability as cells are taken away, or laid onto grey, in the order of the map; "
        "less is better for deletion, more for insertion. In brackets: where 95 % of 20 random orders lie."
    )
    return Table("Insertion and deletion", heads, rows, "llrr", said)


def _panel(one: Asked, found: Sequence[Believed], i: int) -> Panel:
    is_right = one.truth == one.label
    title = f"Right: {one.truth}" if is_right else f"Wrong: {one.truth} taken for {one.label}"
    tiles = [Tile("as the network sees it", _file(one.name), one.pixels)]
    for method in found:
        values, twin = method.maps.values[i], method.twins.values[i]
        tiles.append(_tile(method.title, _ranged(method, i), one.pixels, values, method.is_spiky))
        alike = method.alike[i]
        note = "one of the two is blank" if alike is None else f"alike: {_signed(alike)}"
        twin_tile = _tile("on shuffled weights", note, one.pixels, twin, method.is_spiky)
        tiles.append(twin_tile._replace(is_apart=True))
    return Panel(
        title, tuple(tiles), f"With a probability of {_percent(one.probability)}.", side=132
    )


def _tile(title: str, note: str, pixels: Pixels, values: np.ndarray, is_spiky: bool) -> Tile:
    return Tile(title, note, pixels, values, reach_of(values, is_spiky))


def _ranged(method: Believed, i: int) -> str:
    """Range, scale, and what the method notes of the picture: the gap of integrated gradients."""
    values, note = method.maps.values[i], method.maps.notes[i]
    reach = reach_of(values, method.is_spiky)
    more = f", full colour from {number(reach)}" if reach < np.abs(values).max() else ""
    return ranged(values) + more + (f"; {note}" if note else "")


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _percent(share: float) -> str:
    """A share that is not all or nothing is not told as such."""
    return "> 99.9 %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def _file(name: str) -> str:
    return name.rpartition("/")[2]
