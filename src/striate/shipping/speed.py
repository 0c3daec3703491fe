"""How fast a classifier answers on this machine, measured with made pictures.

Every figure is of warm calls in this process. What else runs on the machine makes them worse, so the
median and the best are both told.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from striate.pictures.files import Pixels, resized, to_jpeg
from striate.shipping.classifier import Classifier
from striate.shipping.predictor import Predictor

SIDES = (375, 500)  # of the made photographs: what cameras' pictures are often published at
BATCHES = (1, 4, 16, 64)
_FEWEST, _MOST = 5, 1_000


class Latency(NamedTuple):
    """Of one call after the other, in milliseconds."""

    p50_ms: float
    p99_ms: float
    best_ms: float
    calls: int


class Rate(NamedTuple):
    """Pictures in a second with so many in a batch and so many threads."""

    batch: int
    threads: int
    per_second: float


def photographs(count: int, shape: tuple[int, int] = SIDES) -> list[bytes]:
    """JPEG files of made pictures, H W, the same in every call."""
    rng = np.random.default_rng(0)
    made: list[Pixels] = [
        resized(rng.integers(0, 256, (24, 32, 3), np.uint8), *shape) for _ in range(count)
    ]
    return [to_jpeg(one) for one in made]


def latency(action: Callable[[], object], seconds: float, fewest: int = _FEWEST) -> Latency:
    """Of one call; the first two are not counted."""
    for _ in range(2):
        action()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < fewest or (time.perf_counter() < end and len(times) < _MOST):
        begun = time.perf_counter()
        action()
        times.append((time.perf_counter() - begun) * 1000)
    at = np.percentile(times, [50, 99])
    return Latency(float(at[0]), float(at[1]), min(times), len(times))


def one_picture(classifier: Classifier, file: bytes, seconds: float) -> tuple[Latency, Latency]:
    """From the bytes of a file to its answer, and the network alone."""
    ready = classifier.prepare(file)

    def whole() -> object:
        row = classifier.probabilities([_pixels(classifier.prepare(file))])[0]
        return classifier.answer("", row)

    return latency(whole, seconds), latency(
        lambda: classifier.probabilities([_pixels(ready)]), seconds
    )


def network_rates(
    classifier: Classifier, file: bytes, threads: int, seconds: float
) -> Iterator[Rate]:
    """The network alone on prepared pictures; larger batches are left out once one takes too long."""
    ready = _pixels(classifier.prepare(file))
    for batch in BATCHES:
        some: list[Pixels] = [ready] * batch
        found = latency(partial(classifier.probabilities, some), seconds / len(BATCHES))
        yield Rate(batch, threads, batch * 1000 / found.p50_ms)
        if found.p50_ms > 1000 * seconds:
            return


def files_rate(
    classifier: Classifier, files: Sequence[Path], batch: int, threads: int, seconds: float
) -> Rate:
    """From files to answers, as `striate predict` does it: the median of passes."""
    names = [str(one) for one in files]
    predictor = Predictor(classifier, batch, threads)
    rates: list[float] = []
    end = time.perf_counter() + seconds
    while len(rates) < 2 or (time.perf_counter() < end and len(rates) < _MOST):
        begun = time.perf_counter()
        done = sum(len(some) for some in predictor.answers(names))
        rates.append(done / (time.perf_counter() - begun))
    return Rate(batch, threads, statistics.median(rates[1:]))


def _pixels(ready: Pixels | str) -> Pixels:
    if isinstance(ready, str):
        raise ValueError(ready)
    return ready
