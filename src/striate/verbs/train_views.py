"""Unsure pictures looked at again: mirrored, and moved by a pixel. A figure of its own, beside the headline.

The headline is that of the function that is shipped, one view. This one says what more looks would give:
pictures whose probability is under a fixed gate (the lowest quarter of val, kept in the card, never a
quantile of the pictures asked about) get the mean of all views' scores.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from striate.judging.answers import softmax
from striate.judging.intervals import proportion
from striate.judging.predict import predict
from striate.pictures.augment.crop import reflected
from striate.pictures.batches import Batch
from striate.pictures.files import Pixels
from striate.pictures.normalised import normalised
from striate.training.state import Training
from striate.verbs.train_ready import Ready, Rows

UNSURE = 0.25  # of val
SMALL = 64  # pixels; a pixel more or less means nothing to larger ones
Logits = NDArray[np.float32]


def views(
    ready: Ready, done: Training, found: dict[str, tuple[Logits, Rows]], temperature: float
) -> dict[str, Any] | None:
    """What metrics.json says; None where there is no other view: photographs that may not be mirrored."""
    names = kinds(ready)
    if not names:
        return None
    sure = softmax(found["val"][0], temperature).max(axis=1)
    gate = float(np.quantile(sure, UNSURE))
    made: dict[str, Any] = {"gate": gate, "views": ["plain", *names]}
    for split, (logits, rows) in found.items():
        asked = np.flatnonzero(softmax(logits, temperature).max(axis=1) < gate)
        mean = logits.astype(np.float64)
        if len(asked):
            more = [
                predict(
                    done.network, _batches(ready, rows[asked], name), device=ready.course.device
                )[0]
                for name in names
            ]
            mean[asked] = np.mean([logits[asked], *more], axis=0)
        right = int((mean.argmax(axis=1) == ready.dataset.labels[rows]).sum())
        made[split] = proportion(right, len(rows)).to_dict() | {"looked_again": len(asked)}
    return made


def kinds(ready: Ready) -> list[str]:
    """The other views that pictures of this data and size have."""
    names = ["mirrored"] if ready.dataset.mirror else []
    if ready.pictures.preparation.size[0] <= SMALL:
        names += ["up and left", "down and right"]
    return names


def seen(pixels: Pixels, name: str) -> Pixels:
    """N H W C as this view shows it; borders are mirrored."""
    if name == "mirrored":
        return np.ascontiguousarray(pixels[:, :, ::-1])
    by = 1 if name == "up and left" else -1
    rows, columns = (reflected(np.arange(side) + by, side) for side in pixels.shape[1:3])
    return np.ascontiguousarray(pixels[:, rows][:, :, columns])


def _batches(ready: Ready, rows: Rows, name: str) -> Iterator[Batch]:
    at_once = ready.judged_at_once
    for step, start in enumerate(range(0, len(rows), at_once)):
        some = rows[start : start + at_once]
        pixels = torch.from_numpy(seen(ready.pictures.take(some), name)).to(ready.course.device)
        labels = torch.zeros(len(some), dtype=torch.int64)
        images = normalised(pixels, ready.pictures.preparation)
        yield Batch(images, labels, torch.ones(len(some)), some, step, labels)
