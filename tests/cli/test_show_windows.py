"""`striate show field, steps, two-filters` as a user types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.lectures.reading import cells, frames_in


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_text_without_a_size_is_refused_and_taken_with_the_input_that_is_suggested(
    striate: Callable,
) -> None:
    alone = striate("show", "field", "(conv3-8)*2")
    assert alone.code == 4
    assert "`--input 3x32x32`" in alone.err
    given = striate("show", "field", "(conv3-8)*2", "--input", "3x32x32")
    written = striate("show", "field", "3x32x32: (conv3-8)*2")
    assert given.out == written.out


def test_l2_a_field_grows_to_9_pixels_in_four_frames(striate: Callable) -> None:
    done = striate("show", "field", "1x9x9: (conv3-1)*4", "-o", "a.gif", "--npz", "a.npz")
    assert done.code == 0, done.err
    assert "1 + L(3 − 1) for L layers of 3×3: 3, 5, 7, 9 …" in done.out
    assert "the first layer whose field is as large as the picture: conv4" in done.out
    assert frames_in(Path("a.gif").read_bytes()) == 4
    with np.load("a.npz") as held:
        assert [int((held[f"conv{n}"][4] > 0).sum()) for n in (1, 2, 3, 4)] == [3, 5, 7, 9]


def test_a_network_of_the_zoo_and_a_place_of_a_layer(striate: Callable) -> None:
    done = striate("show", "field", "lenet5", "--layer", "conv2", "--at", "0,0", "--json")
    last = json.loads(done.out)["layers"][-1]
    assert (last["name"], last["field"], last["box"]) == ("conv2", [14, 14], [0, 0, 14, 14])


def test_l0_to_l3_a_stride_that_does_not_fit_is_in_the_svg(striate: Callable) -> None:
    done = striate("show", "steps", "--stride", "3", "-o", "a.svg")
    assert done.code == 0, done.err
    assert "= 2.33  does not fit; floored 2×2, unseen: one row and one column" in done.out
    drawn = cells(Path("a.svg").read_text(encoding="utf-8"))
    used = drawn["how often each is used"]
    assert {place for place, count in used.items() if count == 0} == {
        place for place in np.ndindex(7, 7) if 6 in place
    }
    assert len(drawn["2×2 places"]) == 4


def test_rows_and_columns_may_differ(striate: Callable) -> None:
    done = striate("show", "steps", "--size", "5,8", "--kernel", "3,2", "--stride", "1,2", "--json")
    assert json.loads(done.out)["out"] == [3, 4]


def test_the_filter_and_place_of_two_filters_are_written_out(striate: Callable) -> None:
    done = striate("show", "two-filters", "--seed", "3", "--at", "1,2,0", "-o", "a.svg")
    assert done.code == 0, done.err
    assert "y[1, 2, 0], channels 0, 1, 2, bias:" in done.out
    held = json.loads(striate("show", "two-filters", "--seed", "3", "--json").out)
    assert held["parameters"] == 56
    drawn = cells(Path("a.svg").read_text(encoding="utf-8"))
    assert drawn["y of filter 1"][2, 0] == held["values"]["y"][1][2][0]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("field", "conv3-1"), "how large its input is"),
        (("field", "lenet55"), "did you mean `lenet5`"),
        (("field", "1x9x9: conv3-1", "--layer", "conv7"), "no layer 'conv7'"),
        (("field", "1x9x9: conv3-1", "--at", "9,9"), "conv1 has 7x7 places, and none at 9,9"),
        (("steps", "--size", "2", "--kernel", "5"), "the window is larger than the padded side"),
        (("steps", "--stride", "0"), "stride and dilation are 1 or more"),
        (("two-filters", "--at", "2,0,0"), "filters are 0 and 1, rows and columns 0 to 2"),
        (("two-filters", "--at", "1,0"), "is not three whole numbers"),
    ],
)
def test_a_mistake_is_answered_in_words_and_nothing_is_written(
    striate: Callable, typed: tuple[str, ...], words: str
) -> None:
    done = striate("show", *typed, "-o", "a.svg")
    assert done.code in (2, 3, 4)
    assert words in done.err
    assert not list(Path().iterdir())
