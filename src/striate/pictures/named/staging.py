"""A folder that appears whole or not at all: built under another name beside its place, then renamed.

What a killed process left is recognised by its name and its free lock, and removed the next time.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from striate.errors import FileFault
from striate.safe import unwritable

_DAY_S = 86_400


@contextlib.contextmanager
def building(target: str | Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; when the block ends well, it takes the name `target`.

    When the block fails, the folder is removed; what a killed process left is removed before.
    """
    goal = Path(target)
    if os.path.lexists(goal):
        text = f"{goal} is there already, and nothing is written over it"
        raise FileFault(text, "move it away, or name another folder", where=str(goal))
    folder: Path | None = None
    try:
        goal.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{goal.name}.unpacking-"
        clear_leftovers(goal.parent, prefix)
        with contextlib.ExitStack() as held:
            while folder is None or not folder.exists():  # it may be cleared before it is locked
                folder = goal.parent / (prefix + secrets.token_hex(6))
                folder.mkdir()
                held.enter_context(_lock(folder, is_ours=True))
            yield folder
            if hasattr(os, "sync"):
                os.sync()  # one call for all files, so that the name never stands for less than the content
            os.rename(folder, goal)
    except BaseException as fault:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(fault, OSError):
            raise unwritable(target, fault) from fault
        raise


def clear_leftovers(parent: Path, prefix: str) -> None:
    """Remove the temporary folders that no process holds any more."""
    names = [entry.name for entry in os.scandir(parent) if entry.name.startswith(prefix)]
    for folder in (parent / name for name in names):
        with contextlib.suppress(OSError), _lock(folder, is_ours=False):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _lock(folder: Path, is_ours: bool) -> Iterator[None]:
    """Hold a folder against other processes; raises OSError where another one holds it."""
    try:
        import fcntl
    except ImportError:  # no such locks on this system: then a day without a change decides
        if not is_ours and time.time() - folder.stat().st_mtime < _DAY_S:
            raise BlockingIOError(f"{folder} may be in use") from None
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if is_ours else fcntl.LOCK_NB))
        yield
    finally:
        os.close(handle)
