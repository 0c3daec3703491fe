"""A disk of 8 MB that gets full for real, or read-only, in the middle of a training. Run as a program in a
mount namespace of its own, so that no mount outlives it.

Usage: python failing_disk.py PLACE NOTES < lines of JSON; each is one order, and one line of JSON answers it.
PLACE, a folder, becomes the disk; NOTES is a folder elsewhere for what the command says.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.verbs import job

SIZE = "8m"
BALLAST = "ballast"


def fill(place: Path) -> None:
    """Write until there is not a byte left, as another program's log would."""
    with open(place / BALLAST, "ab", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError as fault:
                if fault.errno != errno.ENOSPC:
                    raise


def empty(place: Path, _: Path) -> None:
    """Somebody made room."""
    (place / BALLAST).unlink()


def close(folder: Path) -> None:
    """From here on the folder can only be read, though files of it are open for writing."""
    subprocess.run(["mount", "--bind", folder, folder], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)


def reopen(_: Path, folder: Path) -> None:
    """Somebody mounted it for writing again."""
    subprocess.run(["umount", folder], check=True)


def told(work: Callable[[], int], notes: Path) -> dict[str, Any]:
    """The exit code of a child, and what it wrote on stderr."""

    def heard() -> int:
        file = os.open(notes / "stderr", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 2)
        return work()

    _, status = os.waitpid(job.child(heard), 0)
    return {"code": os.waitstatus_to_exitcode(status), "said": (notes / "stderr").read_text()}


def attempt(place: Path, notes: Path, order: dict[str, Any]) -> dict[str, Any]:
    """A training whose disk fails at a call of the system; `resume` on it; `resume` when it is mended."""
    from striate.cli.main import main
    from striate.keeping.runs import Run

    folder = place / order["name"]
    if order["what"] == "nothing":
        return {"first": told(lambda: job.run(folder), notes)}
    spoil, mend = (fill, empty) if order["what"] == "full" else (close, reopen)
    is_full = order["what"] == "full"
    target = place if is_full else folder

    def work() -> int:  # before `rmdir` too: room that the run itself made is gone again at once
        calls = ("fsync", "replace", "rename", "mkdir", "rmdir")
        job.failing(order["point"], calls, lambda _: spoil(target), for_good=is_full)
        return job.run(folder)

    def again() -> int:
        return main(["resume", str(folder), "-q"])

    first = told(work, notes)
    steps = sorted(p.name for p in (folder / "checkpoints").iterdir() if p.name.isdigit())
    found = {"first": first, "status": Run.open(folder).status, "steps": steps}
    found["meanwhile"] = told(again, notes)
    mend(place, folder)
    return found | {"mended": told(again, notes)}


def hashes(place: Path, name: str) -> dict[str, Any]:
    """Of all that may not depend on the disk, and what is left that should not be; then the run goes."""
    from tests.verbs import test_train_killed as killed

    left = [str(p) for p in (place / name).rglob("*") if p.name.endswith((".tmp", ".unfinished"))]
    found = {"hashes": killed.hashes(place / name), "left": left}
    shutil.rmtree(place / name)
    return found


def serve(place: Path, notes: Path) -> None:
    """Answer lines until there are no more."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", place], check=True)
    import numpy  # noqa: F401, ICN001 imported once, before any fork
    import torch

    import striate.verbs.train_choice
    import striate.verbs.train_stages  # noqa: F401

    torch.set_num_threads(1)
    for line in sys.stdin:
        order = json.loads(line)
        answer = attempt(place, notes, order)
        answer |= hashes(place, order["name"])
        sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    serve(Path(sys.argv[1]), Path(sys.argv[2]))
