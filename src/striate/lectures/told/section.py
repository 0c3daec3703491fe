"""What a lecture is made of."""

from __future__ import annotations

from typing import NamedTuple


class Section(NamedTuple):
    """A title, two to five sentences, the commands that show what they say, and the keys of errata."""

    title: str
    text: str
    commands: tuple[str, ...]
    errata: tuple[str, ...] = ()


class Lecture(NamedTuple):
    """name: L0 ... L4; course: whose slides they are."""

    name: str
    course: str
    about: str
    sections: tuple[Section, ...]


class Erratum(NamedTuple):
    """A mistake on the slides: what is printed, what is true, and the commands that show it."""

    key: str
    lecture: str
    title: str
    printed: str
    true: str
    commands: tuple[str, ...]
