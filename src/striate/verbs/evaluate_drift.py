"""Whether other pictures are of the kind that a run was judged on: told with their score, since a score
without this can be read wrongly.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from striate.errors import StriateError
from striate.judging import drift
from striate.judging.answers import softmax
from striate.keeping.runs import Run
from striate.verbs.train_order import Event, Order, Said

if TYPE_CHECKING:
    from striate.pictures.store.cache import Prepared
    from striate.shipping.classifier import Classifier

_MOST = 2_000


class Drift(NamedTuple):
    """Every fact that was compared, the largest difference first, and one paragraph."""

    shifts: tuple[drift.Shift, ...]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {"text": self.text, "facts": [one.to_dict() for one in self.shifts]}


def drift_of(
    run: Run,
    order: Order,
    classifier: Classifier,
    pictures: Prepared,
    logits: NDArray[np.float32],
) -> Generator[Event, None, Drift | None]:
    """The probability of the answers and the answered classes beside those of the run's val, and the light of
    the pictures where those of the run are still there.
    """
    mine = [row for row in run.predictions() if row.split == "val"]
    if not mine:
        return None
    share = softmax(logits, float(classifier.card["temperature"]))
    names = {name: i for i, name in enumerate(classifier.classes)}
    said = drift.Said(
        np.array([names[row.label] for row in mine]), share.argmax(1), classifier.classes
    )
    old = {"probability of the answer": np.array([row.probability for row in mine])}
    new = {"probability of the answer": share.max(1)}
    try:
        light = yield from _light_of_val(run, order, classifier)
    except (StriateError, OSError) as fault:
        text = fault.text if isinstance(fault, StriateError) else str(fault)
        yield Said(f"brightness and contrast are not compared: {text}")
    else:
        theirs = _light(pictures)
        for i, name in enumerate(("brightness", "contrast")):
            old[name], new[name] = light[i], theirs[i]
    shifts = drift.drift(old, new, said)
    return Drift(shifts, drift.summary(shifts, len(share)))


def _light_of_val(
    run: Run, order: Order, classifier: Classifier
) -> Generator[Event, None, NDArray[np.float64]]:
    from striate.verbs import train_data

    dataset = train_data.opened(order, int(run.facts()["seed"]), run.path)
    rows = dataset.places("val")
    some = dataset.only(rows[:: max(1, len(rows) // _MOST)])
    return _light((yield from train_data.prepared_all(some, classifier.preparation, True)))


def _light(pictures: Prepared) -> NDArray[np.float64]:
    """2 N: mean and deviation of each."""
    made = []
    for start in range(0, len(pictures.dataset), 64):
        rows = np.arange(start, min(start + 64, len(pictures.dataset)))
        flat = np.asarray(pictures.take(rows)).reshape(len(rows), -1)
        made.append([flat.mean(axis=1, dtype=np.float64), flat.std(axis=1, dtype=np.float64)])
    return np.concatenate(made, axis=1)
