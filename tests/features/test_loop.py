"""One loop for all rules: what is shown, in which order, and when it ends."""

from __future__ import annotations

from itertools import count as counting

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.features.descent import Descent
from striate.features.loop import learn
from striate.features.online import Passes


@given(st.integers(1, 40), st.integers(1, 50), st.integers(1, 4))
def test_every_pass_shows_every_row_once(rows: int, batch: int, epochs: int) -> None:
    seen: list[list[int]] = [[]]
    steps = learn(
        rows,
        Passes(epochs=epochs, batch=batch),
        lambda some, _: seen[-1].extend(some.tolist()),
        lambda: seen.append([]),
    )
    assert seen.pop() == []
    assert [sorted(one) for one in seen] == [list(range(rows))] * epochs
    assert steps == epochs * -(-rows // min(batch, rows))


def test_each_pass_has_its_own_order_which_is_the_same_for_the_same_seed() -> None:
    def orders(seed: int | None) -> list[list[int]]:
        found: list[list[int]] = []
        how = Passes(epochs=2, batch=30, seed=seed)
        learn(30, how, lambda rows, _: found.append(rows.tolist()))
        return found

    first, second = orders(3)
    assert first != second
    assert orders(3) == [first, second]
    assert orders(4)[0] != first
    assert orders(None) == [list(range(30))] * 2


def test_rules_by_batches_and_row_by_row_see_the_rows_in_the_same_order() -> None:
    found: dict[str, list[int]] = {"batches": [], "rows": []}
    learn(20, Descent(0.1, batch=6, epochs=2), lambda rows, _: found["batches"].extend(rows))
    learn(20, Passes(epochs=2), lambda rows, _: found["rows"].extend(rows))
    assert found["batches"] == found["rows"]


def test_the_share_that_is_over_rises_from_0_to_just_below_1() -> None:
    parts: list[float] = []
    learn(10, Passes(epochs=2), lambda _, part: parts.append(part))
    assert parts == pytest.approx(np.arange(20) / 20)


def test_time_ends_it_within_a_pass_and_the_broken_pass_counts_as_one() -> None:
    clock, parts, passes = counting(), [], []
    done = learn(
        10,
        Passes(epochs=10**9, seconds=4),
        lambda _, part: parts.append(part),
        lambda: passes.append(len(parts)),
        lambda: float(next(clock)),
    )
    assert (done, parts, passes) == (3, [0.25, 0.5, 0.75], [3])


def test_one_step_is_done_however_short_the_time_is() -> None:
    parts: list[float] = []
    assert learn(10, Passes(seconds=1e-9), lambda _, part: parts.append(part)) == 1
    assert parts == [1.0]
