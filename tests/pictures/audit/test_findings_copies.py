"""What is said of copies: two labels are an error, two splits a warning."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.pictures.audit.findings_copies import conflicts
from striate.pictures.files import to_jpeg
from tests.pictures.audit.test_findings import audited, codes
from tests.pictures.photographs import folder, photograph


def test_one_picture_under_two_labels_is_an_error(tmp_path: Path, rng: np.random.Generator) -> None:
    one = photograph(rng)
    found = audited(
        folder(
            tmp_path, {"a/1.png": one, "a/2.png": one, "b/3.png": one, "b/4.png": photograph(rng)}
        )
    )
    said = codes(found)["label-conflict"]
    assert (said.severity, found.is_wrong) == ("error", True)
    assert said.text == "1 picture under two labels: a/1.png (a) = b/3.png (b) = a/2.png (a)"
    (conflict,) = conflicts(found.dataset, found.copies)
    assert (conflict.labels, conflict.is_exact) == (("a", "b", "a"), True)


def test_near_copies_under_two_labels_are_a_warning(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one = photograph(rng)
    found = audited(folder(tmp_path, {"a/1.png": one, "b/2.jpg": to_jpeg(one[:, ::-1], 60)}))
    assert codes(found)["near-copies-two-labels"].severity == "warning"
    assert "label-conflict" not in codes(found)
    assert "1 pair of near-copies" in codes(found)["near-copies"].text


def test_copies_across_given_splits_are_a_warning_and_never_an_error(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one, two = photograph(rng), photograph(rng)
    files = {
        "train/a/1.png": one,
        "val/a/2.png": one,
        "train/a/3.png": two,
        "test/a/4.jpg": two[:, ::-1],
    }
    found = audited(folder(tmp_path, files, {"train": 0, "val": 1, "test": 2}))
    said = codes(found)["copies-across-splits"]
    assert said.severity == "warning"
    assert said.text.startswith("2 pictures of val and test have copies in another split")
    assert set(said.paths) == set(files)
    assert not found.is_wrong


def test_copies_within_one_split_are_not_called_across(
    tmp_path: Path, rng: np.random.Generator
) -> None:
    one = photograph(rng)
    found = audited(folder(tmp_path, {"train/a/1.png": one, "train/a/2.png": one}, {"train": 0}))
    assert "copies-across-splits" not in codes(found)
    assert codes(found)["exact-copies"].text.startswith("1 picture more than once, 1 file too many")
