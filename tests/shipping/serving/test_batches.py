"""Nothing waits for a batch to fill, and what has to wait is answered together."""

from __future__ import annotations

import json
import random
import threading
import time
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest

from striate.pictures.files import to_png
from striate.shipping.classifier import Classifier, load
from striate.shipping.serving import batches, model_process
from striate.shipping.serving.batches import Work, channelled
from tests.shipping.serving import served
from tests.shipping.serving.served import HANG_S
from tests.verbs import made


class Slow:
    """An engine that says when it is asked, and answers when it is let."""

    name, at_once = "slow", 32

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self.sizes: list[int] = []
        self.asked, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def decode(self, data: bytes) -> Any:
        return self._engine.decode(data)

    def prepare(self, pixels: Any) -> Any:
        return self._engine.prepare(pixels)

    def probabilities(self, pictures: Any) -> Any:
        self.sizes.append(len(pictures))
        self.asked.release()
        self.go.acquire()
        return self._engine.probabilities(pictures)


@pytest.fixture
def slow() -> Classifier:
    found = load(made.photos().path, threads=1)
    found.engine = Slow(found.engine)
    return found


def head(number: int, do: str = "predict", **more: Any) -> dict[str, Any]:
    return {"id": number, "do": do, "left": 6000, "top": 2, "names": ["n"], **more}


def until(what: Any) -> None:
    """Wait for something that other threads do."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < HANG_S
        time.sleep(0.001)


def give(work: Work, number: int, picture: bytes, **more: Any) -> None:
    work.take(head(number, sizes=[len(picture)], **more), picture)


def test_an_idle_model_runs_one_picture_and_those_that_waited_run_together(slow: Any) -> None:
    answers: SimpleQueue[Any] = SimpleQueue()
    work = Work(slow, 1, lambda *told: answers.put(told), most=4)
    for i in range(7):
        give(work, i, served.pictures()[i])
        if i == 0:
            assert slow.engine.asked.acquire(timeout=HANG_S)
    until(lambda: work._decoded.qsize() == 6)
    for _ in range(3):
        slow.engine.go.release()
    found = {
        told["id"]: json.loads(body)
        for told, body in (answers.get(timeout=HANG_S) for _ in range(7))
    }
    assert slow.engine.sizes == [1, 4, 2]
    slow.engine.go.release()
    for i, row in enumerate(slow.predict(served.pictures()[0])):
        assert found[i][0]["probability"] == pytest.approx(row.probability, abs=1e-6)


def test_what_nobody_waits_for_is_not_looked_at(slow: Any) -> None:
    answers: SimpleQueue[Any] = SimpleQueue()
    work = Work(slow, 1, lambda *told: answers.put(told))
    give(work, 1, served.pictures()[0], left=-1)
    assert answers.get(timeout=HANG_S) == ({"id": 1, "late": True},)
    assert slow.engine.sizes == []


def test_what_became_late_while_it_waited_is_not_run_and_those_behind_it_are(
    slow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    late: set[int] = set()
    monkeypatch.setattr(batches.Job, "is_late", lambda job, _=0.0: job.head["id"] in late)
    answers: SimpleQueue[Any] = SimpleQueue()
    work = Work(slow, 1, lambda *told: answers.put(told))
    give(work, 0, served.pictures()[0])
    assert slow.engine.asked.acquire(timeout=HANG_S)
    for i in (1, 2):
        give(work, i, served.pictures()[i])
    until(lambda: work._decoded.qsize() == 2)
    late.add(1)
    slow.engine.go.release(2)
    found = [answers.get(timeout=HANG_S)[0] for _ in range(3)]
    assert [told["id"] for told in found] == [0, 1, 2]
    assert [told.get("late", False) for told in found] == [False, True, False]
    assert slow.engine.sizes == [1, 1]
    until(lambda: work._room.held == 0)


def test_a_run_that_would_end_too_late_is_not_begun() -> None:
    job = batches.Job(head(1, left=800.0), [b""])
    job.until = time.monotonic() + 100.0
    assert not job.is_late()
    assert job.is_late(80.0)
    job.until = time.monotonic() + 700.0
    assert not job.is_late(10_000.0)  # one slow run must not make every request late
    # No run is so large that those who wait for it are late by it alone.
    assert job.fitting(0.0) == batches.MOST
    assert job.fitting(10.0) == 13
    assert not job.is_late(13 * 10.0)
    assert job.fitting(1000.0) == 0  # one is run all the same


def test_decoded_pictures_wait_within_bounds_however_large_they_are() -> None:
    room = batches.Room(10)
    held: list[int] = []

    def some(number: int) -> None:
        draw = random.Random(number)
        for _ in range(200):
            size = draw.randint(1, 6)
            room.take(size)
            held.append(room.held)
            room.give(size)

    threads = [threading.Thread(target=some, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(held) <= 10
    assert room.held == 0
    room.take(25)  # alone it is taken, or it never would be
    assert room.held == 25


def test_a_network_that_fails_answers_with_a_reason_and_goes_on(slow: Any) -> None:
    answers: SimpleQueue[Any] = SimpleQueue()
    work = Work(slow, 1, lambda *told: answers.put(told))
    good = slow.engine._engine
    slow.engine._engine = None
    slow.engine.go.release(2)
    give(work, 1, served.pictures()[0], do="infer")
    work.take(head(2, "infer", shape=[1, 9, 9, 3]), bytes(243))
    assert [answers.get(timeout=HANG_S)[0]["failed"] for _ in range(2)] == [1, 1]
    slow.engine._engine = good
    slow.engine.go.release()
    give(work, 3, served.pictures()[0], do="infer")
    told, body = answers.get(timeout=HANG_S)
    assert told["failed"] == 0
    assert np.frombuffer(body, "<f4").sum() == pytest.approx(1)


def test_grey_becomes_colour_and_colour_grey_as_pillow_does_it(rng: np.random.Generator) -> None:
    from striate.pictures.files import Rules, decode

    pixels = rng.integers(0, 256, (40, 50, 3), np.uint8)
    wanted = decode(to_png(pixels), Rules(mode="L"))
    assert (channelled(pixels, 1) == wanted).all()
    assert channelled(wanted, 3).shape == (40, 50, 3)
    assert channelled(pixels, 3) is pixels


def test_the_first_run_is_before_the_first_client() -> None:
    model_process._warm(load(made.digits().path, threads=1))
    assert batches.MOST >= 8
