"""The work of a model process: threads decode pictures, others run the network on those that are ready.

Nothing ever waits for a batch to fill. While the network runs, what arrives is decoded and waits; then it is
shared out as the next batches, one for each thread. So an idle server answers at once, with all cores. Runs
stand side by side; their threads sleep while they wait (`load(shared=True)`), or they would starve one
another.

What would be answered too late is not looked at any more: a queue that is served in its order would else be
full of pictures that nobody waits for, and none would be answered in time. Bytes of decoded pictures that
wait are bounded too: an exported file that prepares by itself takes them as large as they are.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, final

import numpy as np

from striate.errors import StriateError
from striate.pictures.files import Pixels, to_png
from striate.shipping.answer import Answer
from striate.shipping.classifier import Classifier

MOST = 32  # pictures in one run of the network
_WAITING_BYTES = 256 * 2**20  # of pictures that are decoded and not run yet
_SHARE = (
    0.25  # of the time that a request has: at most so much is kept free for the run that answers it
)
_MARGIN = 1.5  # a run may take so many times as long as the last one
Send = Callable[..., None]  # head, then pieces of the body


@final
class Job:
    """One request: its pictures and what is known of each."""

    def __init__(self, head: dict[str, Any], pictures: Sequence[bytes | Pixels]) -> None:
        self.head, self.pictures = head, pictures
        self.until = time.monotonic() + float(head["left"])
        self.began = time.perf_counter()
        self.found: list[Any] = [None] * len(pictures)
        self.batch = 0
        self._left, self._lock = len(pictures), threading.Lock()

    def is_late(self, takes: float = 0.0) -> bool:
        """Whether nobody will wait for it any more in so many seconds."""
        return (
            time.monotonic() + min(_MARGIN * takes, _SHARE * float(self.head["left"])) > self.until
        )

    def fitting(self, each: float) -> int:
        """How many pictures, of so many seconds each, one run may have without making them late."""
        return int(min(MOST, _SHARE * float(self.head["left"]) / _MARGIN / max(each, 1e-6)))

    def tell(self, place: int, what: Any) -> bool:
        """Keep a row of probabilities, or the reason why there is none; whether that was the last."""
        self.found[place] = what
        with self._lock:
            self._left -= 1
            return self._left == 0


class _Decoded(NamedTuple):
    job: Job
    place: int
    pixels: Pixels


_LATE = object()  # stands where a row would: there was no time for it


@final
class Room:
    """So many bytes and no more, but one picture at least. Who brings more waits."""

    def __init__(self, most: int) -> None:
        self._most, self.held, self._less = most, 0, threading.Condition()

    def take(self, size: int) -> None:
        """Wait until there is room."""
        with self._less:
            while self.held and self.held + size > self._most:
                self._less.wait()
            self.held += size

    def give(self, size: int) -> None:
        """It is free again."""
        with self._less:
            self.held -= size
            self._less.notify_all()


@final
class Work:
    """`take` is given messages; answers go out through `send`, from whichever thread had the last word."""

    def __init__(self, classifier: Classifier, threads: int, send: Send, most: int = MOST) -> None:
        self._classifier, self._send, self._most = classifier, send, most
        self._runners = threads
        self._room, self._each = Room(_WAITING_BYTES), 0.0  # seconds a picture
        self._asked: SimpleQueue[tuple[Job, int]] = SimpleQueue()
        self._decoded: SimpleQueue[_Decoded] = SimpleQueue()
        for target in [self._decode, self._run] * threads:
            threading.Thread(target=target, daemon=True).start()

    def take(self, head: dict[str, Any], body: bytes) -> None:
        """One message of the front process."""
        job = Job(head, _pictures(head, body))
        for place in range(len(job.pictures)):
            self._asked.put((job, place))

    def _decode(self) -> None:
        while True:
            job, place = self._asked.get()
            if job.is_late(self._each):
                self._tell(job, place, _LATE)
            elif job.head["do"] == "seen":
                self._show(job)
            else:
                made = self._prepared(job.pictures[place])
                if isinstance(made, str):
                    self._tell(job, place, made)
                else:
                    self._room.take(made.nbytes)
                    self._decoded.put(_Decoded(job, place, made))

    def _prepared(self, picture: bytes | Pixels) -> Pixels | str:
        try:
            if isinstance(picture, bytes):
                return self._classifier.prepare(picture)
            return self._classifier.prepare(
                channelled(picture, self._classifier.preparation.channels)
            )
        except Exception as fault:  # noqa: BLE001 a picture that breaks a decoder breaks nothing else
            return f"it cannot be read ({type(fault).__name__})"

    def _show(self, job: Job) -> None:
        """The picture as the network sees it."""
        try:
            data = to_png(self._classifier.preparation.decode(job.pictures[0]))  # type: ignore[arg-type]
        except StriateError as fault:
            self._send({"id": job.head["id"], "failed": 1, "reason": fault.text})
        except Exception as fault:  # noqa: BLE001 as above
            self._send({"id": job.head["id"], "failed": 1, "reason": type(fault).__name__})
        else:
            self._send({"id": job.head["id"], "failed": 0}, data)

    def _run(self) -> None:
        while True:
            batch = [self._decoded.get()]
            fitting = batch[0].job.fitting(self._each) - 1
            more = max(0, min(self._most - 1, fitting, self._decoded.qsize() // self._runners))
            with suppress(Empty):  # another runner may have been quicker
                batch += (self._decoded.get_nowait() for _ in range(more))
            size = sum(one.pixels.nbytes for one in batch)
            good = []
            for one in batch:
                if one.job.is_late(self._each * len(batch)):
                    self._tell(one.job, one.place, _LATE)
                else:
                    good.append(one)
            if good:
                self._run_on(good)
            del batch, good, one  # or they were held until the next ones come
            self._room.give(size)

    def _run_on(self, batch: list[_Decoded]) -> None:
        began = time.monotonic()
        try:
            rows: Any = self._classifier.probabilities([one.pixels for one in batch])
        except Exception as fault:  # noqa: BLE001 the next batch may be a good one
            rows = [f"the network could not be run ({type(fault).__name__})"] * len(batch)
        self._each = (time.monotonic() - began) / len(batch)
        for one, row in zip(batch, rows, strict=True):
            one.job.batch = len(batch)
            self._tell(one.job, one.place, row)

    def _tell(self, job: Job, place: int, what: Any) -> None:
        if not job.tell(place, what):
            return
        if any(one is _LATE for one in job.found):
            self._send({"id": job.head["id"], "late": True})
            return
        reasons = [one for one in job.found if isinstance(one, str)]
        spent = (time.perf_counter() - job.began) * 1000
        head = {
            "id": job.head["id"],
            "failed": len(reasons),
            "batch": job.batch,
            "ms": round(spent, 2),
        }
        if job.head["do"] == "predict":
            self._send(head, json.dumps(self._rows(job), ensure_ascii=False).encode())
        elif reasons:
            self._send(head | {"reason": reasons[0]})
        else:
            self._send(head, np.stack(job.found).astype("<f4").tobytes())

    def _rows(self, job: Job) -> list[dict[str, Any]]:
        threshold, rows = job.head.get("threshold"), []
        for name, one in zip(job.head["names"], job.found, strict=True):
            if isinstance(one, str):
                rows.append(Answer.failed(name, one).to_dict())
                continue
            row = self._classifier.answer(name, one, job.head["top"]).to_dict()
            if threshold is not None and row["error"] is None:
                row["sure"] = row["probability"] >= threshold
            rows.append(row)
        return rows


def _pictures(head: dict[str, Any], body: bytes) -> list[bytes | Pixels]:
    if "shape" in head:
        return list(np.frombuffer(body, np.uint8).reshape(head["shape"]))
    found: list[bytes | Pixels] = []
    start = 0
    for size in head["sizes"]:
        found.append(body[start : start + size])
        start += size
    return found


def channelled(pixels: Pixels, wanted: int) -> Pixels:
    """Colour to grey by Pillow's luma, in its own whole numbers; grey to three equal channels."""
    given = pixels.shape[2]
    if given == 1 < wanted:
        return np.repeat(pixels, wanted, axis=2)
    if wanted == 1 < given:
        red, green, blue = (pixels[..., i].astype(np.uint32) for i in range(3))
        luma = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
        return luma.astype(np.uint8)[..., None]
    return pixels
