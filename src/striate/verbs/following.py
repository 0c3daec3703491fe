"""A long call that reports through a function, as a generator that yields how far it is."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

from striate.verbs.train_order import Working

_Done = TypeVar("_Done")
_PATIENCE_S = 0.5


class _Unwanted(BaseException):
    """The caller went away: raised inside of the long call, where it reports."""


def following(
    what: str, do: Callable[[Callable[[int, int], None]], _Done]
) -> Generator[Working, None, _Done]:
    """Yield each report of `do(show)` while it works in a thread; give what it returns, raise what it raises.

    Where the generator is closed or the wait interrupted, `do` is ended at its next report.
    """
    told: queue.SimpleQueue[tuple[int, int] | None] = queue.SimpleQueue()
    gone = threading.Event()
    result: list[_Done] = []
    faults: list[BaseException] = []

    def show(done: int, total: int) -> None:
        if gone.is_set():
            raise _Unwanted
        told.put((done, total))

    def work() -> None:
        try:
            result.append(do(show))
        except BaseException as fault:  # noqa: BLE001 raised again by the one who waits
            faults.append(fault)
        finally:
            told.put(None)

    worker = threading.Thread(target=work, name=f"striate-{what}", daemon=True)
    worker.start()
    try:
        while (report := _next(told)) is not None:
            yield Working(what, *report)
    finally:
        gone.set()
        worker.join()
    if faults:
        raise faults[0]
    return result[0]


def _next(told: queue.SimpleQueue[tuple[int, int] | None]) -> tuple[int, int] | None:
    """The newest report, without the ones it has overtaken. Short waits, so that signals are heard."""
    while True:
        try:
            report = told.get(timeout=_PATIENCE_S)
        except queue.Empty:
            continue
        while report is not None:
            try:
                newer = told.get_nowait()
            except queue.Empty:
                break
            if newer is None:  # the end: told after the last report
                told.put(None)
                break
            report = newer
        return report
