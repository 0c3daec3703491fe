"""Progress: a bar in a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys

import pytest

from striate.cli.progress import Progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = 100.0

    def __call__(self) -> float:
        return self.time


def test_elsewhere_a_line_comes_every_few_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(clock) as progress:
        for second in range(12):
            clock.time = 100.0 + second
            progress.show("reading", second * 1000, 12_000)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == [
        "reading: 5,000 of 12,000, 7 s left",
        "reading: 10,000 of 12,000, 2 s left",
    ]


def test_a_short_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress.show("reading", 5, 5)
    assert capsys.readouterr() == ("", "")


def test_where_the_end_is_not_known_the_rate_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with Progress(clock) as progress:
        progress.show("predicting", 0, None)
        clock.time += 10
        progress.show("predicting", 5_000, None)
    assert capsys.readouterr().err == "predicting: 5,000, 500/s\n"


def test_in_a_terminal_one_line_is_drawn_and_wiped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = Clock()
    with Progress(clock) as progress:
        progress.show("reading", 1, 2)
        progress.show("reading", 2, 2)
        clock.time += 200
        progress.show("reading", 1, 3)
    err = capsys.readouterr().err
    assert "\n" not in err
    assert "█" * 14 + "░" * 14 + " reading: 1 of 2" in err
    assert "2 of 2" not in err
    assert "6 min 40 s left" in err
    assert err.endswith("\r")
