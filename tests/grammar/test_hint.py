"""A hint and how it is told."""

from __future__ import annotations

import pytest

from striate.errors import UsageError
from striate.grammar.hint import HINTS, LECTURES, Hint, silenced, told


def test_every_hint_is_from_lectures_that_have_titles() -> None:
    assert set().union(*HINTS.values()) <= set(LECTURES)
    assert all(lectures for lectures in HINTS.values())


def test_a_name_that_is_no_hint_is_refused_with_the_nearest() -> None:
    assert silenced(["fc-heavy"]) == {"fc-heavy"}
    with pytest.raises(UsageError, match=r"there is no hint 'fc-heavi'.*did you mean `fc-heavy`"):
        silenced(["fc-heavi"])


def test_a_hint_that_comes_again_is_told_once_with_its_places() -> None:
    many = [Hint("late-pool", (f"a{i}", f"b{i}"), "so many", "a pool") for i in range(6)]
    lines = told(many)
    assert lines[0] == (
        "late-pool        L0, L2: so many; also at a1 … b1, a2 … b2, a3 … b3 and 2 more; try a pool"
    )
    assert lines[1].startswith(
        "lectures         L0 Image Classification with CNNs, CS231n 2024; L2"
    )
    assert told([]) == []


def test_lines_are_no_wider_than_the_terminal() -> None:
    lines = told([Hint("fc-heavy", ("fc1",), "word " * 60, "less")], 60)
    assert max(map(len, lines)) <= 60
    assert all(line.startswith(" " * 17) for line in lines[1:5])
