"""The folder of a run before it is one: its name, what may stand in it, its tables, and the link to it."""

from __future__ import annotations

import contextlib
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import striate
from striate.errors import FileFault, NewerFormat, RunFault
from striate.keeping import manifest, run_lock
from striate.keeping.strict_json import parse

SCHEMA = 1
ROOT = Path("runs")
LATEST = "latest"
FACTS = "run.json"
_LARGEST = 64 << 20


def new_folder(now: datetime) -> Path:
    """A folder of its own in runs/; its name is not that of another, even of one made at this moment."""
    ROOT.mkdir(exist_ok=True)
    for attempt in range(100):
        folder = ROOT / f"{now:%Y-%m-%d}-{secrets.token_hex(2 if attempt < 20 else 4)}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir()
            return folder
    raise RunFault(f"{ROOT} has no free name for a run", "remove old runs", where=str(ROOT))


def given_folder(path: Path) -> Path:
    """The folder that a user named: new, or empty."""
    if os.path.lexists(path) and not path.is_dir():
        raise RunFault(f"{path} is there and is no folder", "give another with -o", where=str(path))
    refuse_full(path)
    path.mkdir(parents=True, exist_ok=True)
    return path


def refuse_full(folder: Path) -> None:
    """Refuse a folder that holds something; what a run killed in its first moment left does not count."""
    names = {entry.name for entry in os.scandir(folder)} if folder.is_dir() else set()
    if FACTS in names:
        raise RunFault(
            f"{folder} holds a run already",
            f"`striate resume {folder}` goes on with it; give another folder with -o for a new one",
            where=str(folder),
        )
    kept = [n for n in names if n != run_lock.NAME and not n.startswith(f".{FACTS}.")]
    if kept:
        raise RunFault(
            f"{folder} is not empty and holds no run, so nothing is written there",
            "give a folder that is new or empty with -o",
            where=f"{folder}, with {min(kept)!r} in it",
        )


def table(path: Path) -> dict[str, Any] | None:
    """A JSON table of a run; None where the file is missing."""
    try:
        told = parse(manifest.small_content(path, _LARGEST))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as fault:
        raise damaged(path, str(getattr(fault, "strerror", None) or fault)) from fault
    if not isinstance(told, dict) or type(told.get("schema_version")) is not int:
        raise damaged(path, "it has no schema_version")
    if told["schema_version"] > SCHEMA:
        raise NewerFormat(
            f"{path} has schema_version {told['schema_version']}; "
            f"Striate {striate.__version__} reads {SCHEMA}",
            "install a newer Striate: pip install --upgrade striate",
            where=str(path),
        )
    return told


def damaged(path: Path, reason: str) -> FileFault:
    """The fault of a table that is there and cannot be used."""
    return FileFault(f"{path} cannot be used: {reason}", "bring it back from a copy", str(path))


def point_latest(folder: Path) -> None:
    """Let `latest` beside a run point to it. A convenience: where there are no links, there is none."""
    link = folder.parent / LATEST
    passing = folder.parent / f".{LATEST}"
    if link.is_symlink() or not link.exists():
        with contextlib.suppress(OSError):
            passing.unlink(missing_ok=True)
            passing.symlink_to(folder.name, target_is_directory=True)
            os.replace(passing, link)
        with contextlib.suppress(OSError):
            passing.unlink(missing_ok=True)
