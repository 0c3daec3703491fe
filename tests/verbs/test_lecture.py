"""A lecture is told with whoever runs its commands."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from striate.errors import UsageError
from striate.verbs.lecture import content, listed, tell


class Ran(NamedTuple):
    """A command that only says its own words."""

    command: str
    code: int = 0
    out: str = "said"
    err: str = ""


def test_commands_are_run_only_when_their_answer_is_asked_for() -> None:
    met: list[str] = []

    def run(command: str) -> Ran:
        met.append(command)
        return Ran(command)

    told = next(tell("L1", "slides", run))
    assert not met
    assert [one.command for one in told.answers] == met == list(told.section.commands)


def test_a_section_as_data_holds_commands_answers_and_errata() -> None:
    (told,) = tell("L1", "Padding", Ran)
    held = content(told)
    assert held["number"] == 8
    assert {one["output"] for one in held["commands"]} == {"said"}
    assert "4 times" in held["errata"][1]["true"]


def test_the_list_holds_every_section() -> None:
    assert [one["name"] for one in listed()] == ["L0", "L1", "L2", "L3", "L4"]
    assert all(len(one["sections"]) >= 9 for one in listed())


def test_a_lecture_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="no lecture 'L9'"):
        next(tell("L9", None, Ran))
