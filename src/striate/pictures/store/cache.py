"""Pictures are prepared once: `prepared` gives them from memory, from the cache, or makes them now.

Where: `XDG_CACHE_HOME/striate/prepared` (or `~/.cache/...`), never under the pictures themselves.

    <preparation>-<count>-<key>/   a stored set, see `cache_store.py`; the key is the hash of all contents,
                                   of the preparation without mean and std, and of the code and Pillow
    quick/<hash>.json              "files with these paths, sizes and times have that key": saves reading all
    locks/<hash>.lock              held by the process that prepares, with its number for people to read

A set is written beside its place and renamed, so a kill leaves nothing that counts; what it leaves is
removed by the next one. The least recently used sets go when the limit is reached, and that is said.
Sets that are numbers already (the small named ones) and need no resizing are used as they are.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast, final

import numpy as np
from numpy.typing import NDArray

from striate import machine
from striate.errors import UnreadablePictures
from striate.pictures.dataset import Dataset, Finding
from striate.pictures.files import Pixels
from striate.pictures.order import Rows
from striate.pictures.prepare import Preparation
from striate.pictures.source import Arrays
from striate.pictures.store.cache_crew import TIMEOUT_S, Bad, Crew, shared
from striate.pictures.store.cache_live import Live
from striate.pictures.store.cache_shelf import Shelf
from striate.pictures.store.cache_store import (
    Index,
    Mapped,
    Memory,
    Store,
    block_rows,
    fill,
    one,
)

Progress = Callable[[int, int], None]
IN_MEMORY_BYTES = 10**9
_LISTED = 1000


@final
@dataclass(frozen=True)
class Keeping:
    """How prepared pictures are kept. `limit_bytes` None: 20 GB, or half of what the disk has free.
    `workers` None: as many as there are cores. `skip_bad` goes on without unreadable pictures, and says
    so.
    """

    folder: Path | None = None
    limit_bytes: int | None = None
    memory_bytes: int = IN_MEMORY_BYTES
    on_disk: bool = True
    workers: int | None = None
    timeout_s: float = TIMEOUT_S
    skip_bad: bool = False


@final
@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset whose pictures are ready. `dataset` has only rows that can be read; `findings` says
    what was left out, removed or mended; `left_out` are path and reason of every picture that is gone.
    """

    dataset: Dataset
    preparation: Preparation
    store: Store
    at: Rows | None
    findings: tuple[Finding, ...]
    left_out: tuple[tuple[str, str], ...] = ()

    def __len__(self) -> int:
        return len(self.dataset)

    @property
    def nbytes(self) -> int:
        """Of all prepared pixels."""
        return len(self) * int(np.prod(self.preparation.shape))

    def take(self, rows: Rows) -> Pixels:
        """A new array of these rows of `dataset`, n H W C uint8."""
        return self.store.take(rows if self.at is None else self.at[rows])

    @property
    def moved(self) -> float:
        """Another number than before, if taking goes on."""
        return self.store.moved


def prepared(
    dataset: Dataset,
    preparation: Preparation,
    keeping: Keeping | None = None,
    progress: Progress | None = None,
) -> Prepared:
    """All pictures of a dataset, prepared; raises `UnreadablePictures` with all of them unless `skip_bad`."""
    how = keeping or Keeping()
    tell = progress or _silent
    if not len(dataset):
        none = np.zeros((0, *preparation.shape), np.uint8)
        return Prepared(dataset, preparation, Memory(none), None, ())
    if isinstance(dataset.source, Arrays):
        pixels = _from_numbers(dataset, preparation, tell)
        if pixels is not None:
            return Prepared(dataset, preparation, Memory(pixels), None, ())
    size = len(dataset) * int(np.prod(preparation.shape))
    if not how.on_disk:
        store, bad, said = _unkept(dataset, preparation, how, tell)
    else:
        with Shelf.open(how.folder, how.limit_bytes) as shelf:
            if size > shelf.limit_bytes:
                store, bad, said = _unkept(dataset, preparation, how, tell)
                said = (*said, _too_large(size, shelf.limit_bytes, store))
            else:
                store, bad, said = _kept(dataset, preparation, how, tell, shelf)
    return _finished(dataset, preparation, store, bad, said, how)


def _finished(
    dataset: Dataset,
    preparation: Preparation,
    store: Store,
    bad: Bad,
    said: tuple[Finding, ...],
    how: Keeping,
) -> Prepared:
    """Without the unreadable rows, or with the fault that lists them."""
    if not bad:
        return Prepared(dataset, preparation, store, None, said)
    bad = sorted(bad)
    lines = [f"{dataset.source.shown(dataset.paths[row])}: {why}" for row, why in bad]
    what = f"{len(bad)} of {len(dataset)} pictures cannot be read"
    if not how.skip_bad or len(bad) == len(dataset):
        more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
        raise UnreadablePictures(
            what,
            "repair or remove them, or go on without them: --skip-bad",
            where="\n".join([*lines[:_LISTED], *more]),
        )
    good = np.setdiff1d(np.arange(len(dataset)), [row for row, _ in bad])
    left_out = tuple((dataset.paths[row], why) for row, why in bad)
    paths = tuple(path for path, _ in left_out)
    told = Finding("unreadable-skipped", "warning", f"{what} and are left out", paths)
    kept = dataset.only(good).with_findings(told)
    return Prepared(kept, preparation, store, good, (*said, told), left_out)


