"""Orders from a seed, shared out among ranks without a picture lost or seen twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.pictures.order import order, part, places, shard, steps


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 500), st.integers(0, 9), st.integers(0, 9))
def test_an_order_is_a_permutation_and_comes_back_the_same(count, seed, epoch) -> None:
    made = order(count, seed, epoch)
    assert sorted(made.tolist()) == list(range(count))
    assert np.array_equal(made, order(count, seed, epoch))


def test_another_epoch_or_seed_gives_an_unrelated_order() -> None:
    first = order(10_000, 0, 0)
    for other in (order(10_000, 0, 1), order(10_000, 1, 0)):
        assert (first == other).sum() < 10
        assert abs(np.corrcoef(first, other)[0, 1]) < 0.05


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 300), st.integers(1, 40), st.integers(1, 5))
def test_ranks_together_see_exactly_the_batch_of_one_process(count, batch, ranks) -> None:
    whole = order(count, 3, 1)
    for step in range(steps(count, batch, drop_last=False)):
        parts = [shard(whole, step, batch, rank, ranks) for rank in range(ranks)]
        assert np.array_equal(np.concatenate(parts), shard(whole, step, batch))
        sizes = [len(p) for p in parts]
        assert max(sizes) - min(sizes) <= 1


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 300), st.integers(1, 9))
def test_parts_for_judging_hold_every_row_once_without_padding(count, ranks) -> None:
    rows = [row for rank in range(ranks) for row in part(count, rank, ranks)]
    assert rows == list(range(count))


def test_the_last_batch_is_short_or_left_out() -> None:
    assert (steps(10, 4, drop_last=False), steps(10, 4, drop_last=True)) == (3, 2)
    assert len(places(10, 2, 4)) == 2
    assert len(places(10, 3, 4)) == 0


@pytest.mark.slow
def test_fourteen_million_rows_are_ordered_in_bounded_memory() -> None:
    made = order(14_000_000, 0, 0)
    assert made.dtype == np.int32
    assert made[:1000].mean() == pytest.approx(7_000_000, rel=0.1)
