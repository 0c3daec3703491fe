"""Equal files are found by their bytes, and splits made on opening keep them on one side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.pictures import split
from striate.pictures.dataset import Dataset, Names
from striate.pictures.opening import open_as_given, open_data
from striate.pictures.same import equal_files
from striate.pictures.source import Arrays
from tests.pictures.trees import plant, two_classes


def planted(root: Path) -> Dataset:
    """Forty files, of which ten cats are the same one."""
    plant(root, *two_classes(count=20))
    for i in range(10):
        (root / "cat" / f"{i}.jpg").write_bytes(b"one and the same")
    return open_as_given(root)


def test_equal_files_have_one_number_and_all_others_none(tmp_path: Path) -> None:
    dataset = planted(tmp_path)
    found = equal_files(dataset)
    assert found is not None
    same = {dataset.paths[int(i)] for i in np.flatnonzero(found >= 0)}
    assert same == {f"cat/{i}.jpg" for i in range(10)}
    assert len(set(found[found >= 0])) == 1


def test_files_of_one_size_that_differ_are_not_equal(tmp_path: Path) -> None:
    plant(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg", "b/2.jpg")
    assert equal_files(open_as_given(tmp_path)) is None


def test_a_split_made_on_opening_keeps_equal_files_together(tmp_path: Path) -> None:
    planted(tmp_path)
    for seed in range(5):
        opened = open_data(tmp_path, seed=seed)
        assert (
            len({row.split for row in opened if row.path in {f"cat/{i}.jpg" for i in range(10)}})
            == 1
        )


def test_empty_and_missing_files_are_no_copies_of_one_another(tmp_path: Path) -> None:
    plant(tmp_path, "a/1.jpg", "a/2.jpg", "b/1.jpg")
    (tmp_path / "a/1.jpg").write_bytes(b"")
    (tmp_path / "a/2.jpg").write_bytes(b"")
    dataset = open_as_given(tmp_path)
    (tmp_path / "b/1.jpg").unlink()
    assert equal_files(dataset) is None


def test_pictures_that_are_numbers_are_compared_as_numbers(rng: np.random.Generator) -> None:
    pictures = rng.integers(0, 256, (5, 6, 6, 1), dtype=np.uint8)
    pictures[3] = pictures[1]
    dataset = Dataset(
        "made",
        Arrays(pictures, "made"),
        Names(f"a/{i}" for i in range(5)),
        ("a",),
        np.zeros(5, np.int32),
        np.full(5, -1, np.int8),
    )
    found = equal_files(dataset)
    assert found is not None
    assert found.tolist() == [-1, 1, -1, 1, -1]


def test_a_set_too_large_to_look_through_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planted(tmp_path)
    monkeypatch.setattr(split, "MOST", 39)
    assert "copies-not-looked-for" in [f.code for f in open_data(tmp_path).findings]


def test_val_taken_from_a_train_of_nothing_but_copies_says_so(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes("train/", count=6), *two_classes("test/", count=3))
    for path in (tmp_path / "train").rglob("*.jpg"):
        path.write_bytes(b"one and the same")
    opened = open_data(tmp_path)
    assert opened.splits["val"]
    assert [f.severity for f in opened.findings if f.code == "copies-divided"] == ["warning"]


def test_a_set_of_nothing_but_copies_is_opened_and_says_so(tmp_path: Path) -> None:
    plant(tmp_path, *two_classes(count=6))
    for path in tmp_path.rglob("*.jpg"):
        path.write_bytes(b"one and the same")
    opened = open_data(tmp_path)
    assert opened.splits["val"]
    assert [f.severity for f in opened.findings if f.code == "copies-divided"] == ["warning"]
