"""Signals that ask a training to end: the first is answered after the step, the second at once.

Between steps and while pictures are prepared there is nothing to lose, so there the first one ends the
program too, as an exception. Handlers are put back when the block ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import final

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Somebody asked the program to end; `number` is the signal. No `Exception`, so that nothing that
    handles faults takes it for one.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

    @property
    def exit_code(self) -> int:
        """As shells count."""
        return 128 + self.number


@final
class Stopping:
    """Call it to ask whether to stop. Without `listening` it never says so."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self._gracefully = False

    def __call__(self) -> bool:
        """Whether somebody asked."""
        return self.asked is not None

    @contextlib.contextmanager
    def gracefully(self) -> Iterator[None]:
        """In this block a signal is only noted, and whoever works in it asks now and then."""
        self._gracefully = True
        try:
            yield
        finally:
            self._gracefully = False
        if self.asked is not None:
            raise Stopped(self.asked)

    @contextlib.contextmanager
    def listening(self) -> Iterator[Stopping]:
        """Take the signals; only the main thread can, elsewhere nothing happens. A fault after a signal
        counts as the signal: C code that is interrupted, such as an import, makes a fault of its own of it.
        """
        if threading.current_thread() is not threading.main_thread():
            yield self
            return
        before = {one: signal.getsignal(one) for one in SIGNALS}
        try:
            for one in SIGNALS:
                signal.signal(one, self._heard)
            yield self
        except Exception as fault:
            if self.asked is None:
                raise
            raise Stopped(self.asked) from fault
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def _heard(self, number: int, _: FrameType | None) -> None:
        if self.asked is not None:
            os._exit(128 + number)
        self.asked = number
        if not self._gracefully:
            raise Stopped(number)
