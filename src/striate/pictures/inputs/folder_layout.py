"""From names of files to classes and splits: the same rules for a folder on disk and for an archive.

    DIR/class/…                         classes; no split is given
    DIR/{train,training}/class/…        splits, if train is there or all folders have names of splits
    DIR/{val,valid,validation,dev}/…
    DIR/{test,testing}/…
    DIR/one/…                           one folder that holds only folders is a wrapper

Whatever is deeper than a class belongs to the class. Nothing is left out without a finding.
"""

from __future__ import annotations

import unicodedata
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import NoPictures, SplitFault
from striate.pictures.dataset import SPLITS, UNSPLIT, Finding, Names
from striate.pictures.inputs.folder_names import Ledger, is_hidden, is_picture
from striate.pictures.split import split_of

Kind = Literal["file", "folder", "link", "denied", "special"]


@final
class Entry(NamedTuple):
    """One thing in a tree: its path from the top, with `/`."""

    path: str
    kind: Kind


class Tree(ABC):
    """Names in folders, on disk or in an archive; every listing in order of its names."""

    where: str

    @abstractmethod
    def children(self, folder: str) -> list[Entry]:
        """What lies directly in a folder ("" is the top)."""

    @abstractmethod
    def below(self, folder: str) -> Iterator[Entry]:
        """Everything under a folder, however deep; folders come before what they hold."""


@final
class Laid(NamedTuple):
    """Rows as columns, ready for a Dataset."""

    paths: Names
    classes: tuple[str, ...]
    labels: NDArray[np.int32]
    split: NDArray[np.int8]
    findings: tuple[Finding, ...]


def lay_out(tree: Tree) -> Laid:
    """Find the classes and splits of a tree, and every picture in them."""
    ledger = Ledger()
    top, folders = _top(tree, ledger)
    splits = _splits(tree, folders, ledger)
    rows = _Rows(tree, ledger)
    for path in [e.path for e in folders]:
        if splits is None:
            rows.take_class(path, UNSPLIT)
        elif path in splits:
            rows.take_split(path, splits[path])
    if not rows.count:
        raise NoPictures(
            f"no pictures are in {tree.where}",
            "put them in one folder for each class: DIR/cat/1.jpg, DIR/dog/2.jpg",
            where=_place(tree, top),
        )
    return rows.laid()


class _Rows:
    """Collects rows in order; classes get their final numbers at the end, when all names are known."""

    def __init__(self, tree: Tree, ledger: Ledger) -> None:
        self.tree, self.ledger, self.count = tree, ledger, 0
        self._numbers: dict[str, int] = {}
        self._labels, self._split = array("i"), array("b")
        self._paths = bytearray()
        self._ends = array("q", [0])

    def take_split(self, folder: str, split: int) -> None:
        """The classes of one split."""
        inside = self.tree.children(folder)
        loose = [e for e in inside if e.kind == "file" and is_picture(_last(e.path))]
        folders = [e for e in inside if e.kind == "folder" and not is_hidden(_last(e.path))]
        if loose and not folders and SPLITS[split] != "test":
            raise _flat(self.tree, folder)
        code = "loose-pictures" if folders else "unlabelled-test"
        for entry in inside:
            if entry.kind == "folder" and not is_hidden(_last(entry.path)):
                self.take_class(entry.path, split)
            else:
                _judge(entry, self.ledger, code)

    def take_class(self, folder: str, split: int) -> None:
        """Every picture under a class folder."""
        before, hidden = self.count, ""
        label = unicodedata.normalize("NFC", _last(folder))
        number = self._numbers.setdefault(label, len(self._numbers))
        for entry in self.tree.below(folder):
            if hidden and entry.path.startswith(hidden):
                continue
            name = _last(entry.path)
            if entry.kind == "folder" and is_hidden(name):
                hidden = entry.path + "/"
            if entry.kind == "file" and is_picture(name):
                self._add(entry.path, number, split)
            else:
                _judge(entry, self.ledger, "loose-pictures")
        if self.count == before:
            self.ledger.add("empty-class", folder)

    def _add(self, path: str, number: int, split: int) -> None:
        self._paths += path.encode("utf-8", "surrogateescape")
        self._ends.append(len(self._paths))
        self._labels.append(number)
        self._split.append(split)
        self.count += 1

    def laid(self) -> Laid:
        """Sorted classes, and every label under its final number."""
        labels = np.array(self._labels, np.int32)
        used = np.bincount(labels, minlength=len(self._numbers)) > 0
        classes = sorted(name for name, number in self._numbers.items() if used[number])
        final_number = np.full(len(self._numbers), -1, np.int32)
        for place, name in enumerate(classes):
            final_number[self._numbers[name]] = place
        return Laid(
            Names.packed(bytes(self._paths), np.array(self._ends, np.int64)),
            tuple(classes),
            final_number[labels],
            np.array(self._split, np.int8),
            self.ledger.findings(),
        )


