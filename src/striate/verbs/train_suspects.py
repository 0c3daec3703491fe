"""Pictures whose label may be wrong: confident learning on heads that did not see them.

The features are those of the trained network, which did see them: a wrong label that it has learnt by heart
may hide. The heads are fitted in five folds. Features may take half of a tenth of the budget (without one, of
the time that the steps took), and heads what is left of it: where all of train would take longer, a seeded
part of it is looked at, and said.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from striate.errors import NotFinite
from striate.judging.suspects import suspects
from striate.pictures.order import order
from striate.verbs.train_order import Event, Said, Working

if TYPE_CHECKING:
    from striate.training.state import Training
    from striate.verbs.train_ready import Ready

MOST, FEWEST, LISTED = 20_000, 100, 100
FITTED_FIRST = 2_000  # pictures whose heads show how long those of all would take
SHARE = 0.1  # of the budget, or of the time that so many epochs took
LEAST_S = 2.0  # beside a training of some seconds: nobody waits for it, and small sets are looked at whole
L2 = 0.01  # of standardised features: strong enough that no head learns wrong labels by heart
_AT_ONCE = 256


def find(ready: Ready, done: Training) -> Generator[Event, None, list[dict[str, Any]]]:
    """Rows of metrics.json, the least credible label first."""
    from striate.training.insides import insides

    data = ready.dataset
    rows = data.places("train")
    rows = rows[order(len(rows), ready.recipe.seed, 0)[:MOST].astype(np.int64)]
    made, begun, allowed = [], time.perf_counter(), _allowed_s(ready)
    for start in range(0, len(rows), _AT_ONCE):
        yield Working("looking for wrong labels", start, len(rows))
        some = rows[start : start + _AT_ONCE]
        try:
            made.append(insides(done.network, ready.pictures, some, device=ready.course.device))
        except NotFinite as fault:  # a finished training is not lost for this
            yield Said(f"labels were not looked at: {fault.text}", "warning")
            return []
        if time.perf_counter() - begun > allowed / 2:
            break
    looked = min(len(rows), len(made) * _AT_ONCE)
    if looked < min(FEWEST, len(rows)):
        return []
    share = _out_of_fold(ready, np.concatenate(made), rows[:looked], begun + allowed)
    looked = len(share)
    if looked < data.splits["train"]:
        yield Said(
            f"labels of {looked:,} of {data.splits['train']:,} pictures of train were looked at"
        )
    labels = data.labels[rows[:looked]].astype(np.int64)
    found = suspects(share.astype(np.float64), labels, data.classes)
    return [
        one.to_dict() | {"path": data.paths[int(rows[one.row])], "split": "train"}
        for one in found[:LISTED]
    ]


def _allowed_s(ready: Ready) -> float:
    """How long it may take. Epochs win over a budget, which then is the default and says nothing."""
    if not ready.recipe.epochs:
        return SHARE * ready.recipe.budget_s
    return max(LEAST_S, SHARE * float(ready.run.facts().get("seconds", {}).get("train", 0.0)))


def _out_of_fold(
    ready: Ready, features: NDArray[np.float32], rows: NDArray[np.int64], end: float
) -> NDArray[np.float64]:
    """n K probabilities of the first n pictures: of all of them, if heads for so many are fitted by `end`."""
    from striate.training import frozen_head

    data = ready.dataset

    def fitted(count: int) -> NDArray[np.float64]:
        some = rows[:count]
        groups = [data.groups[int(row)] for row in some] if data.groups is not None else None
        labels = data.labels[some].astype(np.int64)
        return frozen_head.out_of_fold(
            features[:count], labels, groups, len(data.classes), L2, seed=ready.recipe.seed
        )

    tried, begun = min(len(rows), FITTED_FIRST), time.perf_counter()
    share = fitted(tried)
    now = time.perf_counter()
    more = min(len(rows), int(tried * (end - now) / max(now - begun, 1e-9)))
    return fitted(more) if more > tried else share
