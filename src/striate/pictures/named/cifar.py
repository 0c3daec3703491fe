"""CIFAR-10 and CIFAR-100 (Krizhevsky, 2009), N 32 32 3: each picture is a row of 3 x 32 x 32 bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.errors import SetRefused
from striate.pictures.dataset import Dataset
from striate.pictures.files import Pixels
from striate.pictures.named.readers import of_arrays
from striate.pictures.named.table import read_table

_ROW = 3 * 32 * 32


def cifar10(folder: Path, name: str) -> Dataset:
    """Five batches for train and one for test."""
    inner = folder / "cifar-10-batches-py"
    titles = read_table(inner / "batches.meta").get("label_names", [])
    batches = [_batch(inner / f"data_batch_{i}", "labels", titles) for i in range(1, 6)]
    train = np.concatenate([pictures for pictures, _ in batches])
    labels = [label for _, names in batches for label in names]
    test = _batch(inner / "test_batch", "labels", titles)
    return of_arrays(folder, name, [("train", train, labels), ("test", *test)])


def cifar100(folder: Path, name: str) -> Dataset:
    """One file each for train and test; of the two labels of a picture the fine one."""
    inner = folder / "cifar-100-python"
    titles = read_table(inner / "meta").get("fine_label_names", [])
    parts = [(split, *_batch(inner / split, "fine_labels", titles)) for split in ("train", "test")]
    return of_arrays(folder, name, parts)


def _batch(path: Path, key: str, titles: list[str]) -> tuple[Pixels, list[str]]:
    """Pictures and class names of one file."""
    table = read_table(path)
    rows, labels = table.get("data"), table.get(key) or []
    is_right = bool(labels) and 0 <= min(labels) <= max(labels) < len(titles)
    if not isinstance(rows, np.ndarray) or rows.shape[1:] != (_ROW,) or not is_right:
        text = f"{path} does not hold rows of {_ROW:,} bytes and a label for each"
        raise SetRefused(text, "move it away and get the set anew", where=str(path))
    pictures = np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return pictures, [titles[label] for label in labels]
