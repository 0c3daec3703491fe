"""What stands in files that others may have written, taken as what it should be or as nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def number(value: object) -> float | None:
    """A finite number; a bool is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: object) -> int | None:
    """A whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def table(value: object) -> Mapping[str, Any]:
    """A table, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def tables(value: object) -> list[Mapping[str, Any]]:
    """The tables of a list."""
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A text, or none."""
    return value if isinstance(value, str) else ""


def interval(value: object) -> tuple[float, float] | None:
    """Both ends of an interval."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    low, high = number(value[0]), number(value[1])
    return None if low is None or high is None or low > high else (low, high)


def matrix(value: object, side: int) -> list[list[int]] | None:
    """A square of counts, or None where it is not of this side."""
    if not isinstance(value, list) or len(value) != side:
        return None
    for row in value:
        if not isinstance(row, list) or len(row) != side:
            return None
        if any(type(count) is not int or count < 0 for count in row):
            return None
    return value
