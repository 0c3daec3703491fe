"""All lectures, and finding one of their sections by a part of its title."""

from __future__ import annotations

import difflib

from striate.errors import UsageError
from striate.lectures.told import l0, l1, l2, l3, l4
from striate.lectures.told.section import Lecture, Section

LECTURES: tuple[Lecture, ...] = (l0.LECTURE, l1.LECTURE, l2.LECTURE, l3.LECTURE, l4.LECTURE)


def lecture(name: str) -> Lecture:
    """One lecture by its name, in capitals or not.

    >>> lecture("l2").course
    'CS231n, 2023'
    """
    for one in LECTURES:
        if one.name.lower() == name.lower():
            return one
    names = ", ".join(one.name for one in LECTURES)
    raise UsageError(
        f"there is no lecture {name!r}; there are {names}", "`striate lecture --list` lists them"
    )


def sections(told: Lecture, wanted: str | None) -> tuple[tuple[int, Section], ...]:
    """Sections with their numbers from 1 on: all, or those that a number or a part of a title picks."""
    numbered = tuple(enumerate(told.sections, 1))
    if wanted is None:
        return numbered
    sought = " ".join(wanted.lower().split())
    found = tuple(
        (number, one)
        for number, one in numbered
        if sought and (sought == str(number) or sought in one.title.lower())
    )
    if not found:
        titles = [one.title for one in told.sections]
        near = difflib.get_close_matches(wanted, titles, n=2, cutoff=0.4)
        meant = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
        raise UsageError(
            f"{told.name} has no section {wanted!r}",
            f"{meant}its sections are: " + "; ".join(f"{n} {one.title}" for n, one in numbered),
        )
    return found
