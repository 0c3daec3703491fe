"""Named sets: what there is, and getting one. What will be done is known before a byte is asked for."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from striate.errors import ArchiveRefused, FileFault, SetNotHere, SetRefused
from striate.fetch import Patience, fetch, hash_of
from striate.optional import need
from striate.pictures.named.known import KNOWN, named, read
from striate.pictures.named.shelf import KnownSet, Remote, check, find, home, lacking
from striate.pictures.named.staging import building
from striate.pictures.named.unpack import Limits, extract

# Told of each file: its name, how much has come, and how much there is (None where it is not known).
Progress = Callable[[str, int, int | None], None]
_ROOM = 2.2  # the archive, what comes out of it, and a little
_SLACK = 1 << 20


@dataclass(frozen=True)
class Getting:
    """What `get` will do: where the set goes, what is downloaded, and what the user brought.

    `already` is the folder where all of it lies; then there is nothing to do.
    """

    known: KnownSet
    target: Path
    brought: dict[str, Path] = field(default_factory=dict)
    already: Path | None = None

    @property
    def downloads(self) -> tuple[Remote, ...]:
        """The files that come over the network."""
        return tuple(r for r in self.known.files if r.name not in self.brought)

    @property
    def unhashed(self) -> tuple[str, ...]:
        """The files whose content nobody has stated a hash for."""
        return tuple(remote.name for remote in self.known.files if not remote.md5)

    @property
    def store(self) -> Path:
        """Where downloads wait until all are there; kept when one is interrupted."""
        return self.target.with_name(f".{self.known.name}.download")


def listed(root: str | Path | None = None) -> list[dict[str, Any]]:
    """One row for each set; `here` is its folder, or None where it is not here."""
    return [_row(known, root) for known in KNOWN.values()]


def _row(known: KnownSet, root: str | Path | None) -> dict[str, Any]:
    folder = None if known.maker else find(known, root)
    return {
        "name": known.name,
        "title": known.title,
        "classes": known.classes,
        "pictures": {split: count for split, count in known.pictures._asdict().items() if count},
        "size_bytes": known.size_bytes,
        "licence": known.licence,
        "citation": known.citation,
        "mirror": known.mirror,
        "source": "striate" if known.maker else "download" if known.is_downloaded else "archive",
        "here": bool(known.maker or folder),
        "folder": str(folder) if folder else None,
        "note": known.note,
    }


def plan_get(
    name: str, root: str | Path | None = None, archives: Sequence[str | Path] = ()
) -> Getting:
    """What getting a set takes; raises where it cannot be done. Nothing is written or asked for."""
    known = named(name)
    target = (Path(root).expanduser() if root else home()) / known.name
    if known.maker:
        return Getting(known, target, already=target)
    if (found := find(known, root)) is not None:
        check(known, found)
        return Getting(known, target, already=found)
    getting = Getting(known, target, _brought(known, archives))
    if os.path.lexists(target):
        lost = lacking(known, target)
        raise FileFault(
            f"{target} is there already, without {lost[0] if lost else 'what it needs'}",
            "move it away, or name another folder with --root",
            where=str(target),
        )
    missing = [remote.name for remote in getting.downloads if not remote.url]
    if missing:
        raise SetNotHere(
            f"{known.name} cannot be downloaded by Striate: {', '.join(missing)} must come from you",
            f"get it from its authors and run: striate data get {known.name} --from FILE_OR_FOLDER",
            where=known.note,
        )
    if known.needs:
        need(known.needs, to=f"read {known.name}", extra="train")
    _check_room(getting)
    return getting


def _brought(known: KnownSet, archives: Sequence[str | Path]) -> dict[str, Path]:
    """Which of the user's files is which: by name, or the only one for a set of one file."""
    found: dict[str, Path] = {}
    for path in map(Path, archives):
        if not path.exists():
            raise FileFault(f"{path} is not there", "give the archive, or its folder", str(path))
        if path.is_file() and len(known.files) == 1:
            return {known.files[0].name: path}
        inside = path if path.is_dir() else path.parent
        names = [r.name for r in known.files if path.is_dir() or r.name == path.name]
        met = {name: inside / name for name in names if (inside / name).is_file()}
        if not met:
            wanted = ", ".join(remote.name for remote in known.files)
            text = f"{path} is no file of {known.name}, and holds none"
            raise FileFault(text, f"these are its files: {wanted}", where=str(path))
        found |= met
    return found


