"""What a training looks like while it runs: one live line in a terminal, plain lines elsewhere, and the
curve of accuracy at the end.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, TypeVar, final

import click

from striate.cli import output
from striate.cli.progress import Progress

if TYPE_CHECKING:
    from striate.verbs.train_order import Event, Looked, Stepped

_Done = TypeVar("_Done")
_COLOURS = {"note": "dim", "warning": "yellow", "error": "red"}
_BARS = " ▁▂▃▄▅▆▇█"
_REDRAWN_S, _LINE_S = 0.1, 10.0


@final
class Live:
    """Follows the events of a training and gives what it returns."""

    def __init__(self, quiet: bool = False, now: Callable[[], float] = time.monotonic) -> None:
        self.quiet, self._now = quiet, now
        self._terminal = sys.stderr.isatty()
        self._begun = self._shown = 0.0
        self._first = self._pictures = 0
        self._look, self._drawn = "", 0
        self.curve: list[float] = []

    def follow(self, events: Generator[Event, None, _Done]) -> _Done:
        """Draw every event until the end."""
        from striate.verbs.train_order import Looked, Said, Stepped, Working

        with contextlib.ExitStack() as last:
            progress = last.enter_context(Progress())
            last.callback(self._clear)  # also before a fault is told
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    done: _Done = end.value
                    return done
                if self.quiet and not (isinstance(event, Said) and event.severity != "note"):
                    continue
                if isinstance(event, Working):
                    progress.show(event.what, event.done, event.total)
                elif isinstance(event, Said):
                    self._clear()
                    progress.clear()
                    label = "" if event.severity == "note" else f"{event.severity}:"
                    output.note(
                        f" {event.text}" if label else event.text, label, _COLOURS[event.severity]
                    )
                elif isinstance(event, Stepped):
                    self._stepped(event)
                elif isinstance(event, Looked):
                    self._looked(event)

    def _stepped(self, told: Stepped) -> None:
        now = self._now()
        if not self._begun:
            self._begun, self._first, self._shown = now, told.step, now
            return
        self._pictures += told.pictures
        if now - self._shown < (_REDRAWN_S if self._terminal else _LINE_S):
            return
        self._shown = now
        spent = max(now - self._begun, 1e-9)
        left = spent / max(1, told.step - self._first) * (told.steps - told.step)
        text = (
            f"step {told.step:,}/{told.steps:,}  loss {told.loss:.3f}  accuracy {told.accuracy:.1%}  "
            f"{self._pictures / spent:,.0f} pictures/s  {_clock(left)} left{self._look}"
        )
        if not self._terminal:
            output.note(text)
            return
        width = max(10, (output.terminal_width() or 80) - 1)
        line = text[:width]
        click.echo("\r" + line + " " * max(0, self._drawn - len(line)), nl=False, err=True)
        self._drawn = len(line)

    def _looked(self, told: Looked) -> None:
        value = told.row.get("val_accuracy")
        if value is None:
            return
        self.curve.append(float(value))
        self._look = f"  val {value:.1%}"
        if not self._terminal:
            row = told.row
            loss = row["val_loss"]
            output.note(
                f"step {row['step']:,}  train {row['train_accuracy']:.1%}  val {value:.1%}  "
                f"val loss {0.0 if loss is None else loss:.3f}"
            )

    def _clear(self) -> None:
        if self._drawn:
            click.echo("\r" + " " * self._drawn + "\r", nl=False, err=True)
            self._drawn = 0


def sparkline(values: list[float]) -> str:
    """Values as bars of one letter each, from the least to the most.

    >>> sparkline([0.0, 0.5, 1.0])
    '▁▄█'
    """
    if not values:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_BARS[1 + round((v - low) / span * 7 - 1e-9)] for v in values)


def _clock(seconds: float) -> str:
    """Seconds as 0:07, 3:20 or 1:02:03."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes}:{second:02}"
