"""The pictures to look at first: wrong and most sure of it, and those with the highest loss.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate.judging.answers import Answers, Floats, Ints, answered, named


@final
@dataclass(frozen=True)
class Mistake:
    """One picture. row: its place among those judged; probability: of the predicted class; loss: -ln of the
    probability of the right one.
    """

    row: int
    truth: str
    predicted: str
    probability: float
    loss: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def most_confident(
    logits: NDArray[np.floating],
    labels: Ints,
    classes: Sequence[str],
    count: int = 20,
    temperature: float | Floats = 1.0,
) -> tuple[Mistake, ...]:
    """Wrong answers, the most probable first; of equal ones the first picture."""
    found = answered(logits, labels, temperature)
    wrong = np.flatnonzero(~found.correct)
    # The loss parts answers that are all but certain, where probabilities are equal.
    order = np.lexsort((wrong, -found.loss[wrong], -found.confidence[wrong]))
    return _told(found, classes, wrong[order[:count]])


def highest_losses(
    logits: NDArray[np.floating],
    labels: Ints,
    classes: Sequence[str],
    count: int = 20,
    temperature: float | Floats = 1.0,
) -> tuple[Mistake, ...]:
    """The pictures whose right class got the least probability, right answers among them too."""
    found = answered(logits, labels, temperature)
    return _told(found, classes, np.argsort(-found.loss, kind="stable")[:count])


def _told(found: Answers, classes: Sequence[str], rows: Ints) -> tuple[Mistake, ...]:
    names = named(classes, found.log_probabilities.shape[1])
    return tuple(
        Mistake(
            int(i),
            names[found.labels[i]],
            names[found.predicted[i]],
            float(found.confidence[i]),
            float(found.loss[i]),
        )
        for i in rows
    )
