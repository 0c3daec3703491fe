"""Lines over steps or shares: each with its name, a colour and a dash, so that no colour must be told."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from striate.pages import chart_axes as axes
from striate.pages.chart_axes import Axis
from striate.pages.html import Html

_MOST_POINTS, _MOST_DOTS = 400, 40
KINDS = ("s1", "s2", "s3")  # of the style: the first is drawn through, the others are dashed


class Series(NamedTuple):
    """A line: what it is called, its look (one of KINDS), and its points from left to right."""

    name: str
    kind: str
    points: tuple[tuple[float, float], ...]
    has_dots: bool = True


class Mark(NamedTuple):
    """A point that something is said of, above it or below."""

    x: float
    y: float
    text: str
    is_below: bool = False


class Scale(NamedTuple):
    """How values are laid out: `names` of the axes (along, upright), logarithm, shares as percentages."""

    names: tuple[str, str]
    is_log: bool = False
    is_share: bool = False
    along_is_share: bool = False


def lines(title: str, series: Sequence[Series], scale: Scale, marks: Sequence[Mark] = ()) -> Html:
    """The figure; nothing where there is no point. A logarithm leaves out what is not above 0."""
    kept = [s._replace(points=_thinned(_drawable(s.points, scale.is_log))) for s in series]
    kept = [s for s in kept if s.points]
    if not kept:
        return Html("")
    heights = [y for s in kept for _, y in s.points]
    places = [x for s in kept for x, _ in s.points]
    x = axes.along(max(places), low=min(0.0, *places), is_share=scale.along_is_share)
    y = axes.upright(heights, is_log=scale.is_log, is_share=scale.is_share)
    parts = axes.frame(title, scale.names, x, y)
    parts += axes.legend((s.name, s.kind) for s in kept if s.name)
    for one in kept:
        parts += _drawn(one, x, y)
    parts += [_marked(mark, x, y) for mark in marks if not scale.is_log or mark.y > 0]
    told = "; ".join(_told(one, x, y, scale.names[0]) for one in kept)
    return Html(axes.whole(parts, f"{title}. {told}"))


def _drawable(points: Sequence[tuple[float, float]], is_log: bool) -> list[tuple[float, float]]:
    """The points whose place can be computed."""
    return [
        (x, y) for x, y in points if math.isfinite(x) and math.isfinite(y) and (y > 0 or not is_log)
    ]


def _thinned(points: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """At most so many points as one can see, the last among them."""
    every = -(-len(points) // _MOST_POINTS) if points else 1
    kept = points[::every]
    return tuple(kept if not points or kept[-1] == points[-1] else [*kept, points[-1]])


def _drawn(one: Series, x: Axis, y: Axis) -> list[str]:
    """The line, and a dot for each point where they are few."""
    places = [(axes.x_at(x, a), axes.y_at(y, b)) for a, b in one.points]
    path = " ".join(f"{a:.1f},{b:.1f}" for a, b in places)
    parts = [f'<polyline class="{one.kind}" points="{path}"/>']
    if one.has_dots and len(places) <= _MOST_DOTS:
        parts += [
            axes.dot(
                a, b, 2.6, f"{one.kind} dot", f"{one.name} {_short(y, v)} at {x.text(u)}".strip()
            )
            for (a, b), (u, v) in zip(places, one.points, strict=True)
        ]
    return parts


def _marked(mark: Mark, x: Axis, y: Axis) -> str:
    """A ring and its words, on the side where there is room, never above the frame."""
    at, up = axes.x_at(x, mark.x), axes.y_at(y, mark.y)
    is_right = at > axes.WIDTH * 0.55
    words = up + 22 if mark.is_below or up < axes.TOP + 26 else up - 10
    ring = axes.dot(at, up, 5.5, "ring", mark.text)
    shift = -4 if is_right else 4
    return ring + axes.text(at + shift, words, mark.text, "end" if is_right else "start", "said")


def _told(one: Series, x: Axis, y: Axis, name: str) -> str:
    """What the line shows, for those who do not see it."""
    (a, b), (c, d) = one.points[0], one.points[-1]
    begun = f"{one.name} begins with {_short(y, b)} at {name} {x.text(a)}".strip()
    return begun if len(one.points) == 1 else f"{begun} and ends with {_short(y, d)} at {x.text(c)}"


def _short(y: Axis, value: float) -> str:
    return f"{100 * value:.4g}%" if y.is_share else f"{value:.4g}"
