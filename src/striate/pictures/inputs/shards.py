"""WebDataset shards: tars in which the files of one sample share a name up to the first dot.

    shards-000.tar      000001.jpg 000001.cls   000002.jpg 000002.cls …
    train-000.tar …     a split word in the name of a shard says its split
    classes.txt         beside the shards, one class name in each line, for the numbers in `.cls`

Only the index is kept: 20 bytes and a name for each picture, however large the shards are.
"""

from __future__ import annotations

import itertools
import json
import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import ManifestFault, NoPictures, SplitFault, TaskNotYet
from striate.pictures.dataset import UNSPLIT, Dataset, Finding, Names
from striate.pictures.inputs.archive import Gate, Stamp, refused
from striate.pictures.inputs.archive_tar import Member, is_packed, read_at, walk
from striate.pictures.inputs.csv_rows import open_text
from striate.pictures.inputs.folder_names import Ledger, is_hidden
from striate.pictures.source import Source
from striate.pictures.split import split_of

LABEL_KEYS = ("label", "class", "cls", "target", "category", "label_name", "class_name")
_PICTURE = re.compile(r"(?:.*\.)?(?:jpe?g|jpe|jfif|png|webp|gif|bmp|tiff?|avif|heic|p[bgpn]m)")
_LONGEST_LABEL = 2**20  # bytes of a .cls or .json


@final
class Shards(Source):
    """Pictures in many tars, each read where it lies."""

    def __init__(self, where: str, shards: Sequence[Path], at: NDArray[np.int64]) -> None:
        self.where, self._shards = where, tuple(shards)
        self._stamps = tuple(Stamp(path) for path in shards)
        self._at = at  # N x 3: shard, offset, size

    def data(self, index: int, path: str) -> bytes:
        """The bytes of a picture."""
        shard, offset, size = (int(n) for n in self._at[index])
        return read_at(self._shards[shard], offset, size, self._stamps[shard])

    def size_bytes(self, index: int, path: str) -> int:
        """From the index."""
        return int(self._at[index, 2])

    def file(self, index: int, path: str) -> Path:
        """The shard it lies in."""
        return self._shards[int(self._at[index, 0])]

    @property
    def shards(self) -> tuple[Path, ...]:
        """The files."""
        return self._shards


class _Sample(NamedTuple):
    """One picture with its label as it is written."""

    path: str
    label: str
    at: tuple[int, int, int]


def looks_like_shards(paths: Iterator[str] | Sequence[str]) -> bool:
    """Whether names of members are those of samples: some have the ending of a label."""
    return any(path.endswith(".cls") for path in paths)


def open_shards(files: Sequence[Path], where: str) -> Dataset:
    """The labelled pictures of some shards, in their order."""
    names = _class_names(files[0].parent)
    splits = _splits_of(files)
    labels, paths, at = array("q"), [], array("q")
    split, numbers = array("b"), dict[str, int]()
    ledger = Ledger()
    for place, shard in enumerate(files):
        if is_packed(shard):
            raise refused(
                shard, "a compressed shard cannot be read in place; unpack it with gunzip"
            )
        for sample in _samples(shard, place, ledger):
            label = _named(sample.label, names, shard, sample.path)
            labels.append(numbers.setdefault(label, len(numbers)))
            paths.append(f"{shard.name}/{sample.path}")
            at.extend(sample.at)
            split.append(splits[place])
    if not paths:
        raise NoPictures(
            f"no pictures are in the {len(files)} shard(s)",
            "a sample is NAME.jpg and NAME.cls",
            where,
        )
    _check_doubles(paths, where)
    classes = sorted(numbers)
    final_number = np.empty(len(numbers), np.int32)
    final_number[[numbers[name] for name in classes]] = np.arange(len(classes))
    return Dataset(
        name=files[0].parent.name or where,
        source=Shards(where, files, np.array(at, np.int64).reshape(-1, 3)),
        paths=Names(paths),
        classes=tuple(classes),
        labels=final_number[np.array(labels, np.int64)],
        split=np.array(split, np.int8),
        findings=(*ledger.findings(), *_said(names, classes)),
    )


def _said(names: list[str] | None, classes: list[str]) -> list[Finding]:
    """Whether the classes have names or only numbers, and names that no picture has."""
    if names is None:
        numbers = all(name.isdigit() for name in classes)
        text = "there is no classes.txt beside the shards: classes are called by their numbers"
        return [Finding("classes-are-numbers", "note", text)] if numbers else []
    lost = sorted(set(names) - set(classes))
    text = f"{len(lost)} of the {len(names)} names in classes.txt have no picture: {', '.join(lost[:3])}"
    return [Finding("empty-class", "warning", text)] if lost else []


