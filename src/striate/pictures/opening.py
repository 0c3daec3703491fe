"""What a user names, whatever it is, to a Dataset: a folder, a manifest, an archive, shards, a named set."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from striate.errors import NoPictures, UnknownSet
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.inputs.archive_tar import is_packed, open_tar, walk
from striate.pictures.inputs.archive_zip import open_zip
from striate.pictures.inputs.folder import open_folder
from striate.pictures.inputs.folder_metadata import find_metadata, open_metadata
from striate.pictures.inputs.folder_names import is_hidden, is_picture
from striate.pictures.inputs.manifest import is_manifest, open_manifest
from striate.pictures.inputs.shards import looks_like_shards, open_shards
from striate.pictures.inputs.shards_pattern import expand, is_pattern
from striate.pictures.split import complete
from striate.pictures.split_shares import TEST, listed

_TARS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


def open_data(
    name: str | Path,
    *,
    root: Path | None = None,
    seed: int = 0,
    val: float | None = None,
    test: float = TEST,
) -> Dataset:
    """The pictures that `name` stands for, divided into train, val and test.

    What is on disk wins over a named set. `root` is where downloaded sets lie. Splits that are there are
    kept; what is missing is made as `seed`, `val` and `test` say, and told in `findings`.
    """
    return complete(open_as_given(name, root=root), val, test, seed)


def open_as_given(name: str | Path, *, root: Path | None = None) -> Dataset:
    """The pictures as they lie, with the splits they have."""
    path = Path(name)
    if path.is_dir():
        return _with_notes(_from_folder(path), str(name))
    if path.is_file():
        return _with_notes(_from_file(path), str(name))
    if is_pattern(str(name)):
        return _with_notes(open_shards(expand(str(name)), str(name)), str(name))
    from striate.pictures.named.known import KNOWN, load

    if str(name).partition(":")[0].lower() in KNOWN:
        return load(str(name), root)
    raise _unknown(str(name), KNOWN)


def _from_folder(path: Path) -> Dataset:
    """A folder of classes, of shards, or with metadata."""
    shards = _shards_in(path)
    if shards:
        return open_shards(shards, str(path))
    metadata = find_metadata(path)
    if metadata is None:
        return _open_plain(path)
    if metadata.has_labels:
        return open_metadata(path, metadata)
    text = f"{metadata.files[0][0].name} has no column of labels: the folders say them"
    return open_folder(path).with_findings(Finding("metadata-without-labels", "note", text))


def _open_plain(path: Path) -> Dataset:
    """A folder of classes; where it holds none but an archive, that was meant."""
    try:
        return open_folder(path)
    except NoPictures as fault:
        ends = (".zip", *_TARS)
        names = sorted(one.name for one in path.iterdir() if one.name.lower().endswith(ends))
        if not names:
            raise
        raise NoPictures(
            fault.text, f"it holds an archive; name that: {path / names[0]}", where=fault.where
        ) from None


def _shards_in(path: Path) -> list[Path]:
    """The tars of a folder that holds nothing else to look at."""
    with os.scandir(path) as entries:
        names = sorted((e.name, e.is_dir()) for e in entries if not is_hidden(e.name))
    tars = [path / name for name, is_folder in names if name.endswith(".tar") and not is_folder]
    others = any(is_folder or is_picture(name) for name, is_folder in names)
    return [] if others else tars


def _from_file(path: Path) -> Dataset:
    """A manifest or an archive, by the ending of its name."""
    name = path.name.lower()
    if is_manifest(path):
        return open_manifest(path)
    if name.endswith(".zip"):
        return open_zip(path)
    if name.endswith(_TARS):
        if not is_packed(path) and looks_like_shards(m.name for m, _ in walk(path)):
            return open_shards([path], str(path))
        return open_tar(path)
    kind = "one picture" if is_picture(name) and path.suffix else "no manifest and no archive"
    raise NoPictures(
        f"{path} is {kind}, by its name",
        "give a folder with one folder for each class, a .csv, .tsv or .jsonl, a .zip, or a .tar",
        where=str(path),
    )


def _with_notes(dataset: Dataset, name: str) -> Dataset:
    """What is true of the whole: a folder that has the name of a set, classes that are numbers."""
    notes = []
    if _is_set(name):
        text = f"{name!r} is here as a file or folder, and that is read, not the named set of this name"
        notes.append(Finding("path-not-set", "warning", text))
    if len(dataset.classes) > 10 and all(label.isdecimal() for label in dataset.classes):
        text = (
            "classes are numbers and are sorted as text, so 10 comes before 2; "
            "labels are stored by name everywhere, so nothing is shifted"
        )
        notes.append(Finding("numbers-as-names", "note", text))
    odd = [label for label in dataset.classes if not _is_utf_8(label)]
    if odd:
        text = (
            f"{len(odd)} class name(s) are not written in UTF-8: {listed(odd)}; "
            "save the manifest as UTF-8, or rename the folders"
        )
        notes.append(Finding("names-not-utf-8", "warning", text))
    return dataset.with_findings(*notes)


def _is_utf_8(name: str) -> bool:
    """Whether a name came whole out of its bytes; those that did not are kept as surrogates."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def _is_set(name: str) -> bool:
    """Whether a named set is called so too; a path with a folder or an ending is none."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        return False
    from striate.pictures.named.known import KNOWN

    return name in KNOWN


def _unknown(name: str, sets: Iterable[str]) -> UnknownSet:
    """What there is of a similar name; a typo never starts a download."""
    path = Path(name)
    beside: list[str] = []
    if path.parent.is_dir():
        beside = [str(path.parent / one) for one in os.listdir(path.parent) if not is_hidden(one)]
    near = difflib.get_close_matches(name, [*sets, *beside], 3, 0.6)
    asked = f"did you mean {' or '.join(near)}? " if near else ""
    return UnknownSet(
        f"{name!r} is no folder, no file and no named set",
        f"{asked}nothing is downloaded for a name that is not known; `striate data list` lists the sets",
        where=f"looked in {Path.cwd()}" if not path.is_absolute() else str(path.parent),
    )
