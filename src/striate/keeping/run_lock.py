"""One process at a time works in a run. The system holds the lock, so `kill -9` frees it at once.

The number and the machine in the file are for messages alone: that the file is there means nothing.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import final

from striate import safe
from striate.errors import RunBusy

NAME = ".lock"
# A listing holds a lock for an instant to see whether it is free; so one refusal means little.
_PATIENCE_S = 0.5
_TICK_S = 0.01


@final
class Lock:
    """A lock that is held until `release`, or until the process ends."""

    def __init__(self, handle: int | None, note: str = "") -> None:
        self._handle, self.note = handle, note
        # Reading processes are forked from this one. The lock must not live on in them.
        if handle is not None and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forgetting(weakref.ref(self)))

    @classmethod
    def take(cls, folder: Path) -> Lock:
        """Take the lock of a run; what killed writers left there goes. Where the system has no locks, `note`
        says so and the run goes unguarded.
        """
        fcntl = _fcntl()
        if fcntl is None:
            return cls(None, "this system has no file locks: start no second process in this run")
        give_up = time.monotonic() + _PATIENCE_S
        while True:
            handle = _open(folder)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = _holder(handle)
                os.close(handle)
                if time.monotonic() > give_up:
                    raise _busy(folder, holder) from None
            except OSError:
                os.close(handle)
                note = "this disk has no file locks: start no second process in this run"
                return cls(None, note)
            else:
                if _still_there(handle, folder):
                    os.ftruncate(handle, 0)
                    os.pwrite(handle, f"{os.getpid()} {socket.gethostname()}\n".encode(), 0)
                    safe.sweep(folder)
                    return cls(handle)
                os.close(handle)  # the run was removed or moved meanwhile
                if time.monotonic() > give_up:
                    raise _busy(folder, "")
            time.sleep(_TICK_S)

    def __del__(self) -> None:
        self.release()

    def release(self) -> None:
        """Free the lock; a second time does nothing."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


def is_free(folder: Path) -> bool:
    """Whether no process works in a run. Nothing is written; a run on a disk without locks counts as free."""
    fcntl = _fcntl()
    if fcntl is None:
        return True
    try:
        handle = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        os.close(handle)
    return True


def _open(folder: Path) -> int:
    try:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        return os.open(folder / NAME, flags, 0o644)
    except OSError as fault:
        raise safe.unwritable(folder / NAME, fault, 0) from fault


def _still_there(handle: int, folder: Path) -> bool:
    """Whether the file that is locked is the one that stands in the folder."""
    try:
        return os.path.samestat(os.fstat(handle), os.stat(folder / NAME))
    except OSError:
        return False


def _holder(handle: int) -> str:
    """The process that has the lock, in words, or nothing."""
    number, _, machine = os.pread(handle, 200, 0).decode("utf-8", "replace").strip().partition(" ")
    return f"process {number} on {machine}" if number.isdigit() and machine.isprintable() else ""


def _busy(folder: Path, holder: str) -> RunBusy:
    return RunBusy(
        f"{holder or 'another process'} is working in {folder}",
        "wait for it or stop it; to train beside it, give another folder with -o",
        where=str(folder),
    )


def _forgetting(lock: weakref.ref[Lock]) -> Callable[[], None]:
    """What a forked process does with the lock: it lets go of its copy."""

    def forget() -> None:
        held = lock()
        if held is not None:
            with contextlib.suppress(OSError):
                held.release()

    return forget


def _fcntl() -> ModuleType | None:
    """File locks, which Windows has not."""
    try:
        import fcntl
    except ImportError:
        return None
    return fcntl