def _check_room(getting: Getting) -> None:
    """Refuse before the download what would fill the disk."""
    place = next(p for p in (getting.target, *getting.target.parents) if p.is_dir())
    needed, free = int(getting.known.size_bytes * _ROOM), shutil.disk_usage(place).free
    if needed > free:
        raise FileFault(
            f"{getting.known.name} needs about {size_text(needed)}, and {size_text(free)} are free",
            "make room, or name a folder on another disk with --root",
            where=str(place),
        )


def get(
    getting: Getting, progress: Progress | None = None, patience: Patience | None = None
) -> Path:
    """Download what is missing, check every hash, unpack beside the target, and rename.

    An interrupted download goes on where it stopped the next time. After any other fault nothing is left.
    """
    if getting.already is not None:
        return getting.already
    known, store = getting.known, getting.store
    paths = dict(getting.brought)
    for name, path in paths.items():
        _check_brought(known, name, path)
    for remote in getting.downloads:
        paths[remote.name] = _downloaded(getting, remote, progress, patience)
    pictures = sum(known.pictures)
    # Beside pictures an archive may hold a few small files for each, as masks and boxes.
    limits = Limits(max(8 * 2**30, 4 * known.size_bytes), 6 * pictures + 20_000)
    with building(getting.target) as folder:
        for remote in known.files:
            _place(
                remote,
                paths[remote.name],
                folder,
                limits,
                is_ours=remote.name not in getting.brought,
            )
        lost = lacking(known, folder)
        if lost:
            raise ArchiveRefused(
                f"what was unpacked is not {known.name}: it lacks {', '.join(lost[:3])}",
                "give the archive as its authors publish it",
            )
        check(known, folder)
        read(known, folder)
    shutil.rmtree(store, ignore_errors=True)
    return getting.target


def _check_brought(known: KnownSet, name: str, path: Path) -> None:
    """Refuse a file of the user's that is not the published one."""
    (remote,) = (remote for remote in known.files if remote.name == name)
    if remote.md5 and (found := hash_of(path, "md5")) != remote.md5:
        raise SetRefused(
            f"{path.name} is not the published {name}: md5 {found}, expected {remote.md5}",
            "it is damaged or another version: get it again from its authors",
            where=str(path),
        )


def _downloaded(
    getting: Getting, remote: Remote, progress: Progress | None, patience: Patience | None
) -> Path:
    """One file, complete and with the stated hash, in the store."""
    try:
        getting.store.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        text = f"{getting.store} cannot be made: {fault.strerror or fault}"
        raise FileFault(text, "name another folder with --root", str(getting.store)) from fault

    def told(done: int, total: int | None) -> None:
        if progress is not None:
            progress(remote.name, done, total)

    return fetch(
        remote.url,
        getting.store / remote.name,
        md5=remote.md5,
        size_limit=2 * getting.known.size_bytes + _SLACK,
        progress=told,
        patience=patience,
    )


def _place(remote: Remote, path: Path, folder: Path, limits: Limits, is_ours: bool) -> None:
    """One file into the folder of the set: as it is, or what comes out of it."""
    if remote.how == "keep":
        if is_ours:
            with contextlib.suppress(OSError):  # not every file system has links
                os.link(path, folder / remote.name)
                return
        shutil.copyfile(path, folder / remote.name)
        return
    inside = folder / remote.into
    inside.mkdir(exist_ok=True)
    extract(path, inside, limits)
    if remote.how == "unpack twice":
        for inner in sorted(inside.glob("*.tar")):
            inner.with_suffix("").mkdir()
            extract(inner, inner.with_suffix(""), limits)
            inner.unlink()


def size_text(size_bytes: int) -> str:
    """A size as people say it: 171 MB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6)):
        if size_bytes >= size:
            number = size_bytes / size
            return f"{number:.1f} {unit}" if number < 10 else f"{number:,.0f} {unit}"
    return f"{size_bytes / 1000:.0f} kB"
