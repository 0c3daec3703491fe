"""The size of what flows through a network: channels x height x width, or a flat vector of channels."""

from __future__ import annotations

import re
from typing import NamedTuple

from striate.errors import PlanError

Pair = tuple[int, int]
MAX_SIZE = 999_999_999  # nine digits, as every number of a plan
_SIZE, _TIMES = r"\s*([0-9]{1,9})\s*", "[xX×,]"
_WRITTEN = re.compile(rf"{_SIZE}{_TIMES}{_SIZE}{_TIMES}{_SIZE}\Z")


class Shape(NamedTuple):
    """C H W of one picture. A vector of K numbers is `Shape(K, flat=True)` and counts as K x 1 x 1.

    >>> str(Shape(3, 32, 32)), str(Shape(10, flat=True))
    ('3x32x32', '10')
    """

    channels: int
    height: int = 1
    width: int = 1
    flat: bool = False

    @property
    def count(self) -> int:  # type: ignore[override]
        """How many numbers that is."""
        return self.channels * self.height * self.width

    @property
    def sides(self) -> Pair:
        """Height and width, in that order."""
        return self.height, self.width

    def __str__(self) -> str:
        if self.flat:
            return str(self.channels)
        return f"{self.channels}x{self.height}x{self.width}"


def read_shape(text: str) -> Shape:
    """`3x32x32` (also `3,32,32`) to a Shape, channels first, then height, then width."""
    found = _WRITTEN.match(text)
    channels, height, width = map(int, found.groups()) if found else (0, 0, 0)
    if 0 in {channels, height, width}:
        raise PlanError(
            f"an input is written channels x height x width, such as 3x224x224; got {text[:40]!r}",
            "try 3x224x224 for a colour picture, 1x28x28 for a grey one",
        )
    return Shape(channels, height, width)
