"""A long call becomes a generator: reports come while it works, faults come out, and it ends when nobody
waits.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from striate.verbs.following import following
from striate.verbs.train_order import Working
from tests.verbs import made

Show = Callable[[int, int], None]


def test_reports_come_while_it_works_and_the_result_at_the_end() -> None:
    seen = threading.Event()

    def do(show: Show) -> str:
        show(1, 2)
        assert seen.wait(20)  # the first report was handed on before the second is made
        show(2, 2)
        return "done"

    steps = following("counting", do)
    assert next(steps) == Working("counting", 1, 2)
    seen.set()
    events, result = made.followed(steps)
    assert events == [Working("counting", 2, 2)]
    assert result == "done"


def test_a_fault_comes_out_as_it_was() -> None:
    def do(show: Show) -> None:
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        made.followed(following("failing", do))


def test_a_slow_reader_gets_the_newest_report() -> None:
    def do(show: Show) -> None:
        for i in range(1000):
            show(i, 1000)

    steps = following("racing", do)
    first = next(steps)
    time.sleep(0.2)
    events = [first, *steps]
    assert events[-1].done == 999
    assert len(events) < 1000


def test_it_ends_at_its_next_report_when_nobody_waits_any_more() -> None:
    ended = threading.Event()

    def do(show: Show) -> None:
        try:
            for i in range(10_000):
                show(i, 10_000)
                time.sleep(0.001)
        finally:
            ended.set()

    steps = following("left", do)
    next(steps)
    steps.close()
    assert ended.is_set()
