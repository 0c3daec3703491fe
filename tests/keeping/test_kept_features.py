"""Features are found again as they were, or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from striate.keeping.kept_features import FeatureShelf

FEATURES = np.random.default_rng(0).normal(size=(20, 7)).astype(np.float32)


def test_what_was_kept_is_found_bit_for_bit(tmp_path: Path) -> None:
    shelf = FeatureShelf(tmp_path / "new" / "features")
    assert shelf.find("ab") is None
    assert shelf.keep("ab", FEATURES) == ""
    found = shelf.find("ab")
    assert found is not None
    assert found.tobytes() == FEATURES.tobytes()
    assert found.shape == FEATURES.shape
    assert shelf.find("cd") is None


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_changed_byte_is_seen_and_the_file_taken_away(tmp_path: Path, at: int) -> None:
    shelf = FeatureShelf(tmp_path)
    shelf.keep("ab", FEATURES)
    (path,) = tmp_path.iterdir()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert shelf.find("ab") is None
    assert not path.exists()


def test_a_file_that_was_cut_is_seen(tmp_path: Path) -> None:
    shelf = FeatureShelf(tmp_path)
    for size in (0, 10, 100):
        shelf.keep("ab", FEATURES)
        (path,) = tmp_path.iterdir()
        path.write_bytes(path.read_bytes()[:size])
        assert shelf.find("ab") is None


def test_the_longest_unused_goes_when_there_is_too_much(tmp_path: Path) -> None:
    size = FEATURES.nbytes + 200
    shelf = FeatureShelf(tmp_path, limit_bytes=3 * size)
    for number, name in enumerate("abc"):
        shelf.keep(name, FEATURES)
        os.utime(tmp_path / f"{name}.features", (number, number))
    shelf.find("a")  # used just now
    shelf.keep("d", FEATURES)
    assert [shelf.find(name) is not None for name in "abcd"] == [True, False, True, True]


def test_what_is_larger_than_the_limit_is_not_kept_and_that_is_told(tmp_path: Path) -> None:
    told = FeatureShelf(tmp_path, limit_bytes=100).keep("ab", FEATURES)
    assert "more than is kept" in told
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    shelf = FeatureShelf(tmp_path / "file" / "features")
    assert shelf.find("ab") is None
    assert "file" in shelf.keep("ab", FEATURES)
