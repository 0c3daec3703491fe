"""Which pictures there are, what each is called, and which part it belongs to; no pixel is read for
that.

Columns instead of objects: a million paths take about 80 MB, and nothing grows while epochs go by.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, final

import numpy as np
from numpy.typing import NDArray

from striate.pictures.files import DEFAULT, Pixels, Rules
from striate.pictures.source import Source

SPLITS = ("train", "val", "test")
UNSPLIT = -1
Severity = Literal["error", "warning", "note"]


@final
class Names(Sequence[str]):
    """A column of texts in one run of bytes: no Python object for each."""

    def __init__(self, names: Iterable[str]) -> None:
        held, ends = bytearray(), array("q", [0])
        for name in names:
            held += name.encode("utf-8", "surrogateescape")
            ends.append(len(held))
        self._bytes = bytes(held)
        self._ends = np.array(ends, np.int64)

    @classmethod
    def packed(cls, held: bytes, ends: NDArray[np.int64]) -> Names:
        """Texts that lie in one run of bytes already: text i ends at `ends[i + 1]`."""
        names = cls(())
        names._bytes, names._ends = held, ends
        return names

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204 as Sequence says
        if isinstance(at, slice):
            return [self[i] for i in range(*at.indices(len(self)))]
        place = at + len(self) if at < 0 else at
        if not 0 <= place < len(self):
            raise IndexError(at)
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode(
            "utf-8", "surrogateescape"
        )

    def take(self, places: NDArray[np.int64]) -> Names:
        """The texts at these places."""
        return Names(self[int(i)] for i in places)


@final
@dataclass(frozen=True)
class Finding:
    """Something a person should know about their data. `code` is stable; an error means training
    would be wrong.
    """

    code: str
    severity: Severity
    text: str
    paths: tuple[str, ...] = ()


class Picture(NamedTuple):
    """One row. `label` is a class name; `split` is train, val, test or empty."""

    path: str
    label: str
    split: str
    group: str
    weight: float


@final
@dataclass(frozen=True, eq=False)
class Dataset:
    """The rows of what was opened. One class index serves all splits: sorted names, stored by name
    everywhere.

    labels: N int32, places in `classes`; split: N int8, places in SPLITS or UNSPLIT. `mirror` is
    False where a mirrored picture means something else (digits, text, signs). `made_here` says
    which splits were made, not given; `at` gives each row's place in the source where rows were
    left out (None: row i is place i).
    """

    name: str
    source: Source
    paths: Names
    classes: tuple[str, ...]
    labels: NDArray[np.int32]
    split: NDArray[np.int8]
    groups: Names | None = None
    weights: NDArray[np.float32] | None = None
    findings: tuple[Finding, ...] = ()
    mirror: bool = True
    made_here: tuple[str, ...] = ()
    at: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Picture:
        place = int(self.split[index])
        return Picture(
            self.paths[index],
            self.classes[self.labels[index]],
            SPLITS[place] if place >= 0 else "",
            self.groups[index] if self.groups is not None else "",
            float(self.weights[index]) if self.weights is not None else 1.0,
        )

    def __iter__(self) -> Iterator[Picture]:
        return (self[i] for i in range(len(self)))

    @property
    def splits(self) -> dict[str, int]:
        """How many pictures each split has; empty splits are left out."""
        found = {name: int((self.split == i).sum()) for i, name in enumerate(SPLITS)}
        return {name: count for name, count in found.items() if count}

    @property
    def counts(self) -> dict[str, int]:
        """How many pictures each class has, over all splits."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}

    def counts_in(self, split: str) -> dict[str, int]:
        """How many pictures each class has in one split."""
        found = np.bincount(self.labels[self.places(split)], minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, found, strict=True)}

    def places(self, split: str) -> NDArray[np.int64]:
        """The rows of a split, in order."""
        return np.flatnonzero(self.split == SPLITS.index(split)).astype(np.int64)

    def data(self, index: int) -> bytes:
        """The file of a row as it is stored."""
        return self.source.data(self._place(index), self.paths[index])

    def size_bytes(self, index: int) -> int:
        """How large the file of a row is."""
        return self.source.size_bytes(self._place(index), self.paths[index])

    def pixels(self, index: int, rules: Rules = DEFAULT) -> Pixels:
        """The picture of a row, H W C uint8."""
        return self.source.pixels(self._place(index), self.paths[index], rules)

    def _place(self, index: int) -> int:
        return index if self.at is None else int(self.at[index])

    def only(self, rows: NDArray[np.int64]) -> Dataset:
        """These rows alone, in this order; classes keep their numbers."""
        return replace(
            self,
            paths=self.paths.take(rows),
            labels=self.labels[rows],
            split=self.split[rows],
            groups=self.groups.take(rows) if self.groups is not None else None,
            weights=self.weights[rows] if self.weights is not None else None,
            at=rows if self.at is None else self.at[rows],
        )

    def with_split(self, split: NDArray[np.int8], made_here: tuple[str, ...] = ()) -> Dataset:
        """The same rows, divided anew."""
        return replace(self, split=split.astype(np.int8), made_here=made_here)

    def with_findings(self, *more: Finding) -> Dataset:
        """The same rows, with more to say about them."""
        return replace(self, findings=(*self.findings, *more))

    @property
    def fingerprint(self) -> str:
        """A hash of paths, labels and splits: the same data, named in the same way, divided in the
        same way.
        """
        digest = hashlib.sha256()
        for row in self:
            line = "\0".join((row.path, row.label, row.split)) + "\n"
            digest.update(line.encode("utf-8", "surrogateescape"))
        return digest.hexdigest()
