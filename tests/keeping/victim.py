"""Processes that save and are killed, forked from one that has loaded torch already.

Reads orders as lines of JSON: {"folder": …, "step": …, "at": n} saves once and is killed at the n-th point of
the disk; {"folder": …, "from": …} saves step after step until somebody kills it. Answers with lines of JSON.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from striate.keeping import checkpoint
from tests.keeping import disks


def save_once(folder: Path, step: int, at: int) -> None:
    """Save, and be killed on the way."""
    with disks.points(disks.killing(at)):
        checkpoint.save(folder, step, disks.state_of(step), disks.facts_of(step))


def save_for_ever(folder: Path, step: int, out: int) -> None:
    """Save step after step, and say so."""
    while True:
        checkpoint.save(folder, step, disks.state_of(step), disks.facts_of(step))
        os.write(out, b".")
        step += 1


def main() -> None:
    """Fork one process for each order."""
    disks.state_of(0)  # loads torch once, before anything is forked
    sys.stdout.write("{}\n")
    sys.stdout.flush()
    for line in sys.stdin:
        order = json.loads(line)
        folder = Path(order["folder"])
        begun, told = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                if "at" in order:
                    save_once(folder, order["step"], order["at"])
                else:
                    save_for_ever(folder, order["from"], told)
            finally:
                os._exit(0)
        os.close(told)
        if "at" not in order:
            os.read(begun, 1)  # it has saved at least once
            answer(pid=child)
        _, status = os.waitpid(child, 0)
        os.close(begun)
        answer(killed=os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)


def answer(**told: object) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
