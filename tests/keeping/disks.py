"""Disks that fail at the n-th call, or kill the process there; states whose content follows from a step.

Everything that changes a disk, and every opening of a file, is a point: open, write, fsync, mkdir, rename,
replace, unlink and rmdir. Flushing is counted and left out: these tests cut no power, and it takes long.
"""

from __future__ import annotations

import builtins
import errno
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

if TYPE_CHECKING:
    from torch import Tensor

CALLS = ("open", "fsync", "mkdir", "rename", "replace", "unlink", "rmdir")
Act = Callable[[int, str, Callable[[], None]], None]  # number, name, and doing half of it


def state_of(step: int) -> dict[str, Tensor]:
    """Tensors of several types whose numbers follow from the step alone."""
    import torch

    weights = (torch.arange(600, dtype=torch.float64) * (step + 1)).sin()
    return {
        "net.weight": weights.float().reshape(20, 30),
        "net.half": weights[:7].to(torch.bfloat16),
        "net.count": torch.tensor(step, dtype=torch.int64),
        "optimiser.weight.momentum": weights.reshape(30, 20).t(),
        "mask": weights[:9] > 0,
        "nothing": torch.empty(0, 3),
    }


def facts_of(step: int) -> dict[str, object]:
    """Facts that follow from the step."""
    return {"epoch": step // 7, "rate": 0.1 / (step + 1), "name": f"état {step}", "best": None}


def is_state_of(step: int, found: dict[str, Tensor]) -> bool:
    """Whether tensors are those of a step, to the bit."""
    import torch

    wanted = state_of(step)
    return set(wanted) == set(found) and all(
        found[name].dtype == tensor.dtype
        and found[name].shape == tensor.shape
        and torch.equal(found[name], tensor)
        for name, tensor in wanted.items()
    )


class File:
    """A file whose writing is a point too."""

    def __init__(self, file: Any, point: Callable[[str, Callable[[], None]], None]) -> None:
        self._file, self._point = file, point

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> File:
        return self

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def write(self, data: Any) -> int:
        """Write, if nothing happens before."""
        half = memoryview(data).cast("B")
        self._point("write", lambda: self._file.write(half[: len(half) // 2]) and None)
        return self._file.write(data)


@contextmanager
def points(act: Act) -> Iterator[list[str]]:
    """Let `act` be told of every point before it happens; give the names of those that were met."""
    met: list[str] = []

    def point(name: str, half: Callable[[], None] = lambda: None) -> None:
        met.append(name)
        act(len(met), name, half)

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **given: Any) -> Any:
            point(name)
            return None if name == "fsync" else real(*args, **given)

        return call

    real_open = builtins.open

    def opened(file: Any, *args: Any, **given: Any) -> Any:
        point("open")
        return File(real_open(file, *args, **given), point)

    with ExitStack() as stack:
        for name in CALLS:
            patched = counted(name, getattr(os, name))
            stack.enter_context(mock.patch.object(os, name, patched))
        stack.enter_context(mock.patch.object(builtins, "open", opened))
        yield met


def harmless(number: int, name: str, half: Callable[[], None]) -> None:
    """Let everything happen."""


def failing(at: int, code: int, lasting: bool) -> Act:
    """Fail the point of this number with an error of the system, or that one and all after it."""

    def act(number: int, name: str, half: Callable[[], None]) -> None:
        if number == at or (lasting and number > at):
            if code == errno.ENOSPC:
                half()
            raise OSError(code, os.strerror(code))

    return act


def killing(at: int) -> Act:
    """Kill this process at the point of this number; a writing is half done then."""

    def act(number: int, name: str, half: Callable[[], None]) -> None:
        if number == at:
            half()
            os.kill(os.getpid(), signal.SIGKILL)

    return act


def under_final_names(folder: Path) -> list[Path]:
    """What stands under the name of a checkpoint."""
    return sorted(p for p in (folder / "checkpoints").iterdir() if not p.name.startswith("."))


def leftovers(folder: Path) -> list[str]:
    """Hidden and temporary names anywhere in a folder."""
    return sorted(p.name for p in folder.rglob("*") if p.name.startswith(".") or ".tmp" in p.name)
