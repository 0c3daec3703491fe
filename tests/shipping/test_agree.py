"""When two forms of a network are one function."""

from __future__ import annotations

import numpy as np
import pytest

from striate.errors import Disagrees
from striate.shipping.agree import compared, made_pictures, must_agree


def test_equal_answers_agree() -> None:
    rows = np.array([[0.2, 0.8], [0.6, 0.4]])
    found = compared(rows, rows)
    assert (found.largest, found.other_first, found.is_kept) == (0, 0, True)
    must_agree(found, "it")


def test_a_difference_of_more_than_a_hundred_thousandth_does_not() -> None:
    rows = np.array([[0.2, 0.8]])
    assert compared(rows, rows + np.array([9e-6, -9e-6])).is_kept
    found = compared(rows, rows + np.array([1.1e-5, -1.1e-5]))
    assert not found.is_kept
    with pytest.raises(Disagrees, match=r"1\.1e-05 on 1 pictures"):
        must_agree(found, "it")


def test_another_first_class_counts_only_where_it_was_clear() -> None:
    tie = np.array([[0.500005, 0.499995]])
    assert compared(tie, tie[:, ::-1]).other_first == 0
    clear = np.array([[0.50002, 0.49998]])
    assert compared(clear, clear[:, ::-1], most=1).other_first == 1


def test_no_number_never_agrees() -> None:
    rows = np.array([[np.nan, 0.5]])
    assert not compared(rows, rows).is_kept


def test_another_number_of_classes_is_told() -> None:
    with pytest.raises(Disagrees, match="2 probabilities and the other 3"):
        compared(np.zeros((1, 2)), np.zeros((1, 3)))


def test_made_pictures_are_the_same_each_time_and_of_all_lights() -> None:
    first = made_pictures((8, 9, 3), 40)
    assert np.array_equal(first, made_pictures((8, 9, 3), 40))
    assert first.shape == (40, 8, 9, 3)
    assert first.min() < 5
    assert first.max() > 250
    assert any((one == one[0, 0]).all() for one in first)
