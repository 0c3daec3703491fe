"""The embedded digits are scikit-learn's, bit for bit, and need no scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from striate.pictures.files import Rules
from striate.pictures.named.digits import COUNT, digits, numbers
from striate.pictures.opening import open_data


def test_the_numbers_are_those_of_scikit_learn_bit_for_bit() -> None:
    datasets = pytest.importorskip("sklearn.datasets", reason="needs scikit-learn to compare with")
    theirs = datasets.load_digits()
    pictures, labels = numbers()
    assert labels == theirs.target.tolist()
    wanted = np.array([(int(v) * 255 + 8) // 16 for v in theirs.images.ravel()], np.uint8)
    assert (pictures.ravel() == wanted).all()
    assert set(np.unique(pictures)) == {(v * 255 + 8) // 16 for v in range(17)}


def test_rows_are_grey_pictures_of_eight_by_eight_that_must_not_be_mirrored() -> None:
    found = digits()
    assert len(found) == COUNT == 1797
    assert found.classes == tuple("0123456789")
    assert found.pixels(3, Rules(mode="L")).shape == (8, 8, 1)
    assert found.pixels(3).shape == (8, 8, 3)
    assert not found.mirror
    assert [found[i].label for i in range(12)] == list("012345678901")


def test_opened_by_name_they_are_divided_class_by_class_in_the_same_way_every_time() -> None:
    found = open_data("digits")
    assert (found.split == open_data("digits").split).all()
    assert (found.split != open_data("digits", seed=1).split).any()
    assert set(found.made_here) == {"train", "val", "test"}
    for split in ("train", "val", "test"):
        counts = found.counts_in(split).values()
        assert max(counts) - min(counts) <= 8


def test_neither_scikit_learn_nor_torch_is_imported(child: Callable) -> None:
    code = "import sys; from striate.pictures.named.known import load; load('digits'); print(*sys.modules)"
    loaded = child("-c", code).stdout.split()
    assert not {"sklearn", "torch", "scipy"} & set(loaded)
