"""`striate show race, boundaries, hog, words` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from striate.pictures.files import to_png
from tests.lectures.reading import frames_in


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_race_is_drawn_a_frame_a_step(striate: Callable) -> None:
    done = striate("show", "race", "saddle", "--steps", "3", "-o", "a.gif", "--npz", "a.npz")
    assert done.code == 0, done.err
    assert frames_in(Path("a.gif").read_bytes()) == 4
    with np.load("a.npz") as held:
        assert held["Adam"].shape == (4, 2)


def test_boundaries_tell_who_is_right_and_how_long_it_took(striate: Callable) -> None:
    done = striate("show", "boundaries", "rings", "--epochs", "2", "--json", "-o", "a.png")
    assert done.code == 0, done.err
    networks = json.loads(done.out)["networks"]
    assert [one["parameters"] for one in networks] == [6, 82, 338]
    assert all(0 <= one["accuracy_unseen"] <= 1 for one in networks)
    assert "trained in" in done.err
    assert Path("a.png").read_bytes()[:4] == b"\x89PNG"


def test_l2_hog_of_a_picture_of_320_by_240_is_10800_numbers(striate: Callable) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (240, 320, 3)).astype(np.uint8)
    Path("a.png").write_bytes(to_png(pixels))
    done = striate("show", "hog", "a.png")
    assert "30 · 40 · 9 = 10,800 numbers" in done.out
    assert done.out.startswith("a.png: 240×320")


def test_words_are_counted_in_several_pictures_made_alike(striate: Callable) -> None:
    rng = np.random.default_rng(0)
    for name, shape in (("a.png", (40, 60, 3)), ("b.png", (30, 30, 3))):
        Path(name).write_bytes(to_png(rng.integers(0, 256, shape).astype(np.uint8)))
    done = striate("show", "words", "a.png", "b.png", "--words", "4", "--json")
    held = json.loads(done.out)
    assert held["names"] == ["a.png", "b.png"]
    assert held["patches_each"] == 35 * 55
    assert [sum(row) for row in held["values"]["histograms"]] == pytest.approx([1, 1])


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("race", "hill"), "'hill' is not one of"),
        (("race", "--within", "-1"), "a tolerance above 0"),
        (("boundaries", "--count", "3"), "3 is not in the range"),
        (("hog", "x.jpg"), "is neither numbers nor a file"),
        (("hog", "1 2/3 4"), "does not fit"),
        (("hog", "--at", "99,0"), "there are 30×40 cells, and none at 99,0"),
        (("words", "0 300"), "pixels are 0 to 255"),
        (("words", "0 1/2 3"), "does not fit"),
    ],
)
def test_a_mistake_is_answered_in_words_and_nothing_is_written(
    striate: Callable, typed: tuple[str, ...], words: str
) -> None:
    done = striate("show", *typed, "-o", "a.svg")
    assert done.code in (2, 3, 4)
    assert words in done.err
    assert not list(Path().iterdir())