def _kept(
    dataset: Dataset, preparation: Preparation, how: Keeping, tell: Progress, shelf: Shelf
) -> tuple[Store, Bad, tuple[Finding, ...]]:
    """From the cache, or into it."""
    quick = shelf.quick(dataset, preparation)
    with shelf.lock(quick, lambda who: tell(0, len(dataset)) if who else None):
        found = shelf.find(dataset, preparation, quick)
        held, said = None, cast("tuple[Finding, ...]", ())
        started = time.time()
        if found is None:
            found, held, said = _made(dataset, preparation, how, tell, shelf)
        shelf.remember(quick, found.name, started)
    index = Index.read(found)
    if index is None:  # removed or damaged between two lines: by hand, or a failing disk
        store, bad, more = _unkept(dataset, preparation, how, tell)
        return store, bad, (*said, *more)
    if held is not None:
        return Memory(held), list(index.bad), said
    mapped = Mapped(found, index, dataset, preparation)
    small = int(np.prod(index.shape)) <= how.memory_bytes
    store = mapped.in_memory() if small else mapped
    if store.mended:
        text = f"{store.mended} damaged blocks of the cache were found, and prepared again"
        said = (*said, Finding("cache-mended", "warning", text, (str(found),)))
    tell(len(dataset), len(dataset))
    return store, list(index.bad), said


def _made(
    dataset: Dataset, preparation: Preparation, how: Keeping, tell: Progress, shelf: Shelf
) -> tuple[Path, Pixels | None, tuple[Finding, ...]]:
    """Prepare everything into a new stored set; its pixels too, if they fit in memory."""
    shape = (len(dataset), *preparation.shape)
    small = int(np.prod(shape)) <= how.memory_bytes
    with shelf.building() as building:
        pixels = building.pixels(shape)
        bad, marks, sums = _filled(dataset, preparation, how, tell, pixels)
        key = shelf.key(preparation, marks)
        index = Index(
            key,
            shape,
            block_rows(preparation.shape),
            tuple(bytes(row).hex() for row in sums),
            tuple(sorted(bad)),
            shelf.made_by,
        )
        found = building.settle(index, shelf.name(preparation, len(dataset), key))
    # What was just made is used as it lies, mapped: reading it back would only check our own work.
    held = np.asarray(pixels) if small else None
    removed = shelf.make_room(found)
    if not removed:
        return found, held, ()
    text = f"{len(removed)} sets of prepared pictures, longest unused, were removed to make room"
    return found, held, (Finding("cache-removed", "note", text, tuple(removed)),)


def _unkept(
    dataset: Dataset, preparation: Preparation, how: Keeping, tell: Progress
) -> tuple[Store, Bad, tuple[Finding, ...]]:
    """Into memory where it has room; else each is looked at once, and decoded whenever it is needed."""
    shape = (len(dataset), *preparation.shape)
    small = int(np.prod(shape)) <= how.memory_bytes
    pixels = shared(shape, np.uint8) if small else None
    bad, _, _ = _filled(dataset, preparation, how, tell, pixels)
    if pixels is not None:
        return Memory(pixels), bad, ()
    return Live(dataset, preparation, _crew(dataset, how)), bad, ()


def _crew(dataset: Dataset, how: Keeping) -> Crew:
    """Of as many workers as there are cores, which calls pictures by their names."""
    return Crew(
        how.workers or machine.usable_threads(),
        lambda row: dataset.source.shown(dataset.paths[row]),
        how.timeout_s,
    )


def _filled(
    dataset: Dataset, preparation: Preparation, how: Keeping, tell: Progress, pixels: Pixels | None
) -> tuple[Bad, NDArray[np.uint8], NDArray[np.uint8]]:
    """All blocks by all workers: unreadable rows, the hash of every file, the checksum of every block."""
    size = block_rows(preparation.shape)
    blocks = -(-len(dataset) // size)
    marks, sums = shared((len(dataset), 16), np.uint8), shared((blocks, 8), np.uint8)
    bad: Bad = []
    done = 0
    for block, faults in _crew(dataset, how).work(
        blocks, fill(dataset, preparation, pixels, marks, sums)
    ):
        bad += faults
        done += min(size, len(dataset) - block * size)
        tell(done, len(dataset))
    return bad, marks, sums


def _from_numbers(dataset: Dataset, preparation: Preparation, tell: Progress) -> Pixels | None:
    """A set that is numbers already, as it is where nothing has to change; None if too large to copy."""
    source = dataset.source
    if not isinstance(source, Arrays):
        return None
    pictures = source.pictures
    if pictures.shape[1:] == preparation.shape and _changes_nothing(preparation):
        return pictures if dataset.at is None else pictures[dataset.at]
    if len(dataset) * int(np.prod(preparation.shape)) > IN_MEMORY_BYTES:
        return None
    made = np.empty((len(dataset), *preparation.shape), np.uint8)
    for row in range(len(dataset)):
        made[row] = one(dataset, row, preparation)
        if row % 1000 == 0:
            tell(row, len(dataset))
    tell(len(dataset), len(dataset))
    return made


def _changes_nothing(preparation: Preparation) -> bool:
    """Whether a picture of the target's size comes out as it went in."""
    whole = preparation.fit != "crop" or preparation.ratio == 1.0
    return whole and preparation.centre == "none"


def _too_large(size: int, limit: int, store: Store) -> Finding:
    gigabytes = (
        f"{size / 1e9:.1f} GB of prepared pictures do not fit in the cache ({limit / 1e9:.1f} GB)"
    )
    then = (
        "they are kept in memory for this run"
        if store.kind == "memory"
        else "they are decoded every epoch"
    )
    return Finding("cache-too-small", "warning", f"{gigabytes}: {then}")


def _silent(done: int, total: int) -> None:
    """No progress wanted."""
