"""How far a long work is, on stderr: a bar in a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import final

import click

from striate.cli import output

_BAR = 28
_REDRAWN_S, _LINE_S = 0.1, 5.0


@final
class Progress:
    """Use as a context; `show` may be called as often as one likes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._begun, self._last = now, now(), 0.0
        self._what, self._drawn = "", 0
        self._is_terminal = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self.clear()

    def show(self, what: str, done: int, total: int | None) -> None:
        """`done` of `total`, None where nobody knows; a new `what` is shown at once in a terminal."""
        now = self._now()
        if what != self._what:
            self._what, self._begun = what, now
            self._last = 0.0 if self._is_terminal else now
        if now - self._last < (_REDRAWN_S if self._is_terminal else _LINE_S):
            return
        self._last = now
        if total is None:
            text = f"{what}: {done:,}{self._rate(done, now)}"
        else:
            text = f"{what}: {done:,} of {total:,}{self._left(done, total, now)}"
        if not self._is_terminal:
            output.note(text)
            return
        line = text
        if total is not None:
            filled = round(_BAR * done / max(total, 1))
            line = f"{'█' * filled}{'░' * (_BAR - filled)} {text}"
        width = max(10, (output.terminal_width() or 80) - 1)
        line = line[:width]
        click.echo("\r" + line + " " * max(0, self._drawn - len(line)), nl=False, err=True)
        self._drawn = len(line)

    def _rate(self, done: int, now: float) -> str:
        """How fast it goes, where the end is not known."""
        spent = now - self._begun
        return f", {done / spent:,.0f}/s" if spent >= 2 else ""

    def _left(self, done: int, total: int, now: float) -> str:
        """The time that is left, where it can be guessed."""
        spent = now - self._begun
        if spent < 2 or not 0 < done < total:
            return ""
        seconds = round(spent * (total - done) / done)
        return (
            f", {seconds // 60} min {seconds % 60} s left"
            if seconds >= 60
            else f", {seconds} s left"
        )

    def clear(self) -> None:
        """Wipe what is drawn, before something else is written."""
        if self._drawn:
            click.echo("\r" + " " * self._drawn + "\r", nl=False, err=True)
            self._drawn = 0
