"""How often a probability is right: a disc for each bin beside the line where it should be, counts below.

Idea of the diagram: DeGroot and Fienberg 1983; Guo et al. 2017, https://arxiv.org/abs/1706.04599
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from striate.pages import chart_axes as axes
from striate.pages.chart_axes import LEFT, RIGHT, WIDTH
from striate.pages.html import Html, escaped

_HEIGHT, _STRIP, _LARGEST = 330, 54, 11.0


class Bin(NamedTuple):
    """Pictures whose probability lies from `low` to `high`: how sure on average, how often right."""

    low: float
    high: float
    pictures: int
    confidence: float
    accuracy: float


def reliability(title: str, bins: Sequence[Bin], note: str = "") -> Html:
    """The figure; the area of a disc is the share of the pictures in it."""
    kept = [one for one in bins if one.pictures]
    if not kept:
        return Html("")
    total, most = sum(one.pictures for one in kept), max(one.pictures for one in kept)
    unit = axes.Axis(0.0, 1.0, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), is_share=True)
    parts = axes.frame(
        title, ("probability that it gave", "how often it was right"), unit, unit, _HEIGHT
    )
    if note:
        parts.append(axes.text(WIDTH, 14, note, "end", "name"))
    corner = (axes.x_at(unit, 0), axes.y_at(unit, 0, _HEIGHT))
    parts.append(axes.line(*corner, axes.x_at(unit, 1), axes.y_at(unit, 1, _HEIGHT), "s3"))
    for one in kept:
        x, y = axes.x_at(unit, one.confidence), axes.y_at(unit, one.accuracy, _HEIGHT)
        tip = (
            f"{one.low:.0%} to {one.high:.0%}: {one.pictures:,} pictures, "
            f"{one.confidence:.1%} sure, {one.accuracy:.1%} right"
        )
        parts.append(axes.line(x, axes.y_at(unit, one.confidence, _HEIGHT), x, y, "gap"))
        radius = max(_LARGEST * math.sqrt(one.pictures / most), 2.5)
        parts.append(axes.dot(x, y, radius, "disc", tip))
    parts += _strip(kept, most)
    label = f"{title}. {total:,} pictures; " + "; ".join(
        f"{one.confidence:.0%} sure, {one.accuracy:.0%} right, {one.pictures:,} pictures"
        for one in kept
    )
    return Html(axes.whole(parts, label, _HEIGHT + _STRIP))


def _strip(bins: Sequence[Bin], most: int) -> list[str]:
    """How many pictures each bin has, as bars with their counts under the figure."""
    wide, foot = WIDTH - LEFT - RIGHT, _HEIGHT + _STRIP - 4
    parts = [
        axes.text(LEFT - 6, foot - 4, "pictures", "end", "small"),
        axes.line(LEFT, foot, WIDTH - RIGHT, foot, "axis"),
    ]
    for one in bins:
        high = max((_STRIP - 24) * one.pictures / most, 1.5)
        left, width = LEFT + wide * one.low, wide * (one.high - one.low)
        parts.append(
            f'<rect class="bar" x="{left + 1:.1f}" y="{foot - high:.1f}" width="{max(width - 2, 1):.1f}" '
            f'height="{high:.1f}"><title>{escaped(f"{one.pictures:,}")}</title></rect>'
        )
        parts.append(
            axes.text(left + width / 2, foot - high - 3, _short(one.pictures), "middle", "small")
        )
    return parts


def _short(count: int) -> str:
    """At most four letters: 999, 1.2k, 34k, 5M."""
    for size, letter in ((10**6, "M"), (1000, "k")):
        if count >= size:
            return (
                f"{count / size:.1f}{letter}"
                if count < 9.95 * size
                else f"{count / size:.0f}{letter}"
            )
    return str(count)
