"""A student's numbers against the right ones: the first wrong element, and the mistake that explains all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import NamedTuple

import numpy as np

from striate.lectures.checked.case import Case, Kind, Numbers
from striate.lectures.shown import number


class Wrong(NamedTuple):
    """Where it begins to differ: which output of which case, its place (None: the shape), got and wanted."""

    output: str
    case: str
    place: tuple[int, ...] | None
    got: str
    wanted: str

    @property
    def text(self) -> str:
        """One sentence."""
        if self.place is None:
            return f"{self.output} has the shape {self.got}, and should have {self.wanted}"
        at = f"[{', '.join(map(str, self.place))}]" if self.place else ""
        return f"{self.output}{at} is {self.got}, and should be {self.wanted}"


def agrees(got: Numbers, wanted: Numbers, is_exact: bool) -> bool:
    """Same shape, and the same numbers as closely as the type allows."""
    return got.shape == wanted.shape and bool(_near(got, wanted, is_exact).all())


def first_wrong(output: str, case: Case, got: Numbers, wanted: Numbers) -> Wrong | None:
    """The first element in reading order that differs, or the shape."""
    if got.shape != wanted.shape:
        return Wrong(output, case.title, None, _size(got), _size(wanted))
    wrong = np.argwhere(~_near(got, wanted, case.is_exact))
    if not len(wrong):
        return None
    place = tuple(int(i) for i in wrong[0])
    return Wrong(output, case.title, place, *_told(float(got[place]), float(wanted[place])))


def explanation(kind: Kind, output: str, cases: list[Case], got: list[Numbers]) -> str:
    """The first known mistake that gives exactly these numbers in every case; empty where none does."""
    right = [kind.right(case)[output] for case in cases]
    for mistake in kind.mistakes[output]:
        if _explains([mistake.made(case) for case in cases], got, cases):
            return mistake.why
    return next(_general(output, cases, got, right), "")


def _explains(made: list[Numbers], got: list[Numbers], cases: list[Case]) -> bool:
    return all(
        agrees(mine, np.asarray(theirs, np.float64), case.is_exact)
        for mine, theirs, case in zip(got, made, cases, strict=True)
    )


def _general(
    output: str, cases: list[Case], got: list[Numbers], right: list[Numbers]
) -> Iterator[str]:
    """What can go wrong with any layer."""
    if any(np.isnan(one).any() for one in got):
        yield "it holds NaN: an exponential that overflows, 0/0, or the logarithm of 0"
    if all(not one.any() for one in got):
        yield f"{output} is all zeros: it was made, and never filled in"
    n = [len(next(iter(case.given.values()))) for case in cases]
    factors = {
        "the sign is wrong": [-1.0] * len(n),
        "the mean over the batch is taken; take the sum": [1 / count for count in n],
        "it is multiplied by the number of pictures": [float(count) for count in n],
        "it is twice as large as it should be": [2.0] * len(n),
        "it is half as large as it should be": [0.5] * len(n),
    }
    for why, each in factors.items():
        if _explains([f * one for f, one in zip(each, right, strict=True)], got, cases):
            yield why
    same = {one.ndim for one in right} == {right[0].ndim}
    for axes in permutations(range(right[0].ndim)) if same else ():
        if _explains([one.transpose(axes) for one in right], got, cases):
            yield f"the axes are swapped; transpose{tuple(int(i) for i in np.argsort(axes))} puts them right"
    if all(a.size == b.size for a, b in zip(got, right, strict=True)) and _explains(
        [b.reshape(a.shape) for a, b in zip(got, right, strict=True)], got, cases
    ):
        yield "the numbers are right, and the shape is not"
    if all(
        a.shape == b.shape and np.allclose(a, b, 1e-3, 1e-3)
        for a, b in zip(got, right, strict=True)
    ):
        yield "it is nearly right: was something rounded, or kept with too few bits?"


def _near(got: Numbers, wanted: Numbers, is_exact: bool) -> Numbers:
    """Element by element; NaN is never near."""
    far = 1e-7 if is_exact else 1e-4
    return np.isclose(
        got.astype(np.float64), wanted, far, far * float(np.abs(wanted).max(initial=1))
    )


def _told(got: float, wanted: float) -> tuple[str, str]:
    """Both with four digits, or with more where four do not tell them apart."""
    if np.isnan(got):
        return "NaN", number(wanted)
    if number(got) != number(wanted):
        return number(got), number(wanted)
    return f"{got:.10g}", f"{wanted:.10g}"


def _size(array: Numbers) -> str:
    return "(" + ", ".join(map(str, array.shape)) + ("," if array.ndim == 1 else "") + ")"
