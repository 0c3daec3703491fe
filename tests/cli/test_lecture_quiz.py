"""`striate lecture quiz` as a student types it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest

from striate.lectures.quiz import questions


def test_without_a_terminal_the_questions_are_printed_without_answers(striate: Callable) -> None:
    done = striate("lecture", "quiz", "sizes", "--count", "3")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        f" {n}  {one.text}" for n, one in enumerate(questions("sizes", 1, 3), 1)
    ]


@pytest.mark.parametrize("kind", ["sizes", "parameters", "fields"])
def test_answers_are_as_agreed(striate: Callable, golden: Callable, kind: str) -> None:
    golden(f"quiz_{kind}.out", striate("lecture", "quiz", kind, "--answers").out)


def test_answers_are_checked_and_counted(
    striate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = questions("parameters", 4, 2)
    said = f"{int(first.answer):,}\n7\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(said))
    done = striate("lecture", "quiz", "parameters", "--seed", "4", "--count", "2", "--ask")
    assert done.code == 0, done.err
    assert "    right\n" in done.out
    assert f"{second.answer}: {second.why}" in done.out
    assert second.command in done.out
    assert done.out.endswith("1 of 2 right\n")


def test_the_end_of_the_input_ends_the_quiz(
    striate: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    done = striate("lecture", "quiz", "fields", "--ask")
    assert done.out.endswith("0 of 0 right, 10 asked for\n")


def test_json_holds_answers_only_when_asked(striate: Callable) -> None:
    held = json.loads(striate("lecture", "quiz", "sizes", "--json").out)
    assert len(held["questions"]) == 10
    assert set(held["questions"][0]) == {"text"}
    held = json.loads(striate("lecture", "quiz", "sizes", "--json", "--answers").out)
    assert set(held["questions"][0]) == {"text", "answer", "why", "command"}


def test_another_kind_is_refused_with_those_there_are(striate: Callable) -> None:
    done = striate("lecture", "quiz", "colours")
    assert done.code == 2
    assert "'sizes', 'parameters', 'fields'" in done.err
