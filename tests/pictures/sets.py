"""Small sets of pictures for the tests of preparation, cache and batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from striate.pictures.dataset import Dataset, Names
from striate.pictures.files import resized, to_jpeg, to_png
from striate.pictures.source import Arrays, Folder, Source


def dataset(source: Source, paths: list[str], classes: int = 3, **more) -> Dataset:
    """Labels in turn, all of it for training."""
    labels = np.arange(len(paths), dtype=np.int32) % classes
    names = tuple(f"class {k}" for k in range(classes))
    split = np.zeros(len(paths), np.int8)
    return Dataset("a set", source, Names(paths), names, labels, split, **more)


def numbers(count: int = 50, side: int = 12, channels: int = 3, **more) -> Dataset:
    """Pictures that are numbers: each its own, from a fixed seed."""
    drawn = np.random.default_rng(7).integers(0, 256, (count, side, side, channels), np.uint8)
    return dataset(Arrays(drawn, "numbers"), [f"{i:04}" for i in range(count)], **more)


def folder(root: Path, count: int = 20, bad: tuple[int, ...] = (), side: int = 40) -> Dataset:
    """Files of several shapes; those at `bad` are cut off."""
    rng = np.random.default_rng(11)
    root.mkdir(parents=True, exist_ok=True)
    paths = []
    for i in range(count):
        rough = rng.integers(0, 256, (5, 6, 3), np.uint8)
        picture = resized(rough, side + i % 7, side + i % 5)
        data = to_png(picture) if i % 3 == 0 else to_jpeg(picture)
        paths.append(f"{i:04}." + ("png" if i % 3 == 0 else "jpg"))
        (root / paths[-1]).write_bytes(data[: len(data) // 2] if i in bad else data)
    return dataset(Folder(root), paths)
