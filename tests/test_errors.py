"""The three-line form, and the place of a fault in a text."""

from __future__ import annotations

import pytest

from striate.errors import FileFault, PlanError, StriateError, UnknownWord, pointed


def test_a_report_says_what_where_and_what_to_do() -> None:
    fault = FileFault("a.txt cannot be read", "check the path", where="data/a.txt")
    assert fault.report().splitlines() == [
        "error[F001]: a.txt cannot be read",
        "  where: data/a.txt",
        "  fix:   check the path",
    ]


def test_a_report_leaves_out_lines_it_has_nothing_for() -> None:
    assert StriateError("something").report() == "error[X001]: something"


def test_the_lines_of_a_long_place_stand_under_one_another() -> None:
    lines = FileFault("text", "one\ntwo", where="one\ntwo").report().splitlines()
    assert lines[1:] == ["  where: one", "         two", "  fix:   one", "         two"]


def test_as_a_string_a_fault_is_its_text_and_its_hint() -> None:
    assert str(FileFault("no file", "make one")) == "no file; make one"
    assert str(FileFault("no file")) == "no file"


def test_a_fault_in_a_plan_points_at_its_column() -> None:
    fault = UnknownWord("unknown word", position=7, source="conv3 cnv3", length=4)
    assert fault.where.splitlines() == ["column 8", "conv3 cnv3", "       ^^^^"[: 7 + 4]]


def test_a_fault_without_a_place_gets_none() -> None:
    assert PlanError("fault").where == ""
    assert PlanError("fault").located("conv3").where == ""


def test_a_fault_can_be_located_later() -> None:
    fault = PlanError("fault", position=2).located("ab?d")
    assert fault.source == "ab?d"
    assert fault.where.endswith("\n  ^")


def test_a_long_line_is_shown_as_a_window_around_the_fault() -> None:
    place, line, carets = pointed("x" * 200 + "?" + "y" * 200, 200, 1).splitlines()
    assert place == "column 201"
    assert line[0] == line[-1] == "…"
    assert line[carets.index("^")] == "?"


def test_a_fault_on_a_later_line_names_the_line() -> None:
    place, line, carets = pointed("conv3\nrelu\n cnv3", 12, 4).splitlines()
    assert place == "column 2 of line 3"
    assert line[carets.index("^") :] == "cnv3"


@pytest.mark.parametrize("position", [-5, 0, 3, 99])
def test_any_position_can_be_pointed_at(position: int) -> None:
    assert "^" in pointed("abc", position, 4)


def test_characters_that_move_the_cursor_are_not_shown() -> None:
    assert "\033" not in pointed("a\033[2Jb", 1, 1)
