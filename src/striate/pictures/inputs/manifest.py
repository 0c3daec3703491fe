"""Manifests: a CSV, TSV or JSONL file that names pictures and their labels.

    path,label[,split,group,weight]       or their usual other names, see `manifest_columns.py`

Paths are relative to the manifest's folder, or absolute. Every fault names file, line and column; up to
ten are shown at once.
"""

from __future__ import annotations

import math
import os
import posixpath
from array import array
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, final

import numpy as np

from striate.errors import ManifestFault
from striate.pictures.dataset import UNSPLIT, Dataset, Finding, Names
from striate.pictures.files import read_bytes
from striate.pictures.inputs.csv_rows import open_text
from striate.pictures.inputs.manifest_columns import Roles, check_task, find_roles, plain
from striate.pictures.inputs.manifest_rows import SHOWN, SUFFIXES, Fault, raise_faults, rows_in
from striate.pictures.source import Source
from striate.pictures.split import split_of

_LOOKED_AT = 100  # rows read to recognise columns of zeros and ones


@final
class Listed(Source):
    """Files that a list names, wherever they lie; `root` is what relative paths begin at."""

    def __init__(self, root: str | Path, manifest: str | Path) -> None:
        self.root, self.manifest = Path(root), Path(manifest)
        self.where = str(root)

    def data(self, index: int, path: str) -> bytes:
        """The bytes of a file."""
        return read_bytes(self.root / path)

    def size_bytes(self, index: int, path: str) -> int:
        """From the folder, without reading the file."""
        return os.stat(self.root / path).st_size

    def file(self, index: int, path: str) -> Path:
        """It is one itself."""
        return self.root / path

    def shown(self, path: str) -> str:
        """The whole path; an absolute one stands for itself."""
        return str(self.root / path)


def is_manifest(path: Path) -> bool:
    """Whether a file's name is that of a manifest."""
    return path.suffix.lower() in SUFFIXES


def open_manifest(path: str | Path, group_by: str | None = None) -> Dataset:
    """The pictures that one manifest names; `group_by` names the column of groups, if it is another
    one.
    """
    file = Path(path)
    reading = Reading(file.parent, group_by)
    reading.add(file)
    return reading.dataset(file.stem, file)


def header_of(path: Path) -> list[str]:
    """The names of the columns of a manifest."""
    with open_text(path) as file:
        rows = rows_in(file, path)
        return next(rows, (1, []))[1]


