"""The words and choices that every demonstration shares."""

from __future__ import annotations

import numpy as np

from striate.lectures.shown import beside, chosen, grid_lines, number, signed


def test_a_whole_number_is_whole_and_others_have_four_digits() -> None:
    assert [number(v) for v in (4.0, 8 / 3, -0.5, 1e-7, -0.0, 3 - 1e-13, 123456.0)] == [
        "4", "2.667", "−0.5", "1e−07", "0", "3", "123456",
    ]  # fmt: skip
    assert number(float("nan")) == ""
    assert number(float("inf")) == "inf"
    assert number(-float("inf")) == "−inf"


def test_inside_a_product_a_number_below_zero_has_brackets() -> None:
    assert (signed(-2), signed(2)) == ("(−2)", "2")


def test_columns_of_numbers_are_aligned_to_the_right_and_unknown_ones_are_dots() -> None:
    lines = grid_lines(np.array([[1.0, -10.0], [np.nan, 0.0]]))
    assert lines == ["    1  −10", "    ·    0"]


def test_blocks_stand_beside_one_another_and_a_sign_in_the_middle() -> None:
    assert beside([["a", "bb", "c"], ["="], ["1", "2"]], " ") == ["a    1", "bb = 2", "c"]


def test_blocks_that_are_too_wide_for_a_terminal_stand_one_under_the_other() -> None:
    assert beside([["a" * 70, "b"], ["="], ["c" * 70]]) == ["a" * 70, "b", "=", "c" * 70]


def test_frames_are_all_steps_or_some_from_the_first_to_the_last() -> None:
    assert chosen(3) == [0, 1, 2]
    some = chosen(1000, 10)
    assert (some[0], some[-1], len(some)) == (0, 999, 10)
