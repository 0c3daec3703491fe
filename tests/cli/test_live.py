"""What a training looks like: one line in a terminal, plain lines elsewhere. The clock is set by hand."""

from __future__ import annotations

import re
import sys
from collections.abc import Generator, Iterable

import pytest

from striate.cli import output
from striate.cli.live import Live, sparkline
from striate.errors import CannotTrain
from striate.verbs.train_order import Event, Looked, Said, Stepped, Working


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.time = 50.0

    def __call__(self) -> float:
        return self.time


def story(events: Iterable[Event], clock: Clock | None = None) -> Generator[Event, None, str]:
    for event in events:
        if clock is not None and isinstance(event, Stepped):
            clock.time += 4
        yield event
    return "done"


def steps(count: int, total: int = 100) -> list[Event]:
    return [Stepped(i, total, 0, 1.5, 0.25, 64) for i in range(1, count + 1)]


LOOK = Looked(
    {"step": 7, "epoch": 0, "train_accuracy": 0.5, "val_loss": 1.25, "val_accuracy": 0.75}
)


def test_elsewhere_a_line_comes_every_few_seconds_and_at_every_look(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    live = Live(now=clock)
    assert live.follow(story([*steps(7), LOOK], clock)) == "done"
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "step 4/100  loss 1.500  accuracy 25.0%  16 pictures/s  6:24 left",
        "step 7/100  loss 1.500  accuracy 25.0%  16 pictures/s  6:12 left",
        "step 7  train 50.0%  val 75.0%  val loss 1.250",
    ]
    assert live.curve == [0.75]


def test_warnings_are_labelled_and_quiet_keeps_them_alone(
    capsys: pytest.CaptureFixture[str],
) -> None:
    events = [
        Said("a note"), *steps(3), Working("reading", 1, 2), LOOK, Said("look here", "warning"),
    ]  # fmt: skip
    Live().follow(story(events))
    assert capsys.readouterr().err.splitlines()[-1] == "warning: look here"
    Live(quiet=True).follow(story(events))
    assert capsys.readouterr() == ("", "warning: look here\n")


def in_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(output, "terminal_width", lambda: columns)


@pytest.mark.parametrize("columns", [30, 60, 200])
def test_in_a_terminal_one_line_is_redrawn_and_never_wider(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    in_terminal(monkeypatch, columns)
    clock = Clock()
    Live(now=clock).follow(story([*steps(9), LOOK, *steps(3)], clock))
    err = capsys.readouterr().err
    assert "\n" not in err
    drawn = [part for part in err.split("\r") if part.strip()]
    assert len(drawn) >= 9
    assert all(len(part.rstrip()) < columns for part in drawn)
    assert err.endswith("\r")
    if columns == 200:
        assert drawn[-1].rstrip().endswith("val 75.0%")


def test_what_is_drawn_is_wiped_before_a_sentence_or_a_fault(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_terminal(monkeypatch, 100)

    def failing() -> Generator[Event, None, str]:
        clock.time += 1
        yield Working("reading", 1, 2)
        yield Said("halfway")
        for event in steps(4):
            clock.time += 4
            yield event
        raise CannotTrain("no more")

    clock = Clock()
    with pytest.raises(CannotTrain):
        Live(now=clock).follow(failing())
    err = capsys.readouterr().err
    said = err.index("halfway")
    assert re.search(r"\r +\r$", err[:said])
    assert re.search(r"\r +\r$", err)


def test_bars_go_from_the_least_to_the_most() -> None:
    assert sparkline([0.0, 0.5, 1.0]) == "▁▄█"
    assert sparkline([3.0, 3.0]) == "▁▁"
    assert sparkline([]) == ""
    assert len(sparkline([0.1] * 40)) == 40