@final
class Reading:
    """Rows of one or several manifests on their way to a Dataset."""

    def __init__(self, root: Path, group_by: str | None = None) -> None:
        self.root, self.group_by = root, group_by
        self.numbers: dict[str, int] = {}
        self.names: list[str] = []
        self.paths: list[str] = []
        self.lines, self.labels, self.split = array("q"), array("i"), array("b")
        self.groups: list[str] = []
        self.weights = array("d")
        self.has_groups = self.has_weights = False
        self.findings: list[Finding] = []
        self._seen: dict[str, int] = {}

    def add(self, file: Path, split: int | None = None) -> None:
        """Every row of a manifest; `split` is what its folder says, if it says so."""
        faults: list[Fault] = []
        counts = {"empty": 0, "double": 0, "windows": 0}
        first = len(self.paths)
        with open_text(file) as opened:
            rows = rows_in(opened, file)
            _, header = next(rows, (1, [""]))
            start = list(islice(rows, _LOOKED_AT))
            roles = find_roles(header, [row for _, row in start if any(row)], f"{file}, line 1")
            if self.group_by is not None:
                names = [plain(name) for name in header]
                roles = roles._replace(group=names.index(plain(self.group_by)))
            self.has_groups |= roles.group is not None
            self.has_weights |= roles.weight is not None
            for line, row in chain(start, rows):
                if not any(cell.strip() for cell in row):
                    counts["empty"] += 1
                elif len(row) != len(header):
                    text = f"{len(row)} cells where the first line has {len(header)}: quote commas"
                    faults.append(Fault(line, header[min(len(row), len(header) - 1)], text))
                else:
                    self._row(_Line(file, line, row, roles, header), split, faults, counts)
        raise_faults(file, faults)
        self._check_splits(file, first)
        self._say(file, header, roles, counts)

    def _row(
        self, line: _Line, split: int | None, faults: list[Fault], counts: dict[str, int]
    ) -> None:
        path, label = line.cell(line.roles.path), line.cell(line.roles.label)
        if not path or not label:
            role = line.roles.path if not path else line.roles.label
            faults.append(line.fault(role, "it is empty"))
            return
        if "://" in path:
            faults.append(
                line.fault(line.roles.path, f"{path[:80]} is an address, and nothing is downloaded")
            )
            return
        path, is_windows = self._placed(line.file.parent, path)
        counts["windows"] += is_windows
        number = self.numbers.setdefault(label, len(self.names))
        if number == len(self.names):
            self.names.append(label)
        known = self._seen.setdefault(path, len(self.paths))
        if known < len(self.paths):
            before = self.names[self.labels[known]]
            if before != label:
                text = f"{path} is {label!r} here and {before!r} in line {self.lines[known]}"
                faults.append(line.fault(line.roles.label, text))
            counts["double"] += 1
            return
        at = line.split(faults) if split is None else split
        weight = line.weight(faults)
        self.paths.append(path)
        self.lines.append(line.number)
        self.labels.append(number)
        self.split.append(at)
        self.groups.append("" if line.roles.group is None else line.cell(line.roles.group))
        self.weights.append(weight)

    def _placed(self, folder: Path, path: str) -> tuple[str, bool]:
        """A path as it is kept: from the root, with `/`; and whether it was written as Windows does."""
        is_windows = "\\" in path and not os.path.exists(folder / path)
        path = path.replace("\\", "/") if is_windows else path
        if not os.path.isabs(path) and folder != self.root:
            path = posixpath.join(folder.relative_to(self.root).as_posix(), path)
        return posixpath.normpath(path), is_windows

    def _check_splits(self, file: Path, first: int) -> None:
        """All rows have a split, or none has."""
        given = np.array(self.split[first:], np.int8)
        lost = np.flatnonzero(given == UNSPLIT)
        if 0 < len(lost) < len(given):
            raise_faults(
                file,
                [
                    Fault(
                        self.lines[first + int(i)], "split", "it is empty, and other rows have one"
                    )
                    for i in lost
                ],
            )

    def _say(self, file: Path, header: Sequence[str], roles: Roles, counts: dict[str, int]) -> None:
        """What a person should know of a manifest that can be used."""
        rest = [name for i, name in enumerate(header) if i not in roles.used() and name.strip()]
        told = (
            (counts["empty"], "empty-rows", "{n} empty line(s) in {file} left out"),
            (
                counts["double"],
                "double-rows",
                "{n} line(s) of {file} name a picture again, with the same label",
            ),
            (
                counts["windows"],
                "windows-paths",
                "{n} path(s) in {file} are written with \\ and read with /",
            ),
            (
                len(rest),
                "columns-not-used",
                "{n} column(s) of {file} not used: " + ", ".join(rest[:10]),
            ),
        )
        for count, code, text in told:
            if count:
                said = text.replace("{n}", f"{count:,}").replace("{file}", file.name)
                self.findings.append(Finding(code, "note", said))

    def dataset(self, name: str, manifest: Path) -> Dataset:
        """All rows, when every file they name is there."""
        where = str(manifest)
        if not self.paths:
            raise ManifestFault(
                "it names no pictures", "write one line for each picture", where=where
            )
        labels = np.array(self.labels, np.int32)
        counts = np.bincount(labels, minlength=len(self.numbers))
        check_task({label: int(counts[n]) for label, n in self.numbers.items()}, where)
        self._check_files(manifest)
        classes = sorted(label for label, n in self.numbers.items() if counts[n])
        final_number = np.full(len(self.numbers), -1, np.int32)
        final_number[[self.numbers[label] for label in classes]] = np.arange(len(classes))
        return Dataset(
            name=name,
            source=Listed(self.root, manifest),
            paths=Names(self.paths),
            classes=tuple(classes),
            labels=final_number[labels],
            split=np.array(self.split, np.int8),
            groups=Names(self.groups) if self.has_groups else None,
            weights=np.array(self.weights, np.float32) if self.has_weights else None,
            findings=tuple(self.findings),
        )

    def _check_files(self, manifest: Path) -> None:
        lost = [i for i, path in enumerate(self.paths) if not os.path.isfile(self.root / path)]
        if not lost:
            return
        shown = [f"line {self.lines[i]}: {self.paths[i]}" for i in lost[:SHOWN]]
        more = [f"and {len(lost) - SHOWN:,} more"] if len(lost) > SHOWN else []
        raise ManifestFault(
            f"{len(lost):,} of {len(self.paths):,} files are not there: {shown[0].partition(': ')[2]}",
            f"paths begin at the manifest's folder, {self.root}; capitals count",
            where="\n".join([f"{manifest}, column path", *shown, *more]),
        )


@final
class _Line(NamedTuple):
    """One row, and where it stands."""

    file: Path
    number: int
    row: Sequence[str]
    roles: Roles
    header: Sequence[str]

    def cell(self, place: int) -> str:
        """The text of a column."""
        return self.row[place].strip()

    def fault(self, place: int, text: str) -> Fault:
        """A fault in a column."""
        return Fault(self.number, self.header[place], text)

    def split(self, faults: list[Fault]) -> int:
        """The place in SPLITS, UNSPLIT where the cell is empty."""
        if self.roles.split is None or not (word := self.cell(self.roles.split)):
            return UNSPLIT
        at = split_of(word)
        if at is None:
            text = f"{word[:60]!r} is neither train nor val nor test"
            hint = (
                " (folds of a cross-validation are no splits: rename the column)"
                if word.isdigit()
                else ""
            )
            faults.append(self.fault(self.roles.split, text + hint))
        return UNSPLIT if at is None else at

    def weight(self, faults: list[Fault]) -> float:
        """A weight from 0 up; 1 where there is no column."""
        if self.roles.weight is None:
            return 1.0
        text = self.cell(self.roles.weight)
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 <= value < math.inf:
            faults.append(
                self.fault(self.roles.weight, f"{text[:60]!r} is no weight: a number from 0 up")
            )
        return value
