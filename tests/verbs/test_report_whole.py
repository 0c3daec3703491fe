"""The whole page: the quick one with what the network looks at in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from striate.pages import html
from striate.seeing.figures.figure import Figure, Panel, Tile
from striate.seeing.figures.inset import Inset
from striate.verbs import report_whole
from striate.verbs.report import report
from striate.verbs.report_inside import PARTS, Inside
from striate.verbs.report_whole import whole
from striate.verbs.train_order import Working
from tests.pages import runs
from tests.pages.reading import Read
from tests.verbs.made import digits, followed, photos

PLENTY = 1e6


def test_the_page_is_one_file_with_everything_in_it(tmp_path: Path) -> None:
    events, made = followed(whole(photos().path, tmp_path / "page.html", PLENTY))
    assert {e.what for e in events if isinstance(e, Working)} == {"looking inside"}
    text = made.path.read_text(encoding="utf-8")
    found = Read(text)
    assert not found.faults
    assert '<a href="#inside">What it looks at</a>' in text
    for title in ("Filters of its first layer", "Shift test", "Its pictures on a plane"):
        assert title in found.text
    assert not found.all("script")
    assert not [held for _, held in found.tags if held.get("src", "data:")[:5] != "data:"]
    assert 'href="http' not in text
    assert not made.left_out
    assert len(text.encode()) < 3_000_000


def test_the_rest_of_the_page_is_the_quick_one(tmp_path: Path) -> None:
    _, made = followed(whole(digits().path, tmp_path / "whole.html", 1e-9))
    quick = Read(report(digits().path, tmp_path / "quick.html").read_text(encoding="utf-8")).text
    text = Read(made.path.read_text(encoding="utf-8")).text
    start = text.index("\nWhat it looks at\nLooked at")
    end = text.index("\nWhere it is worse\n", start) if "\nLabels that may" not in text[start:] else (
        text.index("\nLabels that may be wrong\n", start)
    )  # fmt: skip
    assert (text[:start] + text[end:]).replace("What it looks at\n", "") == quick
    assert text[start:end].count("left out") == len(made.left_out) == len(PARTS)


def test_without_torch_the_page_has_one_sentence_instead(tmp_path: Path, child: Callable) -> None:
    rows = [
        (f"{c}/{i}.jpg", c, s) for c in "ab" for i, s in enumerate(["train", "val", "test"] * 9)
    ]
    run = runs.make_run(tmp_path / "run", rows, "gone/for ever")
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path; from striate.verbs.report_whole import whole\n"
        f"list(whole(Path({str(run)!r})))"
    )
    done = child("-c", code)
    assert done.returncode == 0, done.stderr
    text = Read((run / "report.html").read_text(encoding="utf-8")).text
    assert 'What it looks at is left out: "torch" is needed to look into a network' in text
    assert "Class by class" in text


def test_a_page_stays_below_three_megabytes(tmp_path: Path, monkeypatch, rng) -> None:
    noise = tuple(
        Tile(str(i), "", rng.integers(0, 256, (224, 224, 3), np.uint8)) for i in range(80)
    )
    big = Inset("noise", Figure("", "", (Panel("", noise),)))

    def much(*_):
        yield Working("looking inside", 0, 1)
        return Inside((big, big._replace(title="more noise")), (), "said")

    monkeypatch.setattr(report_whole, "inside", much)
    _, made = followed(whole(digits().path, tmp_path / "page.html"))
    assert made.path.stat().st_size < 3_000_000
    monkeypatch.setattr(report_whole, "LARGEST", 300_000)
    _, made = followed(whole(digits().path, tmp_path / "small.html"))
    assert made.left_out[-1] == "more noise: left out, the page would be too large."
    assert html.escaped(made.left_out[-1]) in made.path.read_text(encoding="utf-8")
