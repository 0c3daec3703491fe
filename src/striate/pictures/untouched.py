"""The user's data is never written to: not one file, not one folder under it."""

from __future__ import annotations

import os
from pathlib import Path

from striate.errors import FileFault
from striate.pictures.dataset import Dataset
from striate.pictures.inputs.manifest import Listed
from striate.pictures.inputs.shards import Shards
from striate.pictures.source import Arrays, Folder


def refuse_inside(name: str | Path, dataset: Dataset, target: str | Path) -> None:
    """Refuse a file to write that lies within what the user gave: the folder, the archive, the
    manifest, or a folder in which pictures lie that a manifest names.
    """
    wanted = Path(os.path.realpath(target))
    for place in sorted(_places(name, dataset)):
        if wanted == place or (place.is_dir() and wanted.is_relative_to(place)):
            raise FileFault(
                f"{target} lies in the data ({place}), and nothing is written there",
                "name a file somewhere else",
                where=str(target),
            )


def _places(name: str | Path, dataset: Dataset) -> set[Path]:
    given, source = Path(name), dataset.source
    found = {given} if given.exists() else set()
    if isinstance(source, Folder | Arrays) and Path(source.where).is_absolute():
        found |= {Path(source.where)}  # a named set: its name is no path
    if isinstance(source, Shards):
        found |= {path.parent for path in source.shards}
    if isinstance(source, Listed):
        found |= {source.manifest}
        found |= {source.root / path.rpartition("/")[0] for path in dataset.paths}
    return {Path(os.path.realpath(path)) for path in found}
