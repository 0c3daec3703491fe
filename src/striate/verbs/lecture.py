"""A lecture is told: its sections one after another, their commands run by whoever is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

from striate.lectures.told.course import LECTURES, lecture, sections
from striate.lectures.told.errata import erratum
from striate.lectures.told.section import Erratum, Section


class Answer(Protocol):
    """What a command left: `cli/typed.py` gives these."""

    @property
    def command(self) -> str:
        """The line as typed."""
        ...

    @property
    def code(self) -> int:
        """Its exit code."""
        ...

    @property
    def out(self) -> str:
        """What it said on stdout."""
        ...

    @property
    def err(self) -> str:
        """What it said on stderr."""
        ...


Run = Callable[[str], Answer]


class Told(NamedTuple):
    """One section with what its commands printed."""

    number: int
    section: Section
    answers: Iterator[Answer]
    errata: tuple[Erratum, ...]


def tell(name: str, wanted: str | None, run: Run) -> Iterator[Told]:
    """Sections of one lecture; a command is run when its answer is asked for."""
    for number, section in sections(lecture(name), wanted):
        answers = (run(command) for command in section.commands)
        yield Told(number, section, answers, tuple(erratum(key) for key in section.errata))


def listed() -> list[dict[str, Any]]:
    """Every lecture with the titles of its sections."""
    return [
        {
            "name": one.name,
            "course": one.course,
            "about": one.about,
            "sections": [section.title for section in one.sections],
        }
        for one in LECTURES
    ]


def content(told: Told) -> dict[str, Any]:
    """One section for --json; runs its commands."""
    return {
        "number": told.number,
        "title": told.section.title,
        "text": told.section.text,
        "commands": [
            {"command": one.command, "exit_code": one.code, "output": one.out}
            for one in told.answers
        ],
        "errata": [{"printed": one.printed, "true": one.true} for one in told.errata],
    }
