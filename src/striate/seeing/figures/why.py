"""The figure of `why`: each picture beside its maps, what each method costs, and whether to believe it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import Pixels
from striate.seeing.figures.colours import reach_of
from striate.seeing.figures.figure import Figure, Panel, Part, Table, Tile, number, ranged
from striate.seeing.figures.rows import Rows

if TYPE_CHECKING:
    from striate.seeing.believe.deletion import Area, Areas
    from striate.seeing.why.methods import Maps, Method

SHOWN = 200  # pictures that have a place on a page
_SPIKY = {"integrated", "smooth", "gradient", "guided", "deconvnet"}  # single pixels stand out
_BLANK = "– (blank)"
_LEGEND = (
    "Orange speaks for the class that is asked for, blue against it, and where the picture shows through in "
    "grey the map is near 0. Each map has its own scale; its raw range stands under it. Gradient, "
    "SmoothGrad² and the history shelf have no sign: there orange is only how much."
)


class Asked(NamedTuple):
    """One picture. pixels: H W 3 as the network sees it; answer: classes with their probabilities, the
    likeliest first; target: the class that the maps are of.
    """

    name: str
    pixels: Pixels
    answer: tuple[tuple[str, float], ...]
    target: str


class Checked(NamedTuple):
    """Of one picture and one method: the map on shuffled weights, how alike it and the map with only the last
    layer shuffled are to the map itself, and the areas, which a blank map has not.
    """

    twin: Maps
    alike: float | None
    alike_head: float | None
    areas: Areas | None


Checks = Mapping[tuple[str, int], Checked]  # by method and place of the picture


@final
class Whys:
    """Pictures with their maps as they come, one after another: the first `SHOWN` are held, of all others the
    answers and ranges, and where that is wanted their maps on the disk.
    """

    def __init__(self, methods: Sequence[str], count: int) -> None:
        self.count = count
        self.asked: list[Asked] = []
        self.facts: list[dict[str, Any]] = []
        self.stored: dict[str, Rows] = {}
        self._found: dict[str, list[Maps]] = {name: [] for name in methods}
        self._seconds = dict.fromkeys(methods, 0.0)

    def add(self, asked: Asked, maps: Sequence[Maps], is_stored: bool = False) -> None:
        """One picture, and what each method says of it."""
        for one in maps:
            self._seconds[one.method] += one.seconds
        if is_stored:
            self._store("pictures", asked.pixels)
            for one in maps:
                self._store(one.method, one.values[0].astype(np.float32))
        self.facts.append(_fact(asked, maps, 0))
        if len(self.asked) < SHOWN:
            self.asked.append(asked)
            for one in maps:
                self._found[one.method].append(one)

    def _store(self, name: str, row: NDArray[Any]) -> None:
        self.stored.setdefault(name, Rows()).add(row)

    @property
    def maps(self) -> list[Maps]:
        """Those that are held; the times are the means over all."""
        from striate.seeing.why.methods import Maps

        return [
            Maps(
                name,
                np.concatenate([one.values for one in found]),
                tuple(one.notes[0] for one in found),
                self._seconds[name] / len(self.facts),
            )
            for name, found in self._found.items()
        ]


def why_figure(
    title: str,
    asked: Sequence[Asked],
    maps: Sequence[Maps],
    checks: Checks,
    whys: Whys | None = None,
) -> Figure:
    """checks: those that were made, usually of the first pictures only; whys: of all pictures, where those
    asked are only the first.
    """
    lead = _LEGEND
    checked = len({i for _, i in checks})
    many = len(asked) if whys is None else whys.count
    if many > len(asked):
        lead += (
            f" The first {len(asked)} of {many:,} pictures are shown; --json and --npz have all."
        )
    if checked < many:
        lead += f" {checked} of {many:,} pictures have checks (--checks)."
    parts: list[Part] = [_methods(maps, checks)]
    for i, one in enumerate(asked):
        parts.append(_panel(one, maps, i))
        if any(at == i for _, at in checks):
            parts += [_twins(one, maps, checks, i), _table(maps, checks, i)]
    arrays = _arrays(asked, maps, checks) | (whys.stored if whys is not None else {})
    rest = whys.facts[len(asked) :] if whys is not None else []
    return Figure(title, lead, tuple(parts), arrays, _facts(asked, maps, checks, rest))


def _method(found: Maps) -> Method:
    from striate.seeing.why.methods import BY_NAME  # here: it brings torch along

    return BY_NAME[found.method]


def _short(name: str) -> str:
    """The file and the folder it lies in."""
    return "/".join(name.replace("\\", "/").split("/")[-2:])


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"


def _methods(maps: Sequence[Maps], checks: Checks) -> Table:
    rows = []
    for one in maps:
        found = [c for (name, _), c in checks.items() if name == one.method]
        told = [c.alike for c in found if c.alike is not None]
        alike = f"{np.mean(told):.2f}".replace("-", "−") if told else "–"
        method = _method(one)
        rows.append((method.title, method.says, _time(one.seconds), alike))
    return Table(
        "Methods",
        ("method", "what a map says", "processor time a picture", "like its twin"),
        tuple(rows),
        "llrr",
        "“Like its twin” is the rank correlation with the same method on shuffled weights: near 1 the map "
        "shows the picture, not what the network learned. Near 0 does not prove a map right. There is no "
        "single score of trust, because such scores contradict one another.",
    )


def _panel(one: Asked, maps: Sequence[Maps], i: int) -> Panel:
    tiles = [
        Tile("as the network sees it", f"{one.pixels.shape[1]}×{one.pixels.shape[0]}", one.pixels)
    ]
    tiles += [_tile(found, one.pixels, i) for found in maps]
    said = ", ".join(f"{name} {_percent(share)}" for name, share in one.answer)
    return Panel(
        _short(one.name), tuple(tiles), f"The answer: {said}. The maps ask: why {one.target}?"
    )


def _tile(found: Maps, pixels: Pixels, i: int) -> Tile:
    method, values = _method(found), found.values[i]
    reach = reach_of(values, found.method in _SPIKY)
    note = ranged(values)
    if values.any() and reach < np.abs(values).max():
        note += f", full colour from {number(reach)}"
    note += f"; {found.notes[i]}" if found.notes[i] else ""
    is_history = method.shelf == "history"
    note += f"; {method.says.removeprefix('history: ')}" if is_history else ""
    return Tile(method.title, note, pixels, values, reach, is_apart=is_history)


def _twins(one: Asked, maps: Sequence[Maps], checks: Checks, i: int) -> Panel:
    tiles = [
        _tile(checks[found.method, i].twin, one.pixels, 0)
        for found in maps
        if (found.method, i) in checks
    ]
    said = "What the same methods say of a network that knows nothing: all its weights in a drawn order."
    return Panel("The same on shuffled weights", tuple(tiles), said, side=108, is_below=True)


def _table(maps: Sequence[Maps], checks: Checks, i: int) -> Table:
    rows = []
    for found in maps:
        if (found.method, i) in checks:
            told = checks[found.method, i]
            rows.append(
                (
                    _method(found).title,
                    _alike(told.alike),
                    _alike(told.alike_head),
                    _area(told.areas and told.areas.deletion, is_less_better=True),
                    _area(told.areas and told.areas.insertion, is_less_better=False),
                )
            )
    said = (
        "Deletion takes cells away in the order of the map, insertion lays them onto grey; the number is the "
        "area under the probability. Less is better for deletion, more for insertion. In brackets: where "
        "95 % of 20 random orders lie. Such pictures are unlike any that the network knows."
    )
    return Table(
        "Whether to believe it",
        (
            "method", "like its twin, all weights", "last layer only", "deletion (random orders)",
            "insertion (random orders)",
        ),
        tuple(rows),
        "lrrrr",
        said,
        is_below=True,
    )  # fmt: skip


def _alike(value: float | None) -> str:
    if value is None:
        return _BLANK
    return f"{value:.2f}".replace("-", "−")


def _area(area: Area | None, is_less_better: bool) -> str:
    if area is None:
        return _BLANK
    is_better = area.value < area.low if is_less_better else area.value > area.high
    is_worse = area.value > area.high if is_less_better else area.value < area.low
    verdict = "better" if is_better else "worse" if is_worse else "no better"
    return f"{area.value:.2f} ({area.low:.2f}–{area.high:.2f}) {verdict}"


def _percent(share: float) -> str:
    """A share that is not all or nothing is not told as such."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    return "> 99.9 %" if 0.999 < share < 1 else f"{100 * share:.1f} %"


