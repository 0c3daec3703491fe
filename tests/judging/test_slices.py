"""Where accuracy is worse, and that chance alone is hardly ever accused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import CannotJudge
from striate.judging.intervals import wilson
from striate.judging.slices import by_fact, sliced


def test_a_dark_quarter_that_is_worse_is_marked_and_the_rest_is_not(
    rng: np.random.Generator,
) -> None:
    brightness = rng.uniform(0, 255, 800)
    dark = brightness < np.quantile(brightness, 0.25)
    correct = rng.random(800) < np.where(dark, 0.75, 0.95)
    found = sliced(correct, {"brightness": brightness, "camera": rng.choice(["a", "b"], 800)})
    marked = [one for one in found if one.is_below]
    assert [one.fact for one in marked] == ["brightness"]
    one = marked[0]
    assert one.name.startswith(f"{brightness.min():.4g} to ")
    assert one.count == 200
    assert one.accuracy.value == pytest.approx(correct[dark].mean(), abs=0.01)
    assert one.accuracy.interval_95 is not None
    assert one.accuracy.interval_95 == wilson(float(correct[dark].mean()), 200)
    assert one.accuracy.interval_95.high < correct.mean()
    assert one.to_dict()["is_below"] is True


def test_where_nothing_is_worse_one_report_in_twenty_at_most_marks_anything(
    rng: np.random.Generator,
) -> None:
    reports = 300
    marked = 0
    for _ in range(reports):
        facts = {"size": rng.normal(size=400), "class": rng.integers(0, 8, 400).astype(str)}
        marked += any(one.is_below for one in sliced(rng.random(400) < 0.93, facts))
    assert marked / reports <= 0.075  # 2 deviations above a twentieth


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0, 7.5, float("nan")]), min_size=1, max_size=120))
@settings(max_examples=80, deadline=None)
def test_numbers_are_cut_so_that_equal_ones_stay_together(values: list[float]) -> None:
    held = np.array(values)
    correct = np.arange(len(held)) % 3 != 0
    found = sliced(correct, {"size": held}, least=5)
    known = np.isfinite(held)
    assert sum(one.count for one in found) <= known.sum()
    seen: list[tuple[float, float]] = []
    for one in found:
        ends = [float(end) for end in one.name.split(" to ")]
        low, high = ends[0], ends[-1]
        rows = known & (held >= low) & (held <= high)
        assert one.count == rows.sum() >= 5
        assert one.accuracy.value == pytest.approx(correct[rows].mean())
        assert all(high < other[0] or other[1] < low for other in seen)
        seen.append((low, high))


def test_texts_are_slices_as_they_are_and_small_ones_are_left_out() -> None:
    folders = ["a"] * 30 + ["b"] * 25 + ["c"] * 19 + [""] * 26
    found = sliced(np.ones(100, bool), {"folder": folders})
    assert [(one.name, one.count) for one in found] == [("a", 30), ("b", 25)]


def test_a_fact_with_one_value_has_no_slices() -> None:
    facts: dict[str, Any] = {
        "folder": ["all"] * 50,
        "size": np.full(50, 3.0),
        "flag": np.ones(50, bool),
    }
    assert sliced(np.ones(50, bool), facts) == ()


def test_whole_numbers_and_truth_values_are_understood() -> None:
    facts = {"height": np.repeat([32, 64], 40), "grey": np.arange(80) % 2 == 0}
    names = [(one.fact, one.name) for one in sliced(np.ones(80, bool), facts)]
    assert names == [("height", "32"), ("height", "64"), ("grey", "False"), ("grey", "True")]


def test_slices_are_kept_by_their_fact() -> None:
    facts = {"grey": np.arange(80) % 2 == 0, "size": np.arange(80.0)}
    told = by_fact(sliced(np.arange(80) > 3, facts))
    assert list(told) == ["grey", "size"]
    assert {"name", "count", "accuracy", "interval_95", "p", "is_below"} <= set(told["size"][0])
    assert [one["count"] for one in told["size"]] == [20, 20, 20, 20]


def test_a_handful_of_errors_among_few_is_no_certainty(rng: np.random.Generator) -> None:
    """A normal approximation would call 3 wrong of 20 certain where 98 % are right; it is not among many."""
    correct = np.ones(1000, bool)
    correct[:3] = False
    correct[500:517] = False
    names = np.repeat([f"folder{i:02}" for i in range(50)], 20)
    first = sliced(correct, {"folder": names})[0]
    assert first.accuracy.value == 0.85
    assert not first.is_below


def test_another_number_of_values_is_refused() -> None:
    with pytest.raises(
        CannotJudge, match="the fact 'size' has values of shape \\(3,\\) for 4 pictures"
    ):
        sliced(np.ones(4, bool), {"size": [1.0, 2.0, 3.0]})
