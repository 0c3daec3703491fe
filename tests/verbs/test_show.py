"""Demonstrations are written as their names say; what is typed for them is read, or refused with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from striate.errors import FileFault, UsageError
from striate.lectures.shown import Grid, Shown, Still
from striate.pictures.files import to_png
from striate.verbs import show
from striate.verbs.show_read import LONGEST, channels, image, is_file, kernel, row, table, whole
from tests.lectures.reading import cells, frames_in

VALUES = np.array([[1.0, -2.0], [0.5, np.inf]])


def shown(frames: int = 3) -> Shown:
    """A demonstration with a few frames."""
    stills = [Still(f"step {i}", ((Grid("g", VALUES[:1] * (i + 1)),),)) for i in range(frames)]
    return Shown(
        "T", ("a line",), {"g": VALUES}, stills[-1] if stills else Still("T", ()), tuple(stills)
    )


def test_an_svg_holds_the_still(tmp_path: Path) -> None:
    told = show.write(shown(), tmp_path / "a.svg")
    assert told == {"frames": 1, "written": str(tmp_path / "a.svg")}
    assert cells((tmp_path / "a.svg").read_text())["g"] == {(0, 0): 3.0, (0, 1): -6.0}


def test_a_gif_holds_all_frames_and_the_still_where_there_are_none(tmp_path: Path) -> None:
    assert show.write(shown(3), tmp_path / "a.GIF")["frames"] == 3
    assert frames_in((tmp_path / "a.GIF").read_bytes()) == 3
    bare = Shown("T", (), {}, Still("T", ((Grid("g", VALUES[:1]),),)))
    assert show.write(bare, tmp_path / "b.gif")["frames"] == 1


def test_arrays_are_kept_as_they_are_and_without_pickle(tmp_path: Path) -> None:
    show.write(shown(), None, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz", allow_pickle=False) as held:
        np.testing.assert_array_equal(held["g"], VALUES)


def test_names_whose_endings_say_nothing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"ends neither in \.svg nor in \.png nor in \.gif"):
        show.write(shown(), tmp_path / "a.jpg")
    with pytest.raises(UsageError, match=r"does not end in \.npz"):
        show.check_names(None, tmp_path / "a.zip")


def test_json_has_the_arrays_as_lists_and_no_infinity() -> None:
    held = json.loads(json.dumps(show.content(shown(), {"frames": 1}), allow_nan=False))
    assert held["values"]["g"] == [[1, -2], [0.5, "inf"]]
    assert held["title"] == "T"


def test_many_numbers_are_told_by_their_shape_alone() -> None:
    many = Shown("T", (), {"x": np.zeros((100, 100))}, Still("T", ()))
    assert show.content(many, {})["values"] == {"x": {"shape": [100, 100]}}


def test_numbers_are_typed_with_blanks_or_commas_and_any_minus() -> None:
    assert channels("1 2,3/−4 5e-1 .5; 0 0 0/0 0 1", "--image").tolist() == [
        [[1, 2, 3], [-4, 0.5, 0.5]],
        [[0, 0, 0], [0, 0, 1]],
    ]
    assert row("1, 2", "-x").tolist() == [1, 2]
    assert kernel("1 2/3 4").shape == (1, 2, 2)
    assert kernel("box").shape == (1, 3, 3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 2/3", "all rows must be equally long, and they hold 2, 1 numbers"),
        ("1 2;3", "the channels must have one size, and they have 1×2, 1×1"),
        ("", "here are no numbers"),
        ("1 -", "'-' is no number"),
        ("1e999", "no number to reckon with"),
        ("1//2", "here are no numbers"),
    ],
)
def test_numbers_that_cannot_be_read_are_refused_with_a_reason(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        channels(text, "--image")


def test_labels_are_whole_numbers() -> None:
    assert whole(np.array([0.0, 2.0]), "--labels").tolist() == [0, 2]
    for wrong in (0.5, -1.0):
        with pytest.raises(UsageError, match="only whole numbers from 0 on"):
            whole(np.array([wrong]), "--labels")
    with pytest.raises(UsageError, match="equally long"):
        table("1/2 3", "-x")


def test_a_picture_file_is_read_as_0_to_255_in_grey_or_colour(tmp_path: Path) -> None:
    pixels = np.zeros((4, 6, 3), np.uint8)
    pixels[:, 3:, 0] = 200
    (tmp_path / "a.png").write_bytes(to_png(pixels))
    held = image(str(tmp_path / "a.png"))
    assert held.values.shape == (1, 4, 6)
    assert held.values[0, 0, 5] == round(200 * 0.299)
    assert held.note == "a.png: 4×6, grey, 0 … 255"
    assert image(str(tmp_path / "a.png"), as_grey=False).values[:, 0, 5].tolist() == [200, 0, 0]


def test_a_large_picture_is_made_smaller_and_that_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(to_png(np.zeros((300, 1024, 3), np.uint8)))
    held = image(str(tmp_path / "a.png"))
    assert held.values.shape == (1, 150, LONGEST)
    assert held.note.endswith("made smaller to 150×512")


def test_what_is_neither_numbers_nor_a_picture_is_said(tmp_path: Path) -> None:
    assert is_file("cat.jpg")
    assert not is_file("1 −2/3e4 .5;0")
    with pytest.raises(FileFault, match="'1 2 x' is neither numbers nor a file"):
        image("1 2 x")
    (tmp_path / "a.png").write_bytes(b"no picture")
    with pytest.raises(FileFault, match="cannot be read: it is no picture of a known format"):
        image(str(tmp_path / "a.png"))