def _top(tree: Tree, ledger: Ledger) -> tuple[str, list[Entry]]:
    """The folder to look in, and its folders; wrappers are passed through."""
    top = ""
    while True:
        entries = tree.children(top)
        folders = [e for e in entries if e.kind == "folder" and not is_hidden(_last(e.path))]
        loose = any(e.kind == "file" and is_picture(_last(e.path)) for e in entries)
        if loose and not folders:
            raise _flat(tree, top)
        taken = set(folders)
        for entry in entries:
            if entry not in taken:
                _judge(entry, ledger, "loose-pictures")
        if len(folders) != 1 or loose or not _holds_only_folders(tree, folders[0].path):
            return top, folders
        if split_of(_last(folders[0].path)) is not None:
            return top, folders
        top = folders[0].path
        ledger.add("wrapper-folder", top)


def _splits(tree: Tree, folders: list[Entry], ledger: Ledger) -> dict[str, int] | None:
    """Which folders are splits; None where all are classes."""
    named = {e.path: at for e in folders if (at := split_of(_last(e.path))) is not None}
    others = [e.path for e in folders if e.path not in named]
    train = [path for path, at in named.items() if at == 0]
    if others and named and (not train or not any(_has_folder(tree, path) for path in train)):
        for path in named:
            ledger.add("split-name-as-class", path)
        return None
    if not named:
        return None
    for path in others:
        if any(e.kind == "file" and is_picture(_last(e.path)) for e in tree.below(path)):
            raise SplitFault(
                f"the folder {_last(path)!r} stands beside {_last(train[0])!r}, holds pictures, and has no "
                "name of a split",
                "call it train, val or test (training, valid, validation, dev, testing), or move it away",
                where=_place(tree, path),
            )
        ledger.add("folder-beside-splits", path)
    if not train:
        raise SplitFault(
            f"there is no train beside {' and '.join(_last(path) for path in named)}",
            "add a folder train, or open the one folder you mean",
            where=tree.where,
        )
    for at, name in enumerate(SPLITS):
        same = [_last(path) for path, place in named.items() if place == at]
        if len(same) > 1:
            raise SplitFault(
                f"{' and '.join(same)} both mean {name}",
                "keep one of them, or move the pictures of both into one",
                where=tree.where,
            )
    return named


def _judge(entry: Entry, ledger: Ledger, loose: str) -> None:
    """Write down what is not taken as a row."""
    name = _last(entry.path)
    if entry.kind == "denied":
        ledger.add("unreadable-folder", entry.path)
    elif is_hidden(name):
        ledger.add("hidden-left-out", entry.path)
    elif entry.kind == "link":
        ledger.add("link-not-followed", entry.path)
    elif entry.kind == "special":
        ledger.add("special-files", entry.path)
    elif entry.kind == "folder":
        ledger.add("nested-folders", entry.path)
    else:
        ledger.add(loose if is_picture(name) else "not-pictures", entry.path)


def _flat(tree: Tree, folder: str) -> NoPictures:
    return NoPictures(
        f"pictures lie directly in {_place(tree, folder)}; make one folder for each class",
        "for example cat/1.jpg and dog/2.jpg; or name the labels in a manifest with the columns path,label",
        where=_place(tree, folder),
    )


def _holds_only_folders(tree: Tree, folder: str) -> bool:
    inside = [e for e in tree.children(folder) if not is_hidden(_last(e.path))]
    files = any(e.kind == "file" and is_picture(_last(e.path)) for e in inside)
    return not files and any(e.kind == "folder" for e in inside)


def _has_folder(tree: Tree, folder: str) -> bool:
    return any(e.kind == "folder" and not is_hidden(_last(e.path)) for e in tree.children(folder))


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _place(tree: Tree, path: str) -> str:
    return f"{tree.where}/{path}" if path else tree.where
