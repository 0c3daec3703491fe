"""`striate lecture` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from striate.cli.typed import run
from striate.lectures.told.course import LECTURES
from striate.lectures.told.errata import ERRATA

COMMANDS = sorted(
    {line for told in LECTURES for section in told.sections for line in section.commands}
    | {line for one in ERRATA for line in one.commands}
)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_every_section_runs(line: str) -> None:
    done = run(line)
    assert done.code == 0, done.err
    assert done.out.strip()


def test_the_list_of_lectures_is_as_agreed(striate: Callable, golden: Callable) -> None:
    golden("lecture_list.out", striate("lecture", "--list").out)
    assert len(json.loads(striate("lecture", "--list", "--json").out)["lectures"]) == 5


def test_a_section_prints_its_text_its_commands_and_what_is_wrong_on_the_slide(
    striate: Callable,
) -> None:
    done = striate("lecture", "L1", "--section", "Padding")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "8  Padding"
    assert "$ striate show steps --size 6 --pad 1" in lines
    assert any("−10    2    1" in line for line in lines)
    assert "  True: They begin −10 2 1 and −15 3 0." in done.out
    assert "a corner is used 4 times" in done.out


def test_a_whole_lecture_runs_and_says_the_same_twice(striate: Callable) -> None:
    first, second = striate("lecture", "l4"), striate("lecture", "L4")
    assert first.code == 0, first.err
    assert first.out == second.out
    titles = [section.title for section in LECTURES[4].sections]
    assert all(f"{n}  {title}\n" in first.out for n, title in enumerate(titles, 1))


def test_json_holds_what_each_command_printed(striate: Callable) -> None:
    done = striate("lecture", "L0", "--section", "One filter", "--json")
    held = json.loads(done.out)
    (section,) = held["sections"]
    assert held["lecture"] == "L0"
    assert section["commands"][0]["exit_code"] == 0
    assert "76" in section["commands"][0]["output"]


def test_figures_of_a_lecture_are_listed_with_their_commands(striate: Callable) -> None:
    done = striate("lecture", "L4", "--figures")
    assert done.code == 0, done.err
    assert "372 parameters against 10\n  striate show matrix -o matrix.svg\n" in done.out
    assert "striate train shapes -o convnet" in done.out
    held = json.loads(striate("lecture", "l4", "--figures", "--json").out)["figures"]
    assert {"what": "progress on ImageNet", "commands": ["striate models"]} in held


def test_titles_of_one_lecture_are_listed(striate: Callable) -> None:
    done = striate("lecture", "L3", "--list")
    assert "5  Stacking Convolutions" in done.out
    assert "L2" not in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("L9",), "no such command 'L9'"),
        (("L2", "--section", "nothing of the kind"), "L2 has no section"),
        (("L2", "--sections", "1"), "or --section?"),
    ],
)
def test_a_mistake_is_answered_in_words(striate: Callable, words, said: str) -> None:
    done = striate("lecture", *words)
    assert done.code == 2
    assert said.lower() in done.err.lower()
