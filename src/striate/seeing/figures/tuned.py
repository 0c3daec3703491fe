"""The figure of tuning: for each unit its filter, its answers as a rose and as a map, and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.pages.chart_lines import KINDS, Scale, Series
from striate.pictures.files import Pixels
from striate.seeing.figures.colours import ABOVE, picture_of
from striate.seeing.figures.figure import Chart, Figure, Panel, Part, Table, Tile, number

if TYPE_CHECKING:
    from striate.seeing.inside.filters import Filters
    from striate.seeing.inside.tuning import Preference, Tuning

Floats = NDArray[np.float64]
_MOST, _CURVES, _ROSE = 24, 3, 96
_LEAD = (
    "Gratings fill the picture, black to white. An answer is how far a unit in the middle rises above what "
    "it says of plain grey, at the best phase; so colours without light and dark go unseen."
)
_UNITS = (
    "Filter; rose: how far it reaches in a direction is the answer to bars that lie so; map: orientations "
    "from 0° (lying) at the top to 165° downwards, frequencies from fine to coarse to the right."
)
_NUMBERS = (
    "Angles run against the clock from lying bars. Widths are at half height. Selectivity is 1 minus "
    "circular variance: 0 for all orientations alike, 1 for one alone. Modulation: above 1 the phase "
    "matters, as in simple cells; below 1 it hardly does, as in complex ones; a convolution alone has none."
)


def tuning_figure(
    name: str,
    found: Tuning,
    liked: Sequence[tuple[int, Preference | None]],
    filters: Filters | None,
) -> Figure:
    """liked: units with what they like, those to be shown first; filters: where the layer has any."""
    told = [(unit, one) for unit, one in liked if one is not None]
    blind = len(liked) - len(told)
    tiles = [tile for unit, one in told[:_MOST] for tile in _tiles(found, unit, one, filters)]
    rows = tuple(_row(unit, one) for unit, one in told)
    heads = (
        "unit",
        "answer",
        "orientation",
        "width",
        "selectivity",
        "waves a pixel",
        "octaves",
        "modulation",
    )
    many = f" The first {_MOST} of {len(told)}." if len(told) > _MOST else ""
    parts: list[Part] = []
    if told:
        parts = [
            Panel("Units", tuple(tiles), _UNITS + many, side=92),
            *_curves(found, told[:_CURVES]),
            Table("Numbers", heads, rows, "r" * len(heads), _NUMBERS),
        ]
    lead = f"{_LEAD} {found.layer}: {len(liked)} units"
    lead += ", those that most prefer one orientation first" if len(liked) > 1 else ""
    lead += f"; {blind} of them answer to no grating." if blind else "."
    facts: dict[str, Any] = {
        "layer": found.layer,
        "frequencies": found.frequencies.tolist(),
        "units": [
            {"unit": unit} | ({"answer": 0.0} if one is None else one._asdict())
            for unit, one in liked
        ],
    }
    arrays = {"answers": found.answers, "frequencies": found.frequencies}
    return Figure(f"Tuning of {name}", lead, tuple(parts), arrays, facts)


def _row(unit: int, one: Preference) -> tuple[str, ...]:
    return (
        str(unit),
        number(one.answer),
        _angle(one),
        "–" if one.width is None else f"{one.width:.0f}°",
        f"{one.selectivity:.2f}",
        f"{one.frequency:.3f}",
        "–" if one.octaves is None else f"{one.octaves:.1f}",
        "–" if one.modulation is None else f"{one.modulation:.2f}",
    )


def _angle(one: Preference) -> str:
    return "any" if one.orientation is None else f"{one.orientation:.0f}°"


def _tiles(found: Tuning, unit: int, one: Preference, filters: Filters | None) -> list[Tile]:
    answers = found.answers[unit]
    made = []
    if filters is not None:
        made.append(_filter(filters, unit))
    turns = answers[:, int(np.unravel_index(int(answers.argmax()), answers.shape)[1])]
    said = f"{_angle(one)}, {one.frequency:.2f} waves a pixel"
    made.append(Tile(f"{unit}" if made else f"unit {unit}", said, rose(turns)))
    made.append(Tile("", f"0 … {number(one.answer)}", values=answers))
    return made


def _filter(filters: Filters, unit: int) -> Tile:
    from striate.seeing.inside.filters import as_colours

    own = filters.values[unit : unit + 1]
    reach = float(np.abs(own).max())  # of this filter alone: tuning does not depend on its size
    if filters.is_coloured:
        return Tile(f"unit {unit}", pixels=picture_of(as_colours(own, reach)[0]))
    return Tile(f"unit {unit}", values=own[0].mean(0))


def rose(turns: Floats) -> Pixels:
    """Answers at equal steps over half a turn, as a shape about the middle: H W 3."""
    half = (_ROSE - 1) / 2
    x = np.arange(_ROSE)[None] - half
    y = half - np.arange(_ROSE)[:, None]
    far = np.sqrt(x**2 + y**2) / half
    place = np.arctan2(y, x) % np.pi / np.pi * len(turns)
    reach = np.interp(place, np.arange(len(turns) + 1), np.append(turns, turns[0]) / turns.max())
    made = np.full((_ROSE, _ROSE, 3), 255, np.uint8)
    made[np.abs(far - 0.97) < 1.2 / half] = 200
    made[far <= 0.97 * reach] = ABOVE
    return made


def _curves(found: Tuning, told: Sequence[tuple[int, Preference]]) -> list[Part]:
    """The first units' curves through their best answers, each as a share of its top."""
    turned, stepped = [], []
    for kind, (unit, one) in zip(KINDS, told, strict=False):
        answers = found.answers[unit] / one.answer
        turn, step = np.unravel_index(int(answers.argmax()), answers.shape)
        angles = 180 / len(answers) * np.arange(len(answers) + 1)
        closed = np.append(answers[:, step], answers[0, step])
        name = f"unit {unit}"
        turned.append(
            Series(name, kind, tuple(zip(map(float, angles), map(float, closed), strict=True)))
        )
        line = zip(
            map(float, found.frequencies[::-1]), map(float, answers[turn, ::-1]), strict=True
        )
        stepped.append(Series(name, kind, tuple(line)))
    return [
        Chart("Orientation", tuple(turned), Scale(("degrees", "of the top"), is_share=True), True),
        Chart(
            "Frequency", tuple(stepped), Scale(("waves a pixel", "of the top"), is_share=True), True
        ),
    ]
