"""Labels that may be wrong: confident learning (Northcutt et al. 2021, arXiv 1911.00068).

Probabilities must come from networks that did not see the picture (out of fold), or a wrong label that was
learnt by heart looks right. A class is confident of a picture when its probability reaches the mean that the
class gives to pictures labelled so; a picture of which another class is confident is a suspect.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import NDArray

from striate.errors import CannotJudge
from striate.judging.answers import Floats, Ints, checked, named

Order = Literal["margin", "self_confidence"]
_SLACK = 1e-6  # a picture whose probability equals the mean is not lost to rounding


@final
@dataclass(frozen=True)
class Suspect:
    """row: its place among the pictures given; label: what is written; likely: what it looks like, with
    `probability`. self_confidence: the probability of the label; margin: that minus the largest other.
    """

    row: int
    label: str
    likely: str
    probability: float
    self_confidence: float
    margin: float

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@final
@dataclass(frozen=True, eq=False)
class Joint:
    """counts: K K, pictures labelled as the row that the class of the column is most confident of.
    thresholds: K; infinite for a class without pictures. guess: N, that class, or -1 where none is.
    """

    counts: Ints
    thresholds: Floats
    guess: Ints

    @property
    def share_wrong(self) -> float:
        """About the share of wrong labels: off the diagonal, each row scaled to its pictures."""
        rows = self.counts.sum(axis=1)
        off = rows - self.counts.diagonal()
        given = self._given
        kept = rows > 0
        return float((off[kept] / rows[kept] * given[kept]).sum() / given.sum())

    # K, the pictures of each label, counted or not.
    _given: Ints


def confident_joint(probabilities: NDArray[np.floating], labels: Ints) -> Joint:
    """The counts of confident pictures, from N K out-of-fold probabilities and N labels."""
    share, labels = _shares(probabilities, labels)
    N, K = share.shape
    given = np.bincount(labels, minlength=K).astype(np.int64)
    own = np.bincount(labels, share[np.arange(N), labels], minlength=K)
    thresholds = np.where(given > 0, own / np.maximum(given, 1), np.inf)
    confident = share >= thresholds - _SLACK
    guess = np.where(confident, share, -1.0).argmax(axis=1)
    guess[~confident.any(axis=1)] = -1
    known = guess >= 0
    counts = np.bincount(labels[known] * K + guess[known], minlength=K * K).reshape(K, K)
    return Joint(counts.astype(np.int64), thresholds, guess.astype(np.int64), given)


def suspects(
    probabilities: NDArray[np.floating],
    labels: Ints,
    classes: Sequence[str],
    ranked_by: Order = "margin",
) -> tuple[Suspect, ...]:
    """The pictures off the diagonal of the confident joint, the least credible label first.

    Those whose label has the largest probability after all are not accused.
    """
    if ranked_by not in ("margin", "self_confidence"):
        raise CannotJudge(f"suspects are ranked by margin or self_confidence, not {ranked_by!r}")
    share, labels = _shares(probabilities, labels)
    N, K = share.shape
    names = named(classes, K)
    guess = confident_joint(share, labels).guess
    own = share[np.arange(N), labels]
    others = share.copy()
    others[np.arange(N), labels] = -1.0
    margin = own - others.max(axis=1)
    rows = np.flatnonzero((guess >= 0) & (guess != labels) & (margin < 0))
    by = margin if ranked_by == "margin" else own
    return tuple(
        Suspect(
            int(i), names[labels[i]], names[guess[i]], float(share[i, guess[i]]), float(own[i]),
            float(margin[i]),
        )
        for i in rows[np.argsort(by[rows], kind="stable")]
    )  # fmt: skip


def _shares(probabilities: NDArray[np.floating], labels: Ints) -> tuple[Floats, Ints]:
    share, labels = checked(probabilities, labels)
    wide: Floats = share.astype(np.float64)
    if (wide < 0).any() or (np.abs(wide.sum(axis=1) - 1) > 1e-3).any():
        raise CannotJudge(
            "these are no probabilities: a row does not add up to 1",
            "give the softmax of the logits: `calibration.softmax(logits, temperature)`",
        )
    return wide, labels
