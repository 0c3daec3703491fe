"""What a network said of each picture, made into the numbers that every score is a function of.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotJudge

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Bools = NDArray[np.bool_]
_AT_ONCE = 2**20  # logits that are made float64 at a time
_LOWEST = float(np.finfo(np.float32).min)


@final
@dataclass(frozen=True, eq=False)
class Answers:
    """labels, predicted: N. rank: N, how many classes stand before the right one. confidence: N, the
    probability of the predicted class. loss: N, -ln of the probability of the right one.
    log_probabilities: N K.

    The predicted class is the first of the largest logits, so it is the same at every temperature.
    """

    labels: Ints
    predicted: Ints
    rank: Ints
    confidence: Floats
    loss: Floats
    log_probabilities: Singles

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def correct(self) -> Bools:
        """N: whether the first answer was right."""
        right: Bools = self.rank == 0
        return right


def answered(
    logits: NDArray[np.floating], labels: Ints, temperature: float | Floats = 1.0
) -> Answers:
    """The numbers of each picture. `temperature` is one for all, or one for each picture."""
    logits, labels = checked(logits, labels)
    N, K = logits.shape
    heat = np.broadcast_to(np.asarray(temperature, np.float64), (N,))
    if not (np.isfinite(heat) & (heat > 0)).all():
        raise CannotJudge("a temperature is not above 0", "fit it with `calibration.temperature`")
    predicted = logits.argmax(axis=1).astype(np.int64)
    held = np.empty((N, K), np.float32)
    confidence, loss = np.empty(N), np.empty(N)
    for rows in _parts(N, K):
        log = log_softmax(logits[rows], heat[rows])
        places = np.arange(len(log))
        confidence[rows] = np.exp(log[places, predicted[rows]])
        loss[rows] = -log[places, labels[rows]]
        held[rows] = np.maximum(log, _LOWEST)
    return Answers(labels, predicted, _ranks(logits, labels), confidence, loss, held)


def softmax(logits: NDArray[np.floating], temperature: float | Floats = 1.0) -> Floats:
    """N K probabilities, in float64."""
    wide = np.asarray(logits)
    heat = np.broadcast_to(np.asarray(temperature, np.float64), (len(wide),))
    made: Floats = np.exp(log_softmax(wide, heat))
    return made


def log_softmax(logits: NDArray[np.floating], temperature: Floats) -> Floats:
    """N K logarithms of probabilities, exact near 0 too: a probability of 1 - 1e-30 is not taken for 1.

    So pictures that are all but certain keep their order, where probabilities would be equal.
    """
    made: Floats = logits.astype(np.float64)
    made /= temperature[:, None]
    top = made.argmax(axis=1)[:, None]
    made -= np.take_along_axis(made, top, axis=1)
    others = np.exp(made)
    np.put_along_axis(others, top, 0.0, axis=1)
    made -= np.log1p(others.sum(axis=1))[:, None]
    return made


def checked(logits: NDArray[np.floating], labels: Ints) -> tuple[NDArray[np.floating], Ints]:
    """Both as they must be, or CannotJudge with every fault."""
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim != 2 or labels.ndim != 1 or len(logits) != len(labels):
        raise CannotJudge(
            f"logits of shape {logits.shape} do not go with labels of shape {labels.shape}",
            "give one row of logits, with one value for each class, for each label",
        )
    if labels.dtype.kind not in "iu":
        raise CannotJudge(
            f"labels are places in the list of classes, whole numbers, not {labels.dtype}"
        )
    N, K = logits.shape
    if not N or not K:
        raise CannotJudge("there is nothing to judge: no pictures, or no classes")
    faults = []
    odd = ~np.isfinite(logits).all(axis=1)
    if odd.any():
        faults.append(
            f"the logits of {int(odd.sum()):,} of {N:,} pictures are infinite or no numbers, first in "
            f"row {int(odd.argmax())}"
        )
    outside = (labels < 0) | (labels >= K)
    if outside.any():
        faults.append(
            f"{int(outside.sum()):,} of {N:,} labels are not among {K} classes, first "
            f"{int(labels[outside.argmax()])} in row {int(outside.argmax())}"
        )
    if faults:
        raise CannotJudge(
            "; ".join(faults),
            "train with a smaller step, or look at what these pictures became; labels are places in the "
            "list of classes",
        )
    return logits, labels.astype(np.int64)


def named(classes: Sequence[str], K: int) -> tuple[str, ...]:
    """The names of the classes, one for each column."""
    if len(classes) != K or len(set(classes)) != K:
        raise CannotJudge(
            f"{len(classes)} names ({len(set(classes))} different) for {K} classes",
            "give each class one name of its own",
        )
    return tuple(classes)


def _ranks(logits: NDArray[np.floating], labels: Ints) -> Ints:
    """How many classes are said before the right one; of equal logits the first class is said first."""
    N, K = logits.shape
    found = np.empty(N, np.int64)
    for rows in _parts(N, K):
        some, truth = logits[rows], labels[rows, None]
        right = np.take_along_axis(some, truth, axis=1)
        earlier = (some == right) & (np.arange(K) < truth)
        found[rows] = ((some > right) | earlier).sum(axis=1)
    return found


def _parts(N: int, K: int) -> Iterator[slice]:
    """Runs of rows that are not too large to be made float64."""
    step = max(1, _AT_ONCE // K)
    return (slice(start, min(start + step, N)) for start in range(0, N, step))
