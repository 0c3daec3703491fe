"""What fits? The lectures' question "F = 5, S = 2, P = ? (whatever fits)", for one side of a picture.

(N + 2P - F) / S + 1 has to be whole: N the side, F the window, S the stride, P the padding on both ends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import gcd
from typing import Any, NamedTuple, NoReturn, final

from striate.errors import UsageError
from striate.geometry.window import Window

_PART = re.compile(r"\s*([A-Za-z])\s*=\s*(\?|[0-9]{1,5}(?![0-9]))(?:\s*\([a-z ]*\))?\s*[,;]?")
_MEANT = {"N": "the side", "F": "the window", "S": "the stride", "P": "the padding"}
_ROWS = 12  # of a table at most
EXAMPLE = "write it like `N=32 F=5 S=2 P=?`: side, window, stride, padding; 5 digits at most; `?` is asked"


class Try(NamedTuple):
    """One value of what is asked for: how often the window fits (floored), and what it misses."""

    value: int
    sum_text: str
    places: int
    exact: bool
    unseen: int

    @property
    def verdict(self) -> str:
        """In words."""
        if not self.places:
            return "the window is larger than the padded side"
        missed = f"{self.unseen} unseen" if self.unseen else "none unseen"
        if self.exact:
            places = "1 place" if self.places == 1 else f"{self.places} places"
            return f"fits, {places}" + (f", {missed}" if self.unseen else "")
        return f"does not fit; floored to {self.places}, {missed}"


@final
@dataclass(frozen=True)
class Fit:
    """A question and its answers. asked: the letter that is open; `rule` says what follows."""

    known: dict[str, int]
    asked: str
    tries: tuple[Try, ...]
    rule: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain data."""
        tries = [one._asdict() for one in self.tries]
        return {"asked": self.asked, "known": self.known, "tries": tries, "rule": list(self.rule)}

    def lines(self) -> list[str]:
        """The answers under one another, and what follows from them."""
        rows = [(f"{self.asked} = {one.value}", one.sum_text, one.verdict) for one in self.tries]
        wide = [max((len(row[i]) for row in rows), default=0) for i in range(2)]
        shown = [f"{name:<{wide[0]}}  {text:<{wide[1]}}  {told}" for name, text, told in rows]
        return [*shown, *([""] if shown else []), *self.rule]


def is_question(text: str) -> bool:
    """Whether a text asks what fits, as `F=5 S=2`. No network begins with a letter, `=` and a number."""
    return bool(re.match(r"\s*[NFSP]\s*=\s*[0-9?]", text, re.IGNORECASE)) and ":" not in text


def ask(text: str) -> Fit:
    """`N=32 F=5 S=2 P=?` answered. Where no letter is `?`, the one left out is asked for: P, or else N.

    >>> [one.sum_text for one in ask("N=32 F=5 S=2").tries]
    ['(32 - 5)/2 + 1 = 14.5', '(32 + 2 - 5)/2 + 1 = 15.5', '(32 + 4 - 5)/2 + 1 = 16.5']
    """
    known, asked = _read(text)
    if "N" not in known and asked == "P":
        return Fit(known, asked, (), tuple(_for_every_side(known["F"], known["S"])))
    values = [known["P"]] if asked == "P" and "P" in known else _values(known, asked)
    tries = tuple(_try({**known, asked: value}, value) for value in values)
    if asked == "P":
        return Fit(known, asked, tries, tuple(_about_padding(known, tries)))
    found = [str(one.value) for one in tries if one.exact]
    rule = f"{asked} = {', '.join(found)}: fits exactly" if found else "none of these fits exactly"
    more = [f"and so on, in steps of {known['S']}"] if asked == "N" else []
    return Fit(known, asked, tries, (", ".join([rule, *more]),))


def _read(text: str) -> tuple[dict[str, int], str]:
    """The letters that are known, and the one that is asked for."""
    found: dict[str, str] = {}
    at = 0
    while text[at:].strip():
        part = _PART.match(text, at)
        if not part or part[1].upper() not in _MEANT or part[1].upper() in found:
            _refuse(f"{text[at:].strip()[:40]!r} cannot be read in a question of what fits")
        found[part[1].upper()] = part[2]
        at = part.end()
    if found.get("N") == found.get("P") == "?":
        del found["N"]  # the padding for every side
    open_ = [letter for letter, value in found.items() if value == "?"]
    if len(open_) > 1:
        _refuse(f"{' and '.join(open_)} are both asked for, and only one can be")
    known = {letter: int(value) for letter, value in found.items() if value != "?"}
    asked = open_[0] if open_ else "N" if "P" in known and "N" not in known else "P"
    if asked != "S":
        known.setdefault("S", 1)
    if asked != "P":
        known.setdefault("P", 0)
    for letter in ("F", "N") if asked in {"S", "F"} else ("F",):
        if letter != asked and letter not in known:
            _refuse(f"{letter}, {_MEANT[letter]}, is missing")
    for letter in ("N", "F", "S"):
        if known.get(letter) == 0:
            _refuse(f"{letter}, {_MEANT[letter]}, is at least 1; got 0")
    return known, asked


