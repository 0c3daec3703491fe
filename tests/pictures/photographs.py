"""Pictures that look like photographs to the search for copies: clouds, edges and grain from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from striate.pictures.dataset import UNSPLIT, Dataset, Names
from striate.pictures.files import Pixels, resized, to_jpeg, to_png
from striate.pictures.source import Folder


def photograph(rng: np.random.Generator, height: int = 120, width: int = 160) -> Pixels:
    """Clouds at five scales and a few discs, in colour."""
    picture = np.zeros((height, width, 3))
    for cells in (3, 5, 9, 17, 33):
        noise = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        picture += resized(noise, height, width) / (1.4 * np.sqrt(cells))
    row, column = np.mgrid[:height, :width]
    for _ in range(6):
        inside = (row - rng.integers(height)) ** 2 + (column - rng.integers(width)) ** 2
        picture[inside < rng.integers(8, 30) ** 2] = rng.integers(0, 256, 3)
    picture -= picture.min()
    made: Pixels = (picture * (255 / picture.max())).astype(np.uint8)
    return made


def crop(pixels: Pixels, rng: np.random.Generator, area: float) -> Pixels:
    """A part of `area`, at a random place."""
    height, width = pixels.shape[:2]
    across = rng.uniform(area, 1)
    h, w = int(np.ceil(height * area / across)), int(np.ceil(width * across))
    top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
    return pixels[top : top + h, left : left + w]


def folder(root: Path, files: Mapping[str, Any], splits: dict[str, int] | None = None) -> Dataset:
    """Write bytes or pixels under `root` and open them by hand: the last folder of a path is the class."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        kind = to_jpeg if name.endswith("jpg") else to_png
        path.write_bytes(content if isinstance(content, bytes) else kind(content))
    return opened(root, list(files), splits)


def opened(root: Path, names: list[str], splits: dict[str, int] | None = None) -> Dataset:
    """A dataset of files that are there; `splits` says which beginnings of paths belong to which split."""
    labels = [name.split("/")[-2] for name in names]
    classes = tuple(sorted(set(labels)))
    split = [
        next((at for head, at in (splits or {}).items() if name.startswith(head)), UNSPLIT)
        for name in names
    ]
    return Dataset(
        str(root),
        Folder(root),
        Names(names),
        classes,
        np.array([classes.index(label) for label in labels], np.int32),
        np.array(split, np.int8),
    )