def areas_told(areas: Areas | None) -> tuple[str, str]:
    """Deletion and insertion beside random orders; a blank map puts cells in no order."""
    if areas is None:
        return ("– (blank)", "– (blank)")
    return _area(areas.deletion, is_less_better=True), _area(areas.insertion, is_less_better=False)


def _arrays(asked: Sequence[Asked], maps: Sequence[Maps], checks: Checks) -> dict[str, Any]:
    held: dict[str, Any] = {"pictures": np.stack([one.pixels for one in asked])}
    held |= {found.method: found.values.astype(np.float32) for found in maps}
    for (name, i), told in checks.items():
        held[f"{name}_shuffled_{i}"] = told.twin.values[0].astype(np.float32)
    return held


def _fact(one: Asked, maps: Sequence[Maps], i: int) -> dict[str, Any]:
    """Of picture i, without checks."""
    return {
        "path": one.name,
        "answer": [{"label": name, "probability": share} for name, share in one.answer],
        "asked": one.target,
        "maps": {found.method: list(found.range(i)) for found in maps},
        "notes": {found.method: found.notes[i] for found in maps if found.notes[i]},
        "checks": {},
    }


def _facts(
    asked: Sequence[Asked], maps: Sequence[Maps], checks: Checks, rest: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    told = [_fact(one, maps, i) for i, one in enumerate(asked)]
    for (name, at), one in checks.items():
        told[at]["checks"][name] = {
            "alike": one.alike,
            "alike_last_layer": one.alike_head,
            "deletion": one.areas and one.areas.deletion._asdict(),
            "insertion": one.areas and one.areas.insertion._asdict(),
        }
    return {
        "methods": [
            {"name": found.method, "seconds": found.seconds, "shelf": _method(found).shelf}
            for found in maps
        ],
        "pictures": [*told, *rest],
    }
