"""The five lectures as data: whole, readable, and found by name."""

from __future__ import annotations

import re
import shlex

import pytest

from striate.errors import UsageError
from striate.lectures.told.course import LECTURES, lecture, sections
from striate.lectures.told.errata import ERRATA, erratum
from striate.lectures.told.section import Section

SECTIONS = [(told.name, section) for told in LECTURES for section in told.sections]
IDS = [f"{name} {section.title}" for name, section in SECTIONS]


def sentences(text: str) -> int:
    """How many there are: a stop before a capital letter, a digit or the end."""
    return len(re.findall(r"[.?!](?=\s+[A-Z0-9`(]|$)", text))


def test_there_are_five_lectures_in_their_order() -> None:
    assert [told.name for told in LECTURES] == ["L0", "L1", "L2", "L3", "L4"]


@pytest.mark.parametrize("section", [one for _, one in SECTIONS], ids=IDS)
def test_a_section_has_a_few_sentences_and_commands(section: Section) -> None:
    assert 1 <= sentences(section.text) <= 5
    assert section.commands
    for command in section.commands:
        words = shlex.split(command)
        assert words[0] == "striate"
        assert "-o" not in words, "a lecture writes no files"
    for key in section.errata:
        assert erratum(key)


@pytest.mark.parametrize("told", LECTURES, ids=lambda told: told.name)
def test_titles_are_told_apart(told) -> None:
    titles = [section.title.lower() for section in told.sections]
    assert len(set(titles)) == len(titles)


def test_every_erratum_is_told_in_a_section_of_its_lecture() -> None:
    for one in ERRATA:
        homes = {name for name, section in SECTIONS if one.key in section.errata}
        assert homes == set(one.lecture.split(", ")), one.key


def test_a_lecture_is_found_in_small_letters_too() -> None:
    assert lecture("l3") is LECTURES[3]


def test_a_lecture_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(UsageError, match="there is no lecture 'L7'; there are L0, L1, L2, L3, L4"):
        lecture("L7")


def test_a_section_is_found_by_its_number_and_by_a_part_of_its_title() -> None:
    told = lecture("L2")
    assert [n for n, _ in sections(told, "receptive")] == [9]
    assert [n for n, _ in sections(told, "9")] == [9]
    assert len(sections(told, None)) == len(told.sections)


def test_a_section_that_is_mistyped_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'Receptive Fields'") as refusal:
        sections(lecture("L2"), "Receptiv Feilds")
    assert "8 Ten filters" in refusal.value.hint


def test_an_empty_title_picks_nothing() -> None:
    with pytest.raises(UsageError, match="has no section ''"):
        sections(lecture("L2"), "")
