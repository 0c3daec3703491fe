"""`load` reads a named set that is here. The sets themselves stand in `known_rows.py`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from striate.errors import SetRefused, UnknownSet
from striate.pictures.dataset import Dataset
from striate.pictures.named.known_rows import ROWS
from striate.pictures.named.shelf import KnownSet, Pictures, here

KNOWN: Mapping[str, KnownSet] = MappingProxyType({row.name: row for row in ROWS})


def named(text: str) -> KnownSet:
    """The row of a set; raises `UnknownSet` with the nearest names."""
    name, colon, _ = text.partition(":")
    known = KNOWN.get(name.lower())
    if known is None or (colon and known.name != "shapes"):
        near = difflib.get_close_matches(name.lower(), KNOWN, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}? " if near and known is None else ""
        raise UnknownSet(f"no set is called {text!r}", hint + "`striate data list` lists the sets")
    return known


def load(text: str, root: str | Path | None = None) -> Dataset:
    """A set that is here, by name: `mnist`, `shapes:64`. Nothing is downloaded."""
    known = named(text)
    if known.maker is not None:
        return known.maker(text.lower())
    return read(known, here(known, root))


def read(known: KnownSet, folder: Path) -> Dataset:
    """The rows of a set from its folder, and whether they are as many as were published."""
    if known.reader is None:
        raise UnknownSet(f"{known.name} is made, not read from a folder")
    try:
        found = replace(known.reader(folder, known.name), mirror=known.mirror)
    except (OSError, ValueError, LookupError) as fault:
        text = f"{known.name} cannot be read: {type(fault).__name__}: {fault}"
        raise SetRefused(text, "move the folder away and get the set anew", str(folder)) from fault
    undivided = len(found) - sum(found.splits.values())
    counts = Pictures(**found.splits, undivided=undivided)
    if counts != known.pictures or len(found.classes) != known.classes:
        text = (
            f"{known.name} should have {_told(known.pictures, known.classes)}, "
            f"and has {_told(counts, len(found.classes))}"
        )
        raise SetRefused(text, "move the folder away and get the set anew", str(folder))
    return found


def _told(counts: Pictures, classes: int) -> str:
    parts = [f"{name} {count:,}" for name, count in counts._asdict().items() if count]
    return f"{', '.join(parts) or 'no pictures'} in {classes} classes"
