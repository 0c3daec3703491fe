"""One sliding window along one side of a picture: how often it fits, what is left over, what it misses.

The lectures' rule is out = (N + 2P - F) / S + 1. As in PyTorch a division with a remainder is floored;
`remainder` and `unseen` say what that costs.
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import NamedTuple

from striate.errors import DoesNotFit, LimitExceeded, Remainder

MAX_RUNS = 10_000  # how many taps (or places, if there are fewer) `unseen` follows one by one
_NEAR = 1_000  # how far `fits` looks for a padding


class Window(NamedTuple):
    """A window of `kernel` taps, `dilation` apart, moved by `stride` over a side padded `before` and `after`.

    >>> Window(3, stride=2).out(7), Window(3, stride=3).out(7), Window(3, stride=3).unseen(7)
    (3, 2, 1)
    """

    kernel: int
    stride: int = 1
    before: int = 0
    after: int = 0
    dilation: int = 1
    ceil: bool = False

    @property
    def extent(self) -> int:
        """How far the window reaches, gaps between its taps included."""
        return self.dilation * (self.kernel - 1) + 1

    def room(self, size: int) -> int:
        """How far the window can move: the padded side less its extent (negative: it does not fit)."""
        return size + self.before + self.after - self.extent

    def out(self, size: int) -> int:
        """How many places the window takes on a side of `size`."""
        room = self.room(size)
        places = room // self.stride + 1
        if self.ceil and room % self.stride and places * self.stride < size + self.before:
            # PyTorch's rule: one more may hang over the end if it starts before the padding there.
            places += 1
        if places < 1:
            raise DoesNotFit(f"{self.sum_text(size)}; the window is larger than the padded side")
        return places

    def remainder(self, size: int) -> int:
        """What the division leaves: how much of the padded side comes after the last window."""
        return max(0, self.room(size) - (self.out(size) - 1) * self.stride)

    def unseen(self, size: int) -> int:
        """How many rows or columns of the picture no tap of any window touches, gaps included."""
        return _unseen(self, size)

    def sum_text(self, size: int) -> str:
        """The arithmetic as the lectures write it: `(7 - 5)/3 + 1 = 1.67`."""
        padding = self.before + self.after
        value = f"{self.room(size) / self.stride + 1:.2f}".rstrip("0").rstrip(".")
        return f"({size}{f' + {padding}' if padding else ''} - {self.extent})/{self.stride} + 1 = {value}"

    def check_exact(self, size: int) -> None:
        """The lectures' rule: refuse a size that does not divide."""
        if self.remainder(size):
            raise Remainder(f"{self.sum_text(size)}; {self.fits(size)}")

    def fits(self, size: int) -> str:
        """What would fit instead, in words: strides, paddings and sides near by."""
        strides = [s for s in range(1, 6) if self.room(size) % s == 0]
        least = max(0, -((size - self.extent) // 2))
        most = min(self.extent // 2, least + _NEAR)  # more than half a window is seldom meant
        pads = [
            p for p in range(least, most + 1) if (size + 2 * p - self.extent) % self.stride == 0
        ]
        # Growing or shrinking the side by less than a stride always reaches one that divides.
        left = self.room(size) % self.stride
        sides = [side for side in (size - left, size - left + self.stride) if side > 0]
        padding = f", padding {_either(pads[:3])}" if pads else ""
        none = "" if pads else ", no symmetric padding does"
        return f"stride {_either(strides)}{padding} or a side of {_either(sides)} fits{none}"


def _either(numbers: list[int]) -> str:
    return "/".join(str(n) for n in numbers)


@lru_cache(maxsize=4096)
def _unseen(window: Window, size: int) -> int:
    places, stride = window.out(size), window.stride
    taps, dilation = window.kernel, window.dilation
    first, end = (
        window.before,
        window.before + size,
    )  # the picture, counted from the padding's start
    if (dilation == 1 and stride <= taps) or (stride == 1 and dilation <= places):
        reach = (places - 1) * stride + window.extent  # no gaps: the windows leave one run
        return size - max(0, min(end, reach) - first)
    if places < taps:  # place x stride + tap x dilation: the two may change their parts
        places, stride, taps, dilation = taps, dilation, places, stride
    if taps > MAX_RUNS:
        raise LimitExceeded(
            f"a window with gaps has at most {MAX_RUNS:,} taps or places; here it has {taps:,}",
            "use a smaller kernel or a smaller picture",
        )
    shared = gcd(stride, dilation)
    seen = 0
    for tap in range(taps):
        # A row met once more, by an earlier tap at a later place, is left to that one.
        begin = 0 if tap < stride // shared else max(0, places - dilation // shared)
        low = max(begin, -((tap * dilation - first) // stride))
        high = min(places, -((tap * dilation - end) // stride))
        seen += max(0, high - low)
    return size - seen
