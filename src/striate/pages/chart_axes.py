"""The axes of a figure: which numbers stand at them, where a value lies, and the frame they make.

Figures are 420 wide, so that two stand side by side and one still has letters to read on a telephone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import final

from striate.pages.html import escaped

WIDTH, HEIGHT = 420, 262
LEFT, RIGHT, TOP, BOTTOM = 48, 14, 48, 42
_MOST_TICKS = 8
_LETTER = 7.4  # how wide a letter is, at most on average


@final
@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, with numbers at `ticks`. A share is written as a percentage."""

    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False
    is_share: bool = False

    def part(self, value: float) -> float:
        """Where a value lies: 0 at `low`, 1 at `high`."""
        low, high = self.low, self.high
        if self.is_log:
            low, high, value = math.log10(low), math.log10(high), math.log10(max(value, low))
        return min(max((value - low) / (high - low), 0.0), 1.0)

    def text(self, value: float) -> str:
        """A value as it stands at the axis."""
        return f"{100 * value:.6g}%" if self.is_share else f"{value:,.6g}"


def upright(values: Iterable[float], *, is_log: bool = False, is_share: bool = False) -> Axis:
    """The axis of heights: it begins and ends at a round number.

    >>> upright([0.13, 0.97], is_share=True).ticks
    (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """
    held = list(values)
    low, high = min(held, default=0.0), max(held, default=1.0)
    if is_log:
        return _decades(low, high)
    if low == high:
        low, high = low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2
        low, high = (max(low, 0), min(high, 1)) if is_share else (low, high)
    step = _round_step((high - low) / 4)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Axis(ticks[0], ticks[-1], ticks, is_share=is_share)


def along(high: float, *, low: float = 0.0, is_share: bool = False) -> Axis:
    """The axis from left to right: it ends where the values end."""
    high = high if high > low else low + 1
    step = _round_step((high - low) / 5)
    if not is_share and high >= 5:
        step = max(step, 1.0)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple(round(i * step, 12) for i in range(first, last + 1))
    return Axis(low, high, ticks, is_share=is_share)


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is at least this."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(k * power for k in (1, 2, 5, 10) if k * power >= least * (1 - 1e-9))


def _decades(low: float, high: float) -> Axis:
    """From and to 1, 2 or 5 times a power of ten, with numbers at those, or at powers where they are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    ends = [float(f"{k}e{i}") for i in range(first, last + 2) for k in (1, 2, 5)]
    begin = max(t for t in ends if t <= low * (1 + 1e-9))
    end = min(t for t in ends if t >= high * (1 - 1e-9) and t > begin)
    ticks = [t for t in ends if begin <= t <= end]
    if len(ticks) > _MOST_TICKS:
        ticks = [t for t in ticks if f"{t:e}".startswith("1.0")]
    every = -(-len(ticks) // _MOST_TICKS)
    return Axis(begin, end, tuple(ticks[::every]), is_log=True)


def x_at(axis: Axis, value: float) -> float:
    """Where a value lies from the left, in the units of the figure."""
    return LEFT + axis.part(value) * (WIDTH - LEFT - RIGHT)


def y_at(axis: Axis, value: float, height: int = HEIGHT) -> float:
    """Where a value lies from the top."""
    return height - BOTTOM - axis.part(value) * (height - TOP - BOTTOM)


def frame(title: str, names: tuple[str, str], x: Axis, y: Axis, height: int = HEIGHT) -> list[str]:
    """Title, lines across, numbers at both axes, and what goes along them: (along, upright)."""
    foot = height - BOTTOM
    parts = [text(0, 14, title, "start", "title")]
    if names[1]:
        parts.append(text(0, 30, names[1], "start"))
    for tick in y.ticks:
        at = y_at(y, tick, height)
        parts.append(line(LEFT, at, WIDTH - RIGHT, at, "grid"))
        parts.append(text(LEFT - 6, at + 4, y.text(tick), "end"))
    parts.append(line(LEFT, foot, WIDTH - RIGHT, foot, "axis"))
    for tick in x.ticks:
        at = x_at(x, tick)
        is_last = at > WIDTH - RIGHT - 12
        parts.append(line(at, foot, at, foot + 4, "axis"))
        parts.append(
            text(WIDTH if is_last else at, foot + 18, x.text(tick), "end" if is_last else "middle")
        )
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, height - 6, names[0], "middle"))
    return parts


def legend(names: Iterable[tuple[str, str]]) -> list[str]:
    """The names of lines with a piece of each, at the right of the title: (name, class)."""
    parts, at = [], float(WIDTH)
    for name, kind in reversed(list(names)):
        parts.append(text(at, 14, name, "end", "name"))
        at -= _LETTER * len(name) + 30
        parts.append(line(at, 10, at + 24, 10, kind))
        at -= 14
    return parts


def text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    """A text at a place."""
    look = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{look}>{escaped(words)}</text>'


def line(x: float, y: float, to_x: float, to_y: float, kind: str) -> str:
    """A straight line."""
    return f'<line class="{kind}" x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"/>'


def dot(x: float, y: float, radius: float, kind: str, tip: str) -> str:
    """A disc that says what it is when one points at it."""
    return (
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}">'
        f"<title>{escaped(tip)}</title></circle>"
    )


def whole(parts: Iterable[str], label: str, height: int = HEIGHT) -> str:
    """The figure; `label` is what is read out instead of it."""
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escaped(label)}">'
        f"{''.join(parts)}</svg>"
    )
