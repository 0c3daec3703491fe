"""JSON from files that others may have written: what parsers read differently is refused."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any


def parse(data: bytes | bytearray | memoryview) -> Any:
    """The value of a JSON text in UTF-8; ValueError, with a reason of one line, for everything else.

    Refused are names that stand twice in one object, NaN and infinity, and nesting without end.

    >>> parse(b'{"a": [1, 2.5, null]}')
    {'a': [1, 2.5, None]}
    """
    try:
        text = str(data, "utf-8")
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except UnicodeDecodeError as fault:
        raise ValueError(f"it is no UTF-8 at byte {fault.start:,}") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose names are all different."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = sorted(name for name, _ in pairs)
        twice = next(a for a, b in pairwise(names) if a == b)
        raise ValueError(f"the name {twice[:60]!r} stands twice")
    return made


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")
