"""Numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime


def percent(share: float | None, digits: int = 1) -> str:
    """A share as a percentage. It says 100% or 0% only where that is the whole truth.

    >>> percent(0.9997), percent(1), percent(0.964), percent(None)
    ('99.97%', '100%', '96.4%', '–')
    """
    if share is None:
        return "–"
    if share in (0, 1):
        return f"{share:.0%}"
    for more in range(digits, 6):
        shown = f"{100 * share:.{more}f}"
        if 0 < float(shown) < 100 or not 0 < share < 1:
            return f"{shown}%"
    return "<0.00001%" if share < 0.5 else ">99.99999%"


def between(interval: tuple[float, float] | None) -> str:
    """Both ends of an interval, as (93.1–98.2); nothing where there is none."""
    if interval is None:
        return ""
    low, high = (bound(end).removesuffix("%") for end in interval)
    return f"({low}–{high})"


def bound(share: float) -> str:
    """The end of an interval as a percentage, rounded.

    >>> bound(0.99999), bound(0.931)
    ('100%', '93.1%')
    """
    return f"{100 * share:.1f}".replace("100.0", "100") + "%" if share >= 0.0005 else "0%"


def decimal(value: float | None, digits: int = 3) -> str:
    """A number with some digits after the point."""
    return "–" if value is None else f"{value:,.{digits}f}"


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: 1 picture, 2 pictures."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def duration(seconds: float | None) -> str:
    """A time for people.

    >>> duration(0.03), duration(4.24), duration(61), duration(7325)
    ('0.03 s', '4.2 s', '1 min 1 s', '2 h 2 min')
    """
    if seconds is None:
        return "–"
    if seconds < 59.95:
        return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(seconds / 60)
    return f"{minutes // 60:,} h {minutes % 60} min"


def moment(stamp: str) -> str:
    """An ISO time without its seconds, in UTC; whatever else stands there as it is.

    >>> moment("2026-11-20T09:30:12+00:00")
    '2026-11-20 09:30 UTC'
    """
    try:
        told = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    if told.utcoffset() is None:
        return f"{told:%Y-%m-%d %H:%M}"
    return f"{told.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def data_size(count: float) -> str:
    """Bytes in decimal units."""
    for unit, size in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def listed(names: Iterable[str]) -> str:
    """Names with commas and an `and`."""
    held = list(names)
    return held[0] if len(held) == 1 else f"{', '.join(held[:-1])} and {held[-1]}" if held else ""
