"""p-values written by hand, against SciPy and against counting."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.judging.significance import as_few, chi_square, coin, holm, kolmogorov_smirnov

NO_SCIPY = "SciPy is not installed: it is the oracle here"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holms_correction_is_the_largest_of_its_steps(p: list[float]) -> None:
    found = holm(p)
    ranked = sorted(p)
    for value, corrected in zip(p, found, strict=True):
        place = max(i for i, other in enumerate(ranked) if other <= value)
        wanted = max(min(1.0, (len(p) - i) * ranked[i]) for i in range(place + 1))
        assert corrected >= value
        assert corrected == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("right", "drawn", "all_right", "total"), [(1, 3, 5, 9), (0, 2, 3, 8), (2, 4, 4, 7)]
)
def test_a_blind_draw_is_counted_hand_by_hand(
    right: int, drawn: int, all_right: int, total: int
) -> None:
    hands = list(itertools.combinations(range(total), drawn))
    few = sum(sum(card < all_right for card in hand) <= right for hand in hands)
    assert as_few(right, drawn, all_right, total) == pytest.approx(few / len(hands))


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_a_blind_draw_is_scipys(data: st.DataObject) -> None:
    stats = pytest.importorskip("scipy.stats", reason=NO_SCIPY)
    total = data.draw(st.integers(1, 3000))
    all_right, drawn = data.draw(st.integers(0, total)), data.draw(st.integers(1, total))
    right = data.draw(st.integers(max(0, drawn - total + all_right), min(drawn, all_right)))
    wanted = stats.hypergeom.cdf(right, total, all_right, drawn)
    assert as_few(right, drawn, all_right, total) == pytest.approx(wanted, rel=1e-6, abs=1e-12)


@given(st.integers(0, 300), st.integers(0, 300))
@settings(max_examples=80, deadline=None)
def test_a_fair_coin_is_scipys(heads: int, tails: int) -> None:
    stats = pytest.importorskip("scipy.stats", reason=NO_SCIPY)
    exact, mid = coin(heads, tails)
    if heads + tails:
        assert exact == pytest.approx(stats.binomtest(heads, heads + tails).pvalue, rel=1e-9)
        least = min(heads, tails)
        of = stats.binom(heads + tails, 0.5)
        assert mid == pytest.approx(min(1.0, 2 * of.cdf(least) - of.pmf(least)), rel=1e-9)
    else:
        assert (exact, mid) == (1, 1)


@pytest.mark.parametrize("freedom", [1, 2, 3, 9, 40, 999])
@pytest.mark.parametrize("ratio", [1e-9, 0.2, 0.9, 1.0, 1.1, 1.5, 4.0])
def test_the_chi_square_tail_is_scipys(freedom: int, ratio: float) -> None:
    stats = pytest.importorskip("scipy.stats", reason=NO_SCIPY)
    wanted = stats.chi2.sf(ratio * freedom, freedom)
    assert chi_square(ratio * freedom, freedom) == pytest.approx(wanted, rel=1e-9, abs=1e-300)


def test_the_chi_square_tail_of_two_degrees_is_an_exponential() -> None:
    assert chi_square(7.0, 2) == pytest.approx(math.exp(-3.5))
    assert chi_square(0.0, 5) == 1


@pytest.mark.parametrize(("m", "n"), [(1, 1), (3, 4), (4, 4), (2, 6)])
def test_small_two_sample_tests_are_counted_order_by_order(
    m: int, n: int, rng: np.random.Generator
) -> None:
    values = rng.normal(size=m + n)
    distance, p = kolmogorov_smirnov(values[:m], values[m:])
    reached = []
    for places in itertools.combinations(range(m + n), m):
        mine = np.isin(np.arange(m + n), places)
        gap = np.abs(np.cumsum(mine) / m - np.cumsum(~mine) / n).max()
        reached.append(gap >= distance - 1e-12)
    assert p == pytest.approx(np.mean(reached))


@pytest.mark.parametrize(("m", "n"), [(10, 13), (40, 40), (25, 400), (90, 110)])
def test_two_samples_that_are_not_large_are_scipys_exact_test(
    m: int, n: int, rng: np.random.Generator
) -> None:
    stats = pytest.importorskip("scipy.stats", reason=NO_SCIPY)
    one, other = rng.normal(size=m), rng.normal(size=n) + 0.3
    wanted = stats.ks_2samp(one, other, method="exact")
    found = kolmogorov_smirnov(one, other)
    assert found == pytest.approx((wanted.statistic, wanted.pvalue), abs=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.02, 0.05, 0.2])
def test_two_large_samples_are_near_scipys(shift: float, rng: np.random.Generator) -> None:
    stats = pytest.importorskip("scipy.stats", reason=NO_SCIPY)
    one, other = rng.normal(size=2000), rng.normal(size=5000) + shift
    wanted = stats.ks_2samp(one, other, method="asymp")
    found = kolmogorov_smirnov(one, other)
    assert found[0] == pytest.approx(wanted.statistic)
    assert found[1] == pytest.approx(wanted.pvalue, abs=0.02)


def test_equal_samples_are_no_distance_apart() -> None:
    values = np.array([1.0, 1.0, 2.0, 5.0])
    assert kolmogorov_smirnov(values, values) == (0, 1)
    assert kolmogorov_smirnov(np.tile(values, 500), np.append(np.tile(values, 500), 1.0))[1] == 1


def test_equal_values_make_the_test_careful_and_never_rash(rng: np.random.Generator) -> None:
    p = [
        kolmogorov_smirnov(
            rng.integers(0, 3, 60).astype(float), rng.integers(0, 3, 80).astype(float)
        )[1]
        for _ in range(300)
    ]
    assert np.mean(np.array(p) < 0.05) <= 0.05
