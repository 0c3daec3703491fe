"""`striate see` as a user types it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.verbs.made import digits, photographs, photos


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_page_is_written_and_its_place_told(striate: Callable, tmp_path: Path) -> None:
    picture = str(photographs() / "dog" / "003.jpg")
    done = striate(
        "see",
        str(photos().path),
        "why",
        picture,
        "--method",
        "cam",
        "--npz",
        "w.npz",
        "--checks",
        "0",
    )
    assert (done.code, done.out) == (0, "written: see-why.html\nwritten: w.npz\n"), done.err
    text = (tmp_path / "see-why.html").read_text(encoding="utf-8")
    assert "dog/003.jpg" in text
    assert (tmp_path / "w.npz").exists()


def test_json_holds_the_numbers(striate: Callable) -> None:
    done = striate("see", str(digits().path), "filters", "-o", "f.png", "--json")
    found = json.loads(done.out)
    assert found["written"] == "f.png"
    assert found["shape"] == [4, 1, 3, 3]


@pytest.mark.parametrize(
    ("args", "code", "text"),
    [
        (("why", "nowhere.jpg"), 3, "nowhere.jpg is not there"),
        (("why",), 3, "no pictures are named"),
        (("why", "x.jpg", "--method", "magic"), 2, "no method 'magic'"),
        (("maps", "--at", "3"), 2, "no place"),
        (("filters", "-o", "f.txt"), 2, "neither in .html nor in .png"),
        (("filters", "--layer", "cnv1"), 4, "no layer 'cnv1'"),
        (("templates",), 4, "convolution stands before"),
    ],
)
def test_faults_say_what_and_end_with_their_code(
    striate: Callable, args: tuple[str, ...], code: int, text: str
) -> None:
    done = striate("see", str(digits().path), *args)
    assert done.code == code, done.err
    assert text in done.err