def _refuse(text: str) -> NoReturn:
    raise UsageError(text, EXAMPLE)


def _values(known: dict[str, int], asked: str) -> Iterable[int]:
    """What is tried. More than half a window of padding is seldom meant."""
    if asked == "P":
        return range(min(known["F"] // 2, _ROWS - 1) + 1)
    if asked == "N":
        least = max(1, known["F"] - 2 * known["P"])
        return range(least, least + min(_ROWS, 3 * known["S"]))
    room = known["N"] + 2 * known["P"]
    if asked == "F":
        return range(1, min(room, _ROWS) + 1)
    return range(1, max(1, min(known["F"], room, _ROWS)) + 1)


def _try(known: dict[str, int], value: int) -> Try:
    window = Window(known["F"], known["S"], known["P"], known["P"])
    side = known["N"]
    if window.room(side) < 0:
        return Try(value, window.sum_text(side), 0, exact=False, unseen=side)
    exact = not window.remainder(side)
    return Try(value, window.sum_text(side), window.out(side), exact, window.unseen(side))


def _about_padding(known: dict[str, int], tries: tuple[Try, ...]) -> Iterator[str]:
    """Which padding fits; where none does, why, and what would."""
    side, window, stride = known["N"], known["F"], known["S"]
    fitting = [one for one in tries if one.exact]
    if fitting:
        yield "fits exactly: " + ", ".join(f"P = {one.value}" for one in fitting)
        kept = [one.value for one in fitting if one.places == side and stride == 1]
        if kept:
            yield f"keeps the size: P = (F - 1)/2 = {kept[0]}"
        return
    if not any(one.places for one in tries):
        yield f"the window only fits with P = {-((side - window) // 2)} or more"
        return
    step = gcd(2, stride)
    if "P" not in known and (side - window) % step:
        yield (
            f"no padding fits: it adds 2P, an even number, and N - F = {side - window} is odd, "
            f"so stride {stride} never ends at the border"
        )
    elif "P" not in known:
        yield f"no padding up to half a window fits; P = {_least(side, window, stride)} would"
    at = Window(window, stride, tries[-1].value, tries[-1].value)
    yield f"with P = {tries[-1].value}: {at.fits(side).removesuffix(', no symmetric padding does')}"
    one_end = [
        t for t in range(1, window) if side + t >= window and (side + t - window) % stride == 0
    ]
    if one_end:
        total = one_end[-1]
        places = (side + total - window) // stride + 1
        ends = f"{total // 2} before and {total - total // 2} after"
        yield f"uneven padding fits: {total} in all, {ends}, {places} places"
    whole = [one for one in tries if one.places and not one.unseen]
    if whole:
        best = whole[0]
        gives = f"P = {best.value} gives {best.places} places"
        yield f"floored, as PyTorch does, {gives} and misses no row or column"


def _least(side: int, window: int, stride: int) -> int:
    """The smallest padding that fits; one exists below the stride."""
    start = max(0, -((side - window) // 2))
    return next(
        p for p in range(start, start + stride + 1) if (side + 2 * p - window) % stride == 0
    )


def _for_every_side(window: int, stride: int) -> Iterator[str]:
    """Without N: one line for each remainder of the side by the stride."""
    if stride == 1:
        keeps = f"P = {(window - 1) // 2} keeps the size" if window % 2 else "none keeps the size"
        yield f"with stride 1 every padding fits every side; {keeps}"
        return
    yield f"N + 2P - {window} has to be divisible by {stride}:"
    for rest in range(min(stride, _ROWS)):
        first = window + (rest - window) % stride
        sides = ", ".join(str(first + i * stride) for i in range(3))
        pads = [p for p in range(window // 2 + 1) if (first + 2 * p - window) % stride == 0][:_ROWS]
        fits = "P = " + ", ".join(map(str, pads)) if pads else "nothing fits exactly"
        yield f"N = {sides} …: {fits}"
