"""What others wrote is taken as what it should be, or as nothing."""

from __future__ import annotations

import pytest

from striate.pages.report_values import interval, matrix, number, table, tables, text, whole

ODD: tuple[object, ...] = (
    None, True, "1", [], {}, float("nan"), float("inf"), -float("inf"), 10**400, [1, 2, 3], b"x",
)  # fmt: skip


def test_numbers_are_finite_and_no_truths() -> None:
    assert [one for one in ODD if number(one) is not None] == []
    assert number(3) == 3.0
    assert whole(3) == 3
    assert whole(3.0) is None
    assert whole(True) is None


def test_intervals_have_two_ends_in_order() -> None:
    assert [one for one in ODD if interval(one) is not None] == []
    assert interval([0.2, 0.4]) == (0.2, 0.4)
    assert interval([0.4, 0.2]) is None
    assert interval([None, 0.2]) is None


@pytest.mark.parametrize(
    "odd", [[[1, 2], [3]], [[1, -2], [3, 4]], [[1, 2.5], [3, 4]], [[1, 2]], "ab"]
)
def test_a_matrix_is_a_square_of_counts(odd: object) -> None:
    assert matrix(odd, 2) is None
    assert matrix([[1, 2], [3, 4]], 2) == [[1, 2], [3, 4]]


def test_tables_and_texts_are_empty_where_there_are_none() -> None:
    assert table([1]) == {}
    assert tables([1, {"a": 1}, None]) == [{"a": 1}]
    assert tables({"a": {}}) == []
    assert text(3) == ""
