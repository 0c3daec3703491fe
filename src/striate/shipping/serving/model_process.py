"""A model process: `python -m striate.shipping.serving.model_process MODEL THREADS`, started by `workers`.

It reads messages on stdin and answers on stdout, and ends when its stdin does: so it never outlives the
front process. Damaged pictures are decoded here, where a crash costs one process that comes back.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from typing import Any, BinaryIO

import numpy as np

from striate.errors import StriateError
from striate.shipping.classifier import Classifier, load
from striate.shipping.serving import frames
from striate.shipping.serving.batches import Work


def main(path: str, threads: int) -> int:
    """Load, say so, and work until stdin ends."""
    # Ctrl-C and the end of a container reach every process; the front process decides when this one ends.
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    warnings.simplefilter("ignore")  # a picture must not be able to fill the log
    send = _sender(_private_stdout())
    try:
        # Runs stand side by side, and one alone gets all cores.
        classifier = load(path, threads=threads, shared=True)
        _warm(classifier)
    except StriateError as fault:
        told = {"code": fault.code, "text": fault.text, "hint": fault.hint, "where": fault.where}
        send({"do": "failed", **told})
        return 1
    except Exception as fault:  # noqa: BLE001 the front process tells the user
        send({"do": "failed", "code": "X001", "text": f"{type(fault).__name__}: {fault}"})
        return 1
    work = Work(classifier, threads, send)
    send({"do": "ready", "card": classifier.card, "runtime": classifier.runtime})
    while (message := frames.read(sys.stdin.buffer)) is not None:
        work.take(*message)
    return 0


def _private_stdout() -> BinaryIO:
    """Stdout for messages alone: whatever a library prints goes to stderr instead."""
    kept = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(kept, "wb")


def _sender(out: BinaryIO) -> Any:
    lock = threading.Lock()

    def send(head: dict[str, Any], *body: bytes) -> None:
        with lock:
            out.writelines(frames.packed(head, *body))
            out.flush()

    return send


def _warm(classifier: Classifier) -> None:
    """The first run allocates; no client should wait for that."""
    height, width, channels = classifier.preparation.shape
    blank = np.zeros((height, width, channels), np.uint8)
    made = classifier.prepare(blank)
    if not isinstance(made, str):
        classifier.probabilities([made])


if __name__ == "__main__":
    try:
        code = main(sys.argv[1], int(sys.argv[2]))
    except BrokenPipeError:  # the server has ended meanwhile: nobody is left to tell
        code = 0
    # Threads may be in the middle of a batch that nobody waits for.
    os._exit(code)
