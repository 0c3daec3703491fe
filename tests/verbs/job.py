"""A small training that is killed again and again: run as a program, it forks one child for every try, so
that torch is imported once.

Usage: python job.py FOLDER < lines of JSON; each line is one try, and one line of JSON answers it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

MODEL = "1x8x8: whiten=(conv2-8 gelu) conv3p1-8 bn relu max2 conv3p1-16 bn relu drop0.2 gap fc10"
SETTINGS = (
    "batch=64", "epochs=3", "looks=4", "save_every_s=0", "machine.micro_batch=64", "machine.threads=1",
    "machine.precision=fp32", "pictures.size=8", "average.name=ema", "schedule.name=cosine",
)  # fmt: skip
# Whatever changes which files there are, or says that they are on the disk.
CALLS = ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir")


def run(folder: Path, settings: tuple[str, ...] = SETTINGS, data: str = "digits") -> int:
    """The command itself, in this process; gives its exit code."""
    from striate.cli.main import main

    flags = [part for one in settings for part in ("--set", one)]
    return main(["train", data, "--model", MODEL, "-o", str(folder), "-q", *flags])


def child(work: Callable[[], int]) -> int:
    """Fork; the child ends with what `work` gives."""
    number = os.fork()
    if number == 0:
        os.setpgid(0, 0)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        code = 70
        try:
            code = work()
        finally:
            os._exit(code)
    return number


def failing(
    point: int, calls: tuple[str, ...], action: Callable[[str], None], *, for_good: bool = False
) -> None:
    """From here on the `point`-th of these functions of `os` (counted together) does `action` first; all that
    follow too where it is `for_good`.
    """
    left = [point]
    for name in calls:
        real = getattr(os, name)

        def wrapped(*given: Any, _real: Any = real, _name: str = name, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 or (for_good and left[0] < 0):
                action(_name)
            return _real(*given, **named)

        setattr(os, name, wrapped)


def kill_oneself(_: str) -> None:
    """What a power cut would be."""
    os.kill(os.getpid(), signal.SIGKILL)


def noting(listed: str) -> None:
    """From here on every such call becomes a line of this file: its name, and the file that it is about."""
    handle = os.open(listed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for name in CALLS:
        real = getattr(os, name)

        def wrapped(*given: Any, _real: Any = real, _name: str = name, **named: Any) -> Any:
            about = given[1] if _name in ("replace", "rename") else given[0]
            if isinstance(about, int):
                about = os.readlink(f"/proc/self/fd/{about}")
            os.write(handle, (json.dumps([_name, os.fspath(about)]) + "\n").encode())
            return _real(*given, **named)

        setattr(os, name, wrapped)


def wait_for_step(folder: Path, step: int, number: int) -> None:
    """Until this step, or a later one, has a checkpoint, or the process is gone."""
    names = f"checkpoints/{'[0-9]' * 9}"
    while not any(int(path.name) >= step for path in folder.glob(names)):
        if os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return
        time.sleep(0.001)


def attempt(order: dict[str, Any]) -> dict[str, Any]:
    """One try: killed after some seconds, by a signal, at a call of the system, or left alone."""
    folder, settings = Path(order["folder"]), tuple(order.get("settings", SETTINGS))

    def work() -> int:
        if "point" in order:
            failing(order["point"], CALLS, kill_oneself)
        if "listed" in order:
            noting(order["listed"])
        return run(folder, settings)

    started = time.monotonic()
    number = child(work)
    if "after" in order:
        time.sleep(order["after"])
        os.kill(number, order.get("signal", signal.SIGKILL))
    if "signals" in order:
        wait_for_step(folder, order["step"], number)
        for one in order["signals"]:
            os.kill(number, one)
            time.sleep(order["pause"])
    asked = time.monotonic()
    _, status = os.waitpid(number, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    ended = time.monotonic()
    return {"code": code, "seconds": ended - started, "after_signal": ended - asked}


def serve() -> None:
    """Answer lines until there are no more."""
    import numpy  # noqa: F401, ICN001 imported once, before any fork
    import torch

    import striate.verbs.train_choice
    import striate.verbs.train_steps  # noqa: F401

    torch.set_num_threads(1)
    for line in sys.stdin:
        answer = attempt(json.loads(line))
        sys.stderr.flush()
        sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    serve()
