"""Two runs, picture by picture."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging.compare import Told, compare, paired, tango

Z = 1.959963984540054


def told(right: str, paths: str = "") -> Told:
    """One letter a picture: y is right, n is wrong."""
    names = list(paths or (f"{i}.jpg" for i in range(len(right))))
    return Told(names, ["cat"] * len(right), ["cat" if r == "y" else "dog" for r in right])


def test_only_pictures_that_tell_the_two_apart_are_counted() -> None:
    found = compare(told("yyyynnnny"), told("yynyyyyny"))
    assert (found.only_first, found.only_second, found.count) == (1, 3, 9)
    assert found.difference == pytest.approx(2 / 9)
    assert [found.first.value, found.second.value] == pytest.approx([5 / 9, 7 / 9])
    assert found.p == pytest.approx(2 * 5 / 16)
    assert found.p_mid == pytest.approx(2 * 5 / 16 - 4 / 16)
    assert found.to_dict()["text"].startswith("no difference is shown: on 9 pictures")


def test_a_certain_difference_names_the_better_run() -> None:
    first, second = np.zeros(200, bool), np.zeros(200, bool)
    first[:150], second[:180] = True, True
    found = paired(first, second)
    assert found.text.startswith("the second is better")
    assert "+15.00 points" in found.text
    assert paired(second, first).text.startswith("the first is better")


def test_the_order_of_the_pictures_plays_no_part_in_a_comparison() -> None:
    one = compare(told("yynny", "abcde"), told("yyyny", "abcde"))
    other = compare(told("yynny", "abcde"), told("ynyyy", "edcba"))
    assert one == other


def test_other_pictures_are_refused_with_how_many() -> None:
    with pytest.raises(
        CannotJudge, match="1 are in the first alone, 2 in the second alone, 2 in both"
    ):
        compare(told("yyy", "abc"), told("yyyy", "bcde"))


def test_other_labels_are_refused_with_how_many() -> None:
    first = told("yyy", "abc")
    second = Told(first.paths, ["cat", "dog", "dog"], first.said)
    with pytest.raises(CannotJudge, match="3 in both, of which 2 have another label"):
        compare(first, second)


def test_pictures_named_twice_and_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(CannotJudge, match="the second run names 1 pictures more than once"):
        compare(told("yy", "ab"), told("yyy", "aba"))
    with pytest.raises(CannotJudge, match="the first run has not one label and one answer"):
        compare(Told(["a"], [], []), told("y", "a"))
    with pytest.raises(CannotJudge, match="picture by picture"):
        paired(np.ones(3, bool), np.ones(2, bool))


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 60))
@settings(max_examples=150, deadline=None)
def test_the_paired_interval_holds_its_difference_and_mirrors(b: int, c: int, rest: int) -> None:
    n = b + c + rest
    if not n:
        return
    low, high = tango(b, c, n)
    assert -1 <= low <= (c - b) / n <= high <= 1
    assert low < high
    assert tango(c, b, n) == pytest.approx((-high, -low), abs=1e-9)


@given(st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=80, deadline=None)
def test_the_paired_interval_leaves_out_0_where_mcnemars_score_test_does(b: int, c: int) -> None:
    low, high = tango(b, c, 100)
    statistic = abs(b - c) / math.sqrt(b + c) if b + c else 0.0
    if abs(statistic - Z) > 1e-6:
        assert (low > 0 or high < 0) == (statistic > Z)


@pytest.mark.parametrize(("b", "c", "n"), [(3, 9, 60), (0, 4, 40), (7, 7, 30)])
def test_the_paired_interval_is_the_one_of_a_brute_search(b: int, c: int, n: int) -> None:
    """The likeliest shares for every difference, found by trying them."""
    q = np.linspace(1e-7, 1, 20_001)
    inside = []
    for at in np.linspace(-0.5, 0.7, 601):
        lost = q[(q + at > 0) & (2 * q + at < 1)]
        won = lost + at
        likely = b * np.log(lost) + c * np.log(won) + (n - b - c) * np.log(1 - lost - won)
        best = lost[likely.argmax()]
        if abs(c - b - n * at) <= Z * math.sqrt(n * (2 * best + at * (1 - at))):
            inside.append(at)
    assert tango(b, c, n) == pytest.approx((inside[0], inside[-1]), abs=0.004)


def test_equal_runs_differ_by_nothing_within_what_so_few_can_show() -> None:
    right = np.arange(200) % 3 > 0
    found = paired(right, right)
    assert (found.p, found.p_mid, found.difference) == (1, 1, 0)
    assert found.interval_95 == pytest.approx((-(Z**2) / (200 + Z**2), Z**2 / (200 + Z**2)))


def test_mcnemar_is_the_one_of_the_books(rng: np.random.Generator) -> None:
    """Fagerland et al. 2013: 1 and 7 discordant pairs of 21 have p = 0.0703 exactly and 0.0391 by mid-p."""
    first, second = np.zeros(21, bool), np.zeros(21, bool)
    first[:1], second[1:8] = True, True
    found = paired(first, second)
    assert (round(found.p, 4), round(found.p_mid, 4)) == (0.0703, 0.0391)


def test_equal_runs_are_told_apart_in_one_comparison_of_twenty_at_most(
    rng: np.random.Generator,
) -> None:
    misled = 0
    for _ in range(1000):
        draw = rng.random(300)
        misled += paired((draw > 0.1), (draw < 0.85) | (draw > 0.95)).p < 0.05
    assert misled <= 65
