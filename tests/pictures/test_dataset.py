"""Rows as columns: what a Dataset answers without reading a pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.pictures.dataset import UNSPLIT, Dataset, Finding, Names, Picture
from striate.pictures.source import Arrays

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.just("caf\udce9"))


def four() -> Dataset:
    """Four pictures of two classes in arrays."""
    pictures = np.arange(4, dtype=np.uint8).reshape(4, 1, 1, 1)
    return Dataset(
        "four", Arrays(pictures, "arrays"), Names(["a", "b", "c", "d"]), ("x", "y"),
        np.array([0, 1, 1, 0], np.int32), np.array([0, 0, 1, UNSPLIT], np.int8),
        groups=Names(["g", "", "h", "h"]), weights=np.array([1, 2, 3, 4], np.float32),
    )  # fmt: skip


@given(TEXTS)
def test_a_column_of_names_is_a_sequence_of_texts(texts: list[str]) -> None:
    names = Names(texts)
    assert list(names) == texts
    assert len(names) == len(texts)
    assert names[1:3] == texts[1:3]
    assert list(names.take(np.arange(len(texts))[::-1])) == texts[::-1]
    assert list(Names.packed(names._bytes, names._ends)) == texts
    if texts:
        assert names[-1] == texts[-1]


@pytest.mark.parametrize("place", [2, -3])
def test_a_place_outside_a_column_is_an_index_error(place: int) -> None:
    with pytest.raises(IndexError):
        Names(["a", "b"])[place]


def test_a_row_holds_everything_by_name() -> None:
    assert list(four())[2] == Picture("c", "y", "val", "h", 3.0)
    assert four()[3].split == ""


def test_counts_are_by_class_and_split() -> None:
    data = four()
    assert (data.splits, data.counts) == ({"train": 2, "val": 1}, {"x": 2, "y": 2})
    assert data.counts_in("val") == {"x": 0, "y": 1}
    assert data.places("train").tolist() == [0, 1]


def test_chosen_rows_keep_their_pictures_and_classes() -> None:
    some = four().only(np.array([3, 1])).only(np.array([1]))
    assert list(some) == [Picture("b", "y", "train", "", 2.0)]
    assert some.classes == ("x", "y")
    assert int(some.pixels(0)[0, 0, 0]) == 1
    assert some.data(0).startswith(b"\x89PNG")


def test_a_new_split_and_more_findings_leave_the_rest() -> None:
    data = four()
    other = data.with_split(np.zeros(4, np.int8), ("train",)).with_findings(
        Finding("a", "note", "b")
    )
    assert (other.splits, other.made_here, len(other.findings)) == ({"train": 4}, ("train",), 1)
    assert (data.splits, data.made_here, data.findings) == ({"train": 2, "val": 1}, (), ())


def test_the_fingerprint_follows_paths_labels_and_splits() -> None:
    data = four()
    assert data.fingerprint == four().fingerprint
    assert data.fingerprint != data.with_split(np.zeros(4, np.int8)).fingerprint
    assert data.fingerprint != data.only(np.array([0, 1, 2])).fingerprint
