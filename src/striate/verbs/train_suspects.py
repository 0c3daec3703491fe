"""Pictures whose label may be wrong: confident learning on heads that did not see them.

The features are those of the trained network, the heads are fitted in five folds, and it takes at most a
tenth of the budget: where all of train would take longer, a seeded part of it is looked at, and said.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.judging.suspects import suspects
from striate.pictures.order import order
from striate.verbs.train_order import Event, Said, Working

if TYPE_CHECKING:
    from striate.training.state import Training
    from striate.verbs.train_ready import Ready

MOST, FEWEST, LISTED = 20_000, 100, 100
SHARE = 0.1  # of the budget
L2 = 0.01  # of standardised features: strong enough that no head learns wrong labels by heart
_AT_ONCE = 256


def find(ready: Ready, done: Training) -> Generator[Event, None, list[dict[str, Any]]]:
    """Rows of metrics.json, the least credible label first."""
    from striate.training import frozen, frozen_head

    data = ready.dataset
    rows = data.places("train")
    rows = rows[order(len(rows), ready.recipe.seed, 0)[:MOST].astype(np.int64)]
    made, begun = [], time.perf_counter()
    for start in range(0, len(rows), _AT_ONCE):
        yield Working("looking for wrong labels", start, len(rows))
        some = rows[start : start + _AT_ONCE]
        made.append(frozen.features(done.network, ready.pictures, some, device=ready.course.device))
        if time.perf_counter() - begun > SHARE / 2 * ready.recipe.budget_s:
            break
    looked = min(len(rows), len(made) * _AT_ONCE)
    if looked < min(FEWEST, len(rows)):
        return []
    if looked < data.splits["train"]:
        yield Said(
            f"labels of {looked:,} of {data.splits['train']:,} pictures of train were looked at"
        )
    rows, labels = rows[:looked], data.labels[rows[:looked]].astype(np.int64)
    groups = [data.groups[int(row)] for row in rows] if data.groups is not None else None
    share = frozen_head.out_of_fold(
        np.concatenate(made), labels, groups, len(data.classes), L2, seed=ready.recipe.seed
    )
    found = suspects(share.astype(np.float64), labels, data.classes)
    return [
        one.to_dict() | {"path": data.paths[int(rows[one.row])], "split": "train"}
        for one in found[:LISTED]
    ]
