"""Numbered points with their intervals over a cost on a logarithm, and the line of the best for each cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from striate.pages import chart_axes as axes
from striate.pages.chart_axes import Axis
from striate.pages.html import Html, escaped

_HEIGHT = 340
_RADIUS, _APART = 8.5, 18.0
_MOVES = 24  # half discs to either side, until a point is drawn over another


class Point(NamedTuple):
    """A method: its number, cost, and share with both ends; `is_first` has a colour of its own."""

    number: int
    name: str
    cost: float
    share: float
    ends: tuple[float, float]
    is_first: bool = False


def points(title: str, held: Sequence[Point], along: str, upright: str) -> Html:
    """The figure; nothing where no point has a cost."""
    kept = [one for one in held if one.cost > 0]
    if not kept:
        return Html("")
    x = axes.upright([one.cost for one in kept], is_log=True)
    y = axes.upright([0.0, 1.0], is_share=True)
    parts = axes.frame(title, (along, upright), x, y, _HEIGHT)
    parts += _stairs(kept, x, y)
    parts += [_whisker(one, x, y) for one in kept]
    places: list[tuple[float, float]] = []
    for one in kept:
        places.append(_free(axes.x_at(x, one.cost), axes.y_at(y, one.share, _HEIGHT), places))
    for one, place in reversed(list(zip(kept, places, strict=True))):  # the best on top
        parts.append(_disc(one, place, x, y))
    told = "; ".join(f"{one.name} {one.share:.1%} at {x.text(one.cost)}" for one in kept)
    return Html(axes.whole(parts, f"{title}. {told}", _HEIGHT))


def best_for_cost(held: Sequence[Point]) -> list[Point]:
    """The points that no cheaper one reaches, from cheap to dear."""
    found: list[Point] = []
    for one in sorted(held, key=lambda p: (p.cost, -p.share)):
        if not found or one.share > found[-1].share:
            found.append(one)
    return found


def _stairs(held: Sequence[Point], x: Axis, y: Axis) -> list[str]:
    """What a cost can buy: a line that goes on level to the next better point."""
    corners: list[str] = []
    for one in best_for_cost(held):
        at, up = axes.x_at(x, one.cost), axes.y_at(y, one.share, _HEIGHT)
        if corners:
            corners.append(f"{at:.1f},{corners[-1].split(',')[1]}")
        corners.append(f"{at:.1f},{up:.1f}")
    corners.append(f"{axes.WIDTH - axes.RIGHT:.1f},{corners[-1].split(',')[1]}")
    return [f'<polyline class="s3" points="{" ".join(corners)}"/>']


def _whisker(one: Point, x: Axis, y: Axis) -> str:
    at = axes.x_at(x, one.cost)
    low, high = (axes.y_at(y, end, _HEIGHT) for end in one.ends)
    colour = "--one" if one.is_first else "--two"
    return (
        f'<line x1="{at:.1f}" y1="{low:.1f}" x2="{at:.1f}" y2="{high:.1f}" '
        f'style="stroke:var({colour});stroke-width:3;stroke-opacity:.35"/>'
    )


def _free(at: float, up: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The nearest place to the right or left where no disc is yet."""
    for move in range(_MOVES):
        shift = (move + 1) // 2 * _APART / 2 * (1 if move % 2 else -1)
        place = min(max(at + shift, axes.LEFT + _RADIUS), axes.WIDTH - _RADIUS)
        if all((place - a) ** 2 + (up - b) ** 2 >= _APART**2 for a, b in taken):
            return place, up
    return at, up


def _disc(one: Point, place: tuple[float, float], x: Axis, y: Axis) -> str:
    """The number in its disc, and a line to where it belongs if it was moved."""
    at, up = axes.x_at(x, one.cost), axes.y_at(y, one.share, _HEIGHT)
    kind = "s1 dot" if one.is_first else "s2 dot"
    low, high = one.ends
    tip = (
        f"{one.number} {one.name}: {one.share:.1%} ({low:.1%} to {high:.1%}) at {x.text(one.cost)}"
    )
    line = axes.line(at, up, *place, "axis") if abs(place[0] - at) > 1 else ""
    return (
        f"<g><title>{escaped(tip)}</title>{line}"
        f'<circle class="{kind}" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{_RADIUS}" '
        'style="stroke:var(--ground);stroke-width:1.5;stroke-dasharray:none"/>'
        f'<text x="{place[0]:.1f}" y="{place[1] + 3.6:.1f}" text-anchor="middle" '
        f'style="fill:var(--ground);font-size:10px;font-weight:700">{one.number}</text></g>'
    )
