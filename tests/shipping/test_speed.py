"""Measuring: made pictures, and times that are counted rightly."""

from __future__ import annotations

import time

from striate.pictures.files import decode
from striate.shipping.speed import latency, photographs


def test_made_photographs_are_the_same_in_every_call() -> None:
    first = photographs(3)
    assert first == photographs(3)
    assert len(set(first)) == 3
    assert decode(first[0]).shape == (375, 500, 3)


def test_latency_counts_every_call_but_the_first_two() -> None:
    calls: list[int] = []

    def call() -> None:
        calls.append(0)
        time.sleep(0.001)

    found = latency(call, 0.05)
    assert found.calls == len(calls) - 2
    assert 1 <= found.best_ms <= found.p50_ms <= found.p99_ms


def test_a_slow_call_is_made_a_few_times_all_the_same() -> None:
    assert latency(lambda: time.sleep(0.002), 0.0).calls == 5
