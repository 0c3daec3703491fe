"""CIFAR from small files of its form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from striate.errors import SetRefused
from striate.pictures.named.cifar import cifar10, cifar100
from tests.pictures.named.test_table import packed

TITLES = ["dog", "airplane", "cat"]


def rows(count: int, start: int) -> np.ndarray:
    """Pictures as rows: all red planes first, then green, then blue."""
    planes = np.repeat(np.arange(start, start + 3 * count, dtype=np.uint8), 1024)
    return planes.reshape(count, 3072)


def write_cifar10(root: Path, each: int = 2) -> Path:
    """Five batches and a test."""
    inner = root / "cifar-10-batches-py"
    inner.mkdir(parents=True)
    (inner / "batches.meta").write_bytes(packed({"label_names": TITLES, "num_vis": 3072}))
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    for place, name in enumerate(names):
        labels = [(place + i) % 3 for i in range(each)]
        content = {
            "batch_label": name,
            "labels": labels,
            "data": rows(each, 10 * place),
            "filenames": [],
        }
        (inner / name).write_bytes(packed(content))
    return root


def test_batches_become_rows_with_sorted_classes_and_planes_become_pixels(tmp_path: Path) -> None:
    found = cifar10(write_cifar10(tmp_path), "cifar10")
    assert found.splits == {"train": 10, "test": 2}
    assert found.classes == ("airplane", "cat", "dog")
    assert [found[i].label for i in range(4)] == ["dog", "airplane", "airplane", "cat"]
    assert found.pixels(0).shape == (32, 32, 3)
    assert found.pixels(0)[5, 7].tolist() == [0, 1, 2]
    assert found.pixels(11)[0, 0].tolist() == [53, 54, 55]


def test_cifar100_has_the_fine_labels(tmp_path: Path) -> None:
    inner = tmp_path / "cifar-100-python"
    inner.mkdir()
    (inner / "meta").write_bytes(packed({"fine_label_names": TITLES, "coarse_label_names": ["x"]}))
    for split in ("train", "test"):
        content = {"data": rows(3, 0), "coarse_labels": [0, 0, 0], "fine_labels": [2, 1, 0]}
        (inner / split).write_bytes(packed(content))
    found = cifar100(tmp_path, "cifar100")
    assert [row.label for row in found] == ["cat", "airplane", "dog"] * 2


@pytest.mark.parametrize(
    "content",
    [
        {"labels": [0]},
        {"data": np.zeros((1, 3071), np.uint8), "labels": [0]},
        {"data": np.zeros((1, 3072), np.uint8), "labels": [3]},
        {"data": np.zeros((1, 3072), np.uint8), "labels": [-1]},
        {"data": np.zeros((1, 3072), np.uint8)},
    ],
)
def test_a_file_of_another_form_is_refused_by_name(tmp_path: Path, content: dict) -> None:
    (write_cifar10(tmp_path) / "cifar-10-batches-py" / "data_batch_3").write_bytes(packed(content))
    with pytest.raises(SetRefused, match="data_batch_3 does not hold rows of 3,072 bytes"):
        cifar10(tmp_path, "cifar10")
