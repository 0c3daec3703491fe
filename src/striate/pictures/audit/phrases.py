"""Counts, shares and examples, worded in one way wherever data is talked about."""

from __future__ import annotations

from collections.abc import Sequence

SHOWN = 3


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "class"), counted(2, "class"), counted(1200, "picture")
    ('1 class', '2 classes', '1,200 pictures')
    """
    plural = noun + ("es" if noun.endswith(("s", "sh", "ch", "x")) else "s")
    return f"{number:,} {noun if number == 1 else plural}"


def share(number: int, of: int) -> str:
    """A part of all pictures.

    >>> share(2, 100), share(1, 12345)
    ('2 of 100 pictures (2.0 %)', '1 of 12,345 pictures (0.01 %)')
    """
    percent = 100 * number / max(of, 1)
    shown = f"{percent:.1f}" if percent >= 0.1 else f"{percent:.2g}"
    return f"{number:,} of {counted(of, 'picture')} ({shown} %)"


def examples(names: Sequence[str], count: int | None = None) -> str:
    """The first few, and how many more there are.

    >>> examples(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = (len(names) if count is None else count) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more:,} more" if more > 0 else "")
