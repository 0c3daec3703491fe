"""Run folders: made once, never overwritten, and worked in by one process at a time.

runs/2026-11-20-7f3a/   run.json · classes.json · metrics.json · metrics.csv · predictions.csv · …
runs/latest             a link to the newest, where the system has links
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, final

from striate import safe
from striate.errors import FileFault, RunFault
from striate.keeping import run_lock, run_tables, whole
from striate.keeping.card import class_faults
from striate.keeping.run_folder import (
    FACTS,
    LATEST,
    ROOT,
    SCHEMA,
    damaged,
    given_folder,
    new_folder,
    point_latest,
    refuse_full,
    table,
)
from striate.keeping.run_lock import Lock
from striate.keeping.run_tables import Number, Prediction
from striate.pages import notebook

CLASSES, SCORES = "classes.json", "metrics.json"
METRICS, PREDICTIONS = "metrics.csv", "predictions.csv"


@final
@dataclass(frozen=True)
class Run:
    """A run folder. One that was made by `create` or `resume` is this process's own until `release`."""

    path: Path
    lock: Lock | None = None

    @classmethod
    def create(cls, path: Path | None, now: datetime) -> Run:
        """Make a run, in runs/ of the current folder where no path is given, and take it.

        A folder that holds anything is refused and stays untouched.
        """
        try:
            folder = new_folder(now) if path is None else given_folder(path)
        except OSError as fault:
            raise safe.unwritable(path or ROOT, fault, 0) from fault
        lock = None
        try:
            lock = Lock.take(folder)
            refuse_full(folder)
            safe.flush_folder(folder.parent)
            run = cls(folder, lock)
            started = now.astimezone(UTC).isoformat(timespec="seconds")
            name = folder.name if path is None else f"{now:%Y-%m-%d}-{secrets.token_hex(2)}"
            run.write_facts({"id": name, "status": "running", "started": started})
        except BaseException as fault:
            if path is None:
                whole.discard(folder)
            if lock is not None:
                lock.release()
            if isinstance(fault, OSError):
                raise safe.unwritable(folder, fault, 0) from fault
            raise
        if path is None:
            point_latest(folder)
        return run

    @classmethod
    def open(cls, path: str | Path) -> Run:
        """A run that is there, to be read; `latest` is the newest in runs/."""
        folder = find(path)
        cls(folder).facts()
        return cls(folder)

    @classmethod
    def resume(cls, path: str | Path) -> Run:
        """A run that is there, taken to go on with it; RunBusy where another process works in it."""
        run = cls.open(path)
        return cls(run.path, Lock.take(run.path))

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _repr_html_(self) -> str:
        """What Jupyter shows: the row of `striate runs list`."""
        row = _row(self.path)
        rate = "" if row.accuracy is None else f"{row.accuracy:.2%} ({row.split})"
        told = (row.status, row.started[:16].replace("T", " "), row.data, rate, row.fault)
        table_of = notebook.table(("status", "started", "data", "accuracy", ""), [told])
        return f"{notebook.heading(f'run {row.id}')}{table_of}{notebook.lines([str(self.path)])}"

    def release(self) -> None:
        """Let other processes work in it."""
        if self.lock is not None:
            self.lock.release()

    def file(self, name: str) -> Path:
        """The path of a file of this run, to be written through `safe`. A link there is refused."""
        target = self.path / name
        if target.is_symlink():
            raise RunFault(
                f"{target} is a link, and nothing is written through it", "remove it", str(target)
            )
        return target

    def facts(self) -> dict[str, Any]:
        """What run.json says."""
        told = table(self.path / FACTS)
        if told is None:
            raise _no_run(self.path, f"it has no {FACTS}")
        if not isinstance(told.get("id"), str) or not isinstance(told.get("status"), str):
            raise _no_run(self.path, f"{FACTS} has no id or no status")
        return told

    def write_facts(self, facts: Mapping[str, object]) -> None:
        """Write run.json anew."""
        safe.write_json(self.file(FACTS), {"schema_version": SCHEMA, **facts})

    def update(self, **changes: object) -> None:
        """Change these names of run.json and keep the others."""
        self.write_facts({**self.facts(), **changes})

    @property
    def status(self) -> str:
        """running, finished, interrupted or failed; one that says running and is not, was interrupted."""
        told = str(self.facts()["status"])
        return "interrupted" if told == "running" and run_lock.is_free(self.path) else told

    def write_classes(self, counts: Mapping[str, int]) -> None:
        """Write classes.json: the names in the order of their indices, and how many pictures each has."""
        faults = class_faults(list(counts))
        if faults:
            raise FileFault(f"{CLASSES} cannot be written: {faults[0]}", "rename the classes")
        told = {"schema_version": SCHEMA, "classes": list(counts), "counts": dict(counts)}
        safe.write_json(self.file(CLASSES), told)

    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of their indices."""
        told = table(self.path / CLASSES)
        faults = ["it is missing"] if told is None else class_faults(told.get("classes"))
        if told is None or faults:
            raise damaged(self.path / CLASSES, faults[0])
        return tuple(told["classes"])

    def write_scores(self, scores: Mapping[str, object]) -> None:
        """Write metrics.json."""
        safe.write_json(self.file(SCORES), {"schema_version": SCHEMA, **scores})

    def scores(self) -> dict[str, Any] | None:
        """What metrics.json says; None where nothing was judged yet."""
        return table(self.path / SCORES)

    def append_metrics(self, row: Mapping[str, Number]) -> None:
        """Add one evaluation to metrics.csv."""
        run_tables.append_metrics(self.file(METRICS), row)

    def cut_metrics(self, step: int) -> int:
        """Before going on from a checkpoint: drop the evaluations after its step; tell how many."""
        return run_tables.cut_metrics(self.file(METRICS), step)

    def metrics(self) -> list[dict[str, Number]]:
        """The rows of metrics.csv."""
        return run_tables.read_metrics(self.path / METRICS)

    def write_predictions(self, rows: Iterable[Prediction]) -> None:
        """Write predictions.csv."""
        run_tables.write_predictions(self.file(PREDICTIONS), rows)

    def predictions(self) -> list[Prediction]:
        """The rows of predictions.csv."""
        return run_tables.read_predictions(self.path / PREDICTIONS)


class Listed(NamedTuple):
    """A row of `striate runs list`. `accuracy` is that of `split`; `fault` says why a run is unreadable."""

    path: Path
    id: str
    status: str
    started: str
    data: str
    split: str
    accuracy: float | None
    fault: str


def listed(root: Path = ROOT) -> list[Listed]:
    """All runs in a folder, newest first, those that cannot be read last."""
    try:
        folders = [Path(e.path) for e in os.scandir(root) if e.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as fault:
        raise FileFault(
            f"{root} cannot be read: {fault.strerror or fault}", where=str(root)
        ) from fault
    runs = [folder for folder in folders if os.path.lexists(folder / FACTS)]
    return sorted(map(_row, runs), key=lambda row: (row.started, row.id), reverse=True)


def remove(path: str | Path) -> Path:
    """Remove a run and all that is in it: only a run, and only while nobody works in it.

    A link in it goes, what it points to stays; a link to a run is refused, `latest` apart.
    """
    folder = find(path)
    if folder.is_symlink():
        raise RunFault(f"{folder} is a link", "name the folder itself", where=str(folder))
    run = Run.open(folder)
    here = Path.cwd()
    if folder.resolve() in (here, *here.parents):
        raise RunFault(f"{folder} holds the current folder", "go elsewhere first", str(folder))
    with Run.resume(run.path):
        try:
            whole.remove(folder)
        except OSError as fault:
            reason = f"{fault.strerror or fault} ({fault.filename})"
            raise FileFault(f"{folder} cannot be removed: {reason}", where=str(folder)) from fault
    link = folder.parent / LATEST
    if link.is_symlink() and not link.exists():
        with contextlib.suppress(OSError):
            link.unlink()
        for newest in listed(folder.parent)[:1]:
            point_latest(newest.path)
    return folder


def find(path: str | Path) -> Path:
    """The folder of a run: a path, the name of one in runs/, or `latest`."""
    given = Path(path)
    for place in (given, ROOT / given):
        if place.name == LATEST and place.is_symlink():
            place = place.parent / os.path.basename(os.readlink(place))  # never out of its folder
        if place.is_dir():
            return place
    if given.name == LATEST:
        for newest in listed(given.parent if given.parent != Path() else ROOT)[:1]:
            return newest.path
    raise RunFault(
        f"{path} is no run: there is no such folder", "`striate runs list` shows the runs"
    )


def is_run(path: Path) -> bool:
    """Whether a folder holds a run that can be read."""
    try:
        Run(path).facts()
    except FileFault:
        return False
    return True


def _row(folder: Path) -> Listed:
    run = Run(folder)
    try:
        facts, scores, status = run.facts(), run.scores() or {}, run.status
    except FileFault as fault:
        return Listed(folder, folder.name, "unreadable", "", "", "", None, fault.text)
    split = next((name for name in ("test", "val") if isinstance(scores.get(name), dict)), "")
    accuracy = scores[split].get("accuracy") if split else None
    data = facts.get("data")
    name = data.get("name") if isinstance(data, dict) else None
    return Listed(
        folder,
        str(facts["id"]),
        status,
        str(facts.get("started", "")),
        str(name or ""),
        split,
        accuracy if isinstance(accuracy, float | int) else None,
        "",
    )


def _no_run(folder: Path, reason: str) -> RunFault:
    return RunFault(
        f"{folder} is no run: {reason}", "`striate runs list` shows the runs", str(folder)
    )
