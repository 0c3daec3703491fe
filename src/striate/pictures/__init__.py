"""A file becomes a batch: safely, truthfully and fast. Only `batches.py` and `augment/` import torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from striate.pictures.dataset import Dataset


def open(  # noqa: A001 `striate.pictures.open` reads as what it does
    name: str | Path,
    *,
    root: Path | None = None,
    seed: int = 0,
    val: float | None = None,
    test: float = 0.15,
) -> Dataset:
    """The pictures of a folder, manifest, archive, pattern of shards or named set, divided. val and
    test are shares of splits that are made; None is 15 %, and of a train beside a test at most 2,500.

    >>> open("digits").counts["3"]  # doctest: +SKIP
    183
    """
    from striate.pictures.opening import open_data

    return open_data(name, root=root, seed=seed, val=val, test=test)
