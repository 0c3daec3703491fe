"""Hugging Face image folders: `metadata.csv` or `metadata.jsonl` with `file_name` and a label.

It lies beside the pictures, in the folder or in each of its splits (or in the folder, naming `train/1.jpg`).
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from striate.errors import NoPictures
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.inputs.folder import Disk
from striate.pictures.inputs.folder_names import is_picture
from striate.pictures.inputs.manifest import Reading, header_of
from striate.pictures.inputs.manifest_columns import ALIASES, plain
from striate.pictures.split import split_of
from striate.pictures.split_shares import listed

NAMES = ("metadata.csv", "metadata.jsonl")


class Metadata(NamedTuple):
    """The files found, each with its split (None: its rows say), and whether they hold labels."""

    files: tuple[tuple[Path, int | None], ...]
    has_labels: bool


def find_metadata(root: Path) -> Metadata | None:
    """The metadata of a folder or of its splits; None where there is none."""
    files: list[tuple[Path, int | None]] = [(root / n, None) for n in NAMES if (root / n).is_file()]
    if not files:
        inside = sorted(path for path in root.iterdir() if path.is_dir())
        for folder in inside:
            at = split_of(folder.name)
            if at is not None:
                files += [(folder / name, at) for name in NAMES if (folder / name).is_file()]
    if not files:
        return None
    labels = {plain(name) for path, _ in files for name in header_of(path)} & set(ALIASES["label"])
    return Metadata(tuple(files), bool(labels))


def open_metadata(root: Path, found: Metadata) -> Dataset:
    """The pictures that the metadata names; what lies beside them unnamed is said."""
    folders = [path.parent for path, _ in found.files]
    if len(set(folders)) < len(folders):
        raise NoPictures(
            f"{folders[0]} has both {' and '.join(NAMES)}",
            "keep the one that is meant",
            where=str(folders[0]),
        )
    reading = Reading(root)
    for path, split in found.files:
        reading.add(path, split)
    dataset = _divided(reading.dataset(root.resolve().name, found.files[0][0]))
    named = set(dataset.paths)
    rest = [
        entry.path
        for entry in Disk(root).below("")
        if entry.kind == "file"
        and is_picture(entry.path.rpartition("/")[2])
        and entry.path not in named
    ]
    if not rest:
        return dataset
    text = f"{len(rest):,} picture(s) left out that the metadata does not name: {listed(rest[:10])}"
    return dataset.with_findings(Finding("not-in-metadata", "warning", text, tuple(rest[:1000])))


def _divided(dataset: Dataset) -> Dataset:
    """Splits by the first folder of each path, where no column says them and all are such folders."""
    if dataset.splits:
        return dataset
    words = [split_of(path.partition("/")[0]) if "/" in path else None for path in dataset.paths]
    if any(at is None for at in words):
        return dataset
    return dataset.with_split(np.array(words, np.int8))