def _samples(shard: Path, place: int, ledger: Ledger) -> Iterator[_Sample]:
    """Each picture of a shard with its label; the files of a sample stand one after another."""
    gate = Gate(shard)
    key, group = "", dict[str, Member]()
    for member, _ in walk(shard):
        path = gate.admit(member.name, member.size, is_folder=member.is_folder)
        if member.is_folder:
            continue
        folder, slash, name = path.rpartition("/")
        if is_hidden(name) or name == "classes.txt":
            ledger.add("hidden-left-out", f"{shard.name}/{path}")
            continue
        stem, _, ending = name.partition(".")
        here = folder + slash + stem
        if here != key:
            yield from _sample(shard, place, key, group)
            key, group = here, {}
        group[ending.lower()] = member
    yield from _sample(shard, place, key, group)
    gate.close()


def _sample(shard: Path, place: int, key: str, group: dict[str, Member]) -> Iterator[_Sample]:
    """A group of files to a picture and its label; a group without a picture is refused, for it is
    cut.
    """
    if not group:
        return
    endings = [ending for ending in group if _PICTURE.fullmatch(ending)]
    if len(endings) != 1:
        raise ManifestFault(
            f"the sample {key!r} has {len(endings)} pictures: {', '.join(group)}",
            "a sample is one picture and its label, NAME.jpg and NAME.cls, one after the other",
            where=f"{shard}, {key}",
        )
    picture = group[endings[0]]
    label = _label(shard, key, group)
    yield _Sample(f"{key}.{endings[0]}", label, (place, picture.offset, picture.size))


def _label(shard: Path, key: str, group: dict[str, Member]) -> str:
    where = f"{shard}, {key}"
    member = group.get("cls") or group.get("json")
    if member is None:
        raise ManifestFault(
            f"the sample {key!r} has no label: it has {', '.join(group)}",
            "put its class into NAME.cls, or into NAME.json under the name `label`",
            where=where,
        )
    if member.size > _LONGEST_LABEL:
        raise ManifestFault(
            f"the label of {key!r} takes {member.size:,} bytes", "a label is short", where
        )
    with open(shard, "rb") as file:
        file.seek(member.offset)
        text = file.read(member.size).decode("utf-8", "replace").strip()
    value: object = text if "cls" in group else _from_json(text, key, where)
    if isinstance(value, list | dict) or (isinstance(value, float) and value % 1):
        raise TaskNotYet(
            f"the label of {key!r} is {str(value)[:60]}: not one class",
            "for now a picture has one label",
            where=where,
        )
    if value is None or isinstance(value, bool) or not str(value).strip():
        raise ManifestFault(
            f"the label of {key!r} is empty", "write its class into it", where=where
        )
    return str(value).strip()


def _from_json(text: str, key: str, where: str) -> object:
    try:
        held = json.loads(text)
    except ValueError as fault:
        raise ManifestFault(
            f"{key}.json is no JSON: {fault}", "write it anew", where=where
        ) from None
    found = [held[name] for name in LABEL_KEYS if isinstance(held, dict) and name in held]
    if not found:
        names = ", ".join(held) if isinstance(held, dict) else type(held).__name__
        raise ManifestFault(f"{key}.json has no `label`: it has {names}", "add one", where=where)
    return found[0]


def _named(label: str, names: list[str] | None, shard: Path, path: str) -> str:
    """The name of a numbered class."""
    if names is None or label in names:
        return label
    if not label.isdigit() or int(label) >= len(names):
        raise ManifestFault(
            f"the label {label[:60]!r} of {path} is no line of classes.txt, which has {len(names)}",
            "classes are counted from 0: the first line is class 0",
            where=f"{shard}, {path}",
        )
    return names[int(label)]


def _class_names(folder: Path) -> list[str] | None:
    listed = folder / "classes.txt"
    if not listed.is_file():
        return None
    with open_text(listed) as file:
        names = [line.strip() for line in file if line.strip()]
    if len(set(names)) != len(names):
        raise ManifestFault(
            "classes.txt names a class twice", "each line is one class", str(listed)
        )
    return names


def _splits_of(files: Sequence[Path]) -> list[int]:
    """The split of each shard by a word of its name; all have one, or none has."""
    found = []
    for path in files:
        words = [
            at for word in re.split(r"[-_.\d]+", path.stem) if (at := split_of(word)) is not None
        ]
        found.append(words[0] if len(set(words)) == 1 else UNSPLIT)
    if UNSPLIT in found and len(set(found)) > 1:
        lost = files[found.index(UNSPLIT)].name
        raise SplitFault(
            f"some shards have a split in their name, and {lost} has none",
            "call every shard train-…, val-… or test-…, or none of them",
            where=str(files[0].parent),
        )
    return found


def _check_doubles(paths: list[str], where: str) -> None:
    ranked = sorted(paths) if len(set(paths)) < len(paths) else []
    double = next((path for path, after in itertools.pairwise(ranked) if path == after), None)
    if double is not None:
        text = f"the sample {double} is there twice"
        raise ManifestFault(text, "give each sample its own name", where)
