"""Every score of one split, each with its 95 % interval, as one frozen object and as plain values.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from striate.judging import calibration
from striate.judging.abstain import Abstention, abstain
from striate.judging.answers import Answers, Floats, Ints, answered, named
from striate.judging.confusion import ClassScore, balanced_accuracy, by_class, confusion, macro_f1
from striate.judging.intervals import NOTHING, Measure, proportion
from striate.judging.ranking import macro_auc

FEW = 30  # pictures of a class below which intervals of means over classes may be too narrow


@final
@dataclass(frozen=True, eq=False)
class Score:
    """All that is known of one split. loss and ece_after: after the temperature; loss_before and
    ece_before: as the network says it. table: K K, rows are the truth. top_5: where there are more than
    5 classes. notes: what should be known before a score is believed.

    ece_by_chance: about the calibration error that perfect probabilities would show on as many pictures.
    """

    count: int
    accuracy: Measure
    top_5: Measure
    balanced_accuracy: Measure
    macro_f1: Measure
    macro_auc: Measure
    loss: float
    loss_before: float
    ece_before: float
    ece_after: float
    ece_by_chance: float
    per_class: tuple[ClassScore, ...]
    table: Ints
    bins_before: tuple[calibration.Bin, ...]
    bins_after: tuple[calibration.Bin, ...]
    abstention: Abstention
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values as metrics.json holds them: None where nothing was measured, never NaN."""
        top = {} if self.top_5 is NOTHING else {"top_5": self.top_5.to_dict()}
        accuracy = self.accuracy.to_dict()
        return {
            "accuracy": accuracy["value"],
            "interval_95": accuracy["interval_95"],
            "count": self.count,
            **top,
            "balanced_accuracy": self.balanced_accuracy.to_dict(),
            "macro_f1": self.macro_f1.to_dict(),
            "macro_auc": self.macro_auc.to_dict(),
            "loss": self.loss,
            "loss_before": self.loss_before,
            "ece_before": self.ece_before,
            "ece_after": self.ece_after,
            "ece_by_chance": self.ece_by_chance,
            "per_class": {one.name: one.to_dict() for one in self.per_class},
            "confusion": self.table.tolist(),
            "calibration": {
                "before": [one.to_dict() for one in self.bins_before],
                "after": [one.to_dict() for one in self.bins_after],
            },
            "abstention": self.abstention.to_dict(),
            "notes": list(self.notes),
        }


def score(
    logits: NDArray[np.floating],
    labels: Ints,
    classes: Sequence[str],
    temperature: float | Floats = 1.0,
    wanted_precision: float = 0.95,
    threshold: float | None = None,
) -> Score:
    """Judge N K logits by N labels, places in `classes`.

    temperature: one for all, or one for each picture (`calibration.cross_fitted`). threshold: of the
    probability, below which the network says that it is not sure; None chooses it here, which is for val.
    """
    after = answered(logits, labels, temperature)
    before = answered(logits, labels)
    N, K = after.log_probabilities.shape
    names = named(classes, K)
    table = confusion(after.labels, after.predicted, K)
    bins_before, bins_after = (calibration.bins(a.confidence, a.correct) for a in (before, after))
    return Score(
        count=N,
        accuracy=proportion(int(after.correct.sum()), N),
        top_5=top(after, 5) if K > 5 else NOTHING,
        balanced_accuracy=balanced_accuracy(table),
        macro_f1=macro_f1(table),
        macro_auc=macro_auc(after.log_probabilities, after.labels),
        loss=float(after.loss.mean()),
        loss_before=float(before.loss.mean()),
        ece_before=calibration.error(bins_before),
        ece_after=calibration.error(bins_after),
        ece_by_chance=calibration.error_by_chance(after.confidence),
        per_class=by_class(table, names),
        table=table,
        bins_before=bins_before,
        bins_after=bins_after,
        abstention=abstain(after.confidence, after.correct, wanted_precision, threshold),
        notes=_notes(table.sum(axis=1), names),
    )


def top(answers: Answers, k: int) -> Measure:
    """The share of pictures whose right class is among the first k answers."""
    return proportion(int((answers.rank < k).sum()), len(answers))


def _notes(counts: Ints, names: Sequence[str]) -> tuple[str, ...]:
    """Classes without pictures, and with few."""
    absent = [name for name, count in zip(names, counts, strict=True) if not count]
    few = [f"{name} ({n})" for name, n in zip(names, counts, strict=True) if 0 < n < FEW]
    found = []
    if absent:
        found.append(
            f"no pictures of {_listed(absent)}: nothing is measured on them, and means over classes leave "
            "them out"
        )
    if few:
        found.append(
            f"fewer than {FEW} pictures of {_listed(few)}: wide intervals for these, and means over classes "
            "whose own intervals may be too narrow"
        )
    return tuple(found)


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - 10:,} more" if len(names) > 10 else ""
    return ", ".join(names[:10]) + more
