"""A linear head on frozen features, fitted to the optimum: what a pretrained network needs first.

Features are standardised for the search, and that is folded back: the head works on features as they are.
The strength of L2 is chosen on val, on a path from strong to weak that ends where val only gets worse.

Shape legend: N rows of train, M of val, D features, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from striate import seeds
from striate.errors import CannotTrain
from striate.pictures.split_shares import Groups, numbered
from striate.training.frozen_solve import (
    GAP,
    Directions,
    Problem,
    Rows,
    Scaling,
    Solution,
    solve,
)
from striate.training.threads import one_thread

Features = NDArray[np.float32]
Labels = NDArray[np.integer[Any]]
L2S = tuple(10 ** (1 - i / 2) for i in range(15))  # 10 … 1e-6
_PATH_GAP = 1e-6  # enough to choose; what is kept is solved to GAP
_WORSE = 3  # strengths in a row that are worse on val, until the rest is not tried
_SAME = 1.01  # losses on val this near are the same: then accuracy decides, then the stronger L2
_FEW = (
    1 << 23
)  # numbers that one thread goes through sooner; and then their result is everywhere the same
_NEVER = 40.0  # the logit of a class without pictures lies so far below the others


@final
@dataclass(frozen=True, eq=False)
class Head:
    """weight: K D float32; bias: K float32. val_loss, val_accuracy: of exactly these numbers, each row of
    val counting once. tried: one row for each strength of L2, in the order of the search.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    l2: float
    val_loss: float
    val_accuracy: float
    tried: tuple[dict[str, float], ...]

    def logits(self, features: Features) -> NDArray[np.float64]:
        """N D to N K."""
        return _logits(features, self.weight, self.bias)


@final
class _Fit:
    """One set of rows, ready to be solved for any strength; classes without rows are put aside."""

    def __init__(
        self, features: Features, labels: Labels, classes: int, weights: NDArray[Any] | None
    ) -> None:
        self.classes = classes
        self.present, inner = np.unique(labels, return_inverse=True)
        counts = np.ones(len(labels)) if weights is None else np.asarray(weights, float)[labels]
        self.scaling = Scaling.of(features)
        self.problem = Problem(
            Rows(features, self.scaling),
            torch.from_numpy(inner.astype(np.int64)),
            torch.from_numpy(counts / counts.sum()),
        )
        self.directions = Directions.of(self.problem.rows)

    def solved(self, l2: float, start: Solution | None, gap: float) -> Solution:
        """The optimum for one strength."""
        return solve(self.problem, self.directions, l2, len(self.present), start, gap)

    def folded(self, solution: Solution) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """K D and K for features as they are: W (x - mean) / std + b = (W / std) x + (b - W mean / std)."""
        inner = solution.weights[:, :-1] / self.scaling.std
        shift = solution.weights[:, -1] - inner @ self.scaling.mean
        shift = shift - shift.mean()  # the same for all classes changes nothing
        weight = np.zeros((self.classes, inner.shape[1]))
        bias = np.full(self.classes, float(shift.min()) - _NEVER)
        weight[self.present], bias[self.present] = inner.numpy(), shift.numpy()
        return weight, bias


def fit_head(
    train: Features,
    labels: Labels,
    val: Features,
    val_labels: Labels,
    classes: int,
    l2s: Sequence[float] = L2S,
    weights: NDArray[Any] | None = None,
) -> Head:
    """The head with the lowest loss on val; of those within a hundredth, the most accurate one.

    train may hold pictures and their mirrored copies, with their labels twice. weights: K, how much a
    row of each class counts, in val too when strengths are compared.
    """
    _check(train, labels, classes, "train")
    _check(val, val_labels, classes, "val", width=train.shape[1])
    _check_choices(l2s, weights, classes)
    with one_thread(wanted=train.size <= _FEW):
        return _fitted(_Fit(train, labels, classes, weights), val, val_labels, l2s, weights)


def _fitted(
    fit: _Fit,
    val: Features,
    val_labels: Labels,
    l2s: Sequence[float],
    weights: NDArray[Any] | None,
) -> Head:
    """From the strongest L2 on, each from the solution before."""
    tried: list[dict[str, float]] = []
    found: list[Solution] = []
    worse, last, lowest = 0, None, np.inf
    for l2 in sorted(l2s, reverse=True):
        last = fit.solved(l2, last, _PATH_GAP)
        logits = _logits(val, *fit.folded(last))
        loss = _nll(logits, val_labels, weights)
        right = float((logits.argmax(1) == val_labels).mean())
        found.append(last)
        tried.append(
            {"l2": l2, "train_loss": float(fit.problem.nll(last.logits)), "val_loss": loss}
            | {"val_accuracy": right, "steps": last.steps}
        )
        worse, lowest = (0, loss) if loss < lowest else (worse + 1, lowest)
        if worse == _WORSE:
            break
    near = [i for i, row in enumerate(tried) if row["val_loss"] <= lowest * _SAME + 1e-12]
    best = max(near, key=lambda i: (tried[i]["val_accuracy"], tried[i]["l2"]))
    weight, bias = fit.folded(fit.solved(tried[best]["l2"], found[best], GAP))
    return _kept(weight, bias, val, val_labels, tried[best]["l2"], tuple(tried))


def _kept(
    weight: NDArray[np.float64],
    bias: NDArray[np.float64],
    val: Features,
    val_labels: Labels,
    l2: float,
    tried: tuple[dict[str, float], ...],
) -> Head:
    """In float32, with the figures of those very numbers."""
    w, b = weight.astype(np.float32), bias.astype(np.float32)
    logits = _logits(val, w, b)
    right = float((logits.argmax(1) == val_labels).mean())
    return Head(w, b, l2, _nll(logits, val_labels, None), right, tried)


