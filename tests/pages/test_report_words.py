"""Numbers in words."""

from __future__ import annotations

import pytest

from striate.pages.report_words import (  # fmt: skip
    between,
    counted,
    data_size,
    decimal,
    duration,
    listed,
    moment,
    percent,
)


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        (0.964, "96.4%"),
        (1, "100%"),
        (0.0, "0%"),
        (0.9996, "99.96%"),
        (0.99996, "99.996%"),
        (0.0004, "0.04%"),
        (1 - 1e-9, ">99.99999%"),
        (1e-12, "<0.00001%"),
        (None, "–"),
    ],
)
def test_a_percentage_says_all_or_nothing_only_where_that_is_true(
    share: float | None, wanted: str
) -> None:
    assert percent(share) == wanted


def test_intervals_are_rounded_and_written_in_brackets() -> None:
    assert between((0.931, 0.98)) == "(93.1–98.0)"
    assert between((0.0, 1 - 1e-15)) == "(0–100)"
    assert between(None) == ""


def test_times_and_sizes_have_the_unit_that_fits() -> None:
    assert [duration(s) for s in (0.25, 59.9, 59.96, 3599.4, 3599.6, 86_400, None)] == [
        "0.25 s", "59.9 s", "1 min 0 s", "59 min 59 s", "1 h 0 min", "24 h 0 min", "–",
    ]  # fmt: skip
    assert [data_size(n) for n in (12, 8_000_000_000)] == ["12 B", "8.0 GB"]
    assert moment("2026-11-20T09:30:12+00:00") == "2026-11-20 09:30 UTC"
    assert moment("2026-11-20T09:30:12+02:00") == "2026-11-20 07:30 UTC"
    assert moment("yesterday") == "yesterday"


def test_counts_and_lists_are_grammatical() -> None:
    assert counted(1, "class", "classes") == "1 class"
    assert counted(1000, "class", "classes") == "1,000 classes"
    assert [listed("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert decimal(1234.5678, 1) == "1,234.6"