def out_of_fold(
    features: Features,
    labels: Labels,
    groups: Groups | None,
    classes: int,
    l2: float,
    folds: int = 5,
    seed: int = 0,
) -> NDArray[np.float64]:
    """N K probabilities, each row's by a head that saw neither it nor its group.

    groups: one value a row, as in a dataset; an empty text or a negative number stands alone. A row whose
    class is nowhere outside its fold cannot be judged so: it gets the answer of a head fitted on all
    rows, which will not suspect it.
    """
    _check(features, labels, classes, "train")
    _check_choices([l2], None, classes)
    if folds < 2:
        raise CannotTrain(f"folds are at least 2, not {folds}")
    fold = _folds(labels, groups, classes, folds, seed)
    made = np.empty((len(labels), classes))
    alone = np.zeros(len(labels), np.bool_)
    for at in np.unique(fold):
        inside, outside = fold == at, fold != at
        alone |= inside & ~np.isin(labels, labels[outside])
        if outside.any():
            made[inside] = _answers(features, labels, outside, classes, l2, inside)
    if alone.any():
        made[alone] = _answers(features, labels, np.ones_like(alone), classes, l2, alone)
    return made


def _answers(
    features: Features,
    labels: Labels,
    shown: NDArray[np.bool_],
    classes: int,
    l2: float,
    asked: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Probabilities for the rows `asked` by a head fitted on the rows `shown`."""
    with one_thread(wanted=features.size <= _FEW):
        fit = _Fit(features[shown], labels[shown], classes, None)
        logits = _logits(features[asked], *fit.folded(fit.solved(l2, None, _PATH_GAP)))
    return np.asarray(torch.softmax(torch.from_numpy(logits), 1).numpy())


def _folds(
    labels: Labels, groups: Groups | None, classes: int, folds: int, seed: int
) -> NDArray[np.int64]:
    """N: the fold of each row. Groups first, largest first, where their classes are fewest; then the rows
    that stand alone fill up each class.
    """
    fold = np.full(len(labels), -1, np.int64)
    held = np.zeros((folds, classes), np.int64)
    mixed = seeds.generator(seed, "folds").permutation(len(labels))
    if groups is not None:
        numbers = numbered(groups)
        if len(numbers) != len(labels):
            raise CannotTrain(f"{len(numbers):,} group values for {len(labels):,} rows")
        for rows in _members(numbers, mixed):
            counts = np.bincount(labels[rows], minlength=classes)
            load = (held * counts).sum(axis=1) / max(1, len(rows))
            at = int(np.lexsort((held.sum(axis=1), load))[0])
            fold[rows] = at
            held[at] += counts
    for number in range(classes):
        rows = mixed[(labels[mixed] == number) & (fold[mixed] < 0)]
        places = held[:, number, None] + np.arange(len(rows))  # F n: how full each fold would be
        places = places * folds + ((np.arange(folds) + number) % folds)[:, None]
        fold[rows] = np.argsort(places, axis=None, kind="stable")[: len(rows)] // max(1, len(rows))
    return fold


def _members(numbers: NDArray[np.int64], mixed: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The rows of each group of two or more, largest first, equals in the order of the draw."""
    drawn = np.empty_like(mixed)
    drawn[mixed] = np.arange(len(mixed))
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order]))
    members = [m for m in np.split(order, starts + 1) if len(m) > 1 and numbers[m[0]] >= 0]
    return sorted(members, key=lambda m: (-len(m), int(drawn[m].min())))


def _logits(
    features: Features, weight: NDArray[np.floating[Any]], bias: NDArray[np.floating[Any]]
) -> NDArray[np.float64]:
    """N K in float64, some rows at a time."""
    w, b = weight.astype(np.float64).T, bias.astype(np.float64)
    made = np.empty((len(features), len(b)))
    for start in range(0, len(features), 4096):
        made[start : start + 4096] = features[start : start + 4096].astype(np.float64) @ w + b
    return made


def _nll(logits: NDArray[np.float64], labels: Labels, weights: NDArray[Any] | None) -> float:
    """The mean loss, rows counted as their class says."""
    top = logits.max(axis=1, keepdims=True)
    sums = np.log(np.exp(logits - top).sum(axis=1)) + top[:, 0]
    lost = sums - logits[np.arange(len(labels)), labels]
    shares = np.ones(len(labels)) if weights is None else np.asarray(weights, float)[labels]
    return float(lost @ shares / shares.sum())


def _check(
    features: Features, labels: Labels, classes: int, name: str, width: int | None = None
) -> None:
    """Rows that can be fitted or judged."""
    if features.ndim != 2 or not features.size or len(features) != len(labels):
        raise CannotTrain(
            f"features of {name} must be N D with N labels: they are {features.shape}, with {len(labels)}"
        )
    if width is not None and features.shape[1] != width:
        raise CannotTrain(
            f"features of {name} have {features.shape[1]} numbers a picture, train's have {width}"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise CannotTrain(
            f"labels of {name} are from {labels.min()} to {labels.max()}; there are {classes} classes"
        )
    if not np.isfinite(features).all():
        raise CannotTrain(
            f"features of {name} hold numbers that are not finite",
            "the weights of the network are damaged, or the pictures are not normalised for it",
        )


def _check_choices(l2s: Sequence[float], weights: NDArray[Any] | None, classes: int) -> None:
    """Strengths and class weights that mean something."""
    if not len(l2s) or not all(0 < l2 < np.inf for l2 in l2s):
        raise CannotTrain(f"strengths of L2 are above 0, these are {list(l2s)}")
    if weights is not None and (np.shape(weights) != (classes,) or not np.all(weights >= 0)):
        raise CannotTrain(f"class weights are {classes} numbers from 0 on, these are {weights}")
