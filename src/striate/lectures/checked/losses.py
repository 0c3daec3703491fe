"""Softmax and SVM losses: cases, what is right, and known mistakes.

softmax_loss(x, labels) and svm_loss(x, labels) give the loss, or (loss, dx).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from striate import seeds
from striate.lectures.checked.case import Case, Kind, Mistake, Numbers
from striate.textbook.losses import HingeLoss, SoftmaxLoss, log_softmax


def cases() -> list[Case]:
    """Scores N K and labels N; those of the last are as large as 1000."""
    made = []
    for index, (n, k, scale, kind) in enumerate(
        ((1, 3, 1, "float64"), (4, 3, 2, "float64"), (5, 10, 3, "float64"), (3, 4, 2, "float32"),
         (2, 3, 1000, "float64"))
    ):  # fmt: skip
        draw = seeds.generator(0, "check loss", 0, index)
        scores, labels = draw.normal(size=(n, k)), draw.integers(0, k, n)
        if scale == 1000:
            scores = np.array([[1000.0, 1001.0, 998.0], [-1000.0, -999.0, -1002.0]])
            labels = np.array([0, 1])
        else:
            scores = scale * scores
        many = ", scores around 1000" if scale == 1000 else ""
        given = {"x": scores.astype(kind), "labels": labels}
        made.append(Case(f"x {n}×{k}{many}, {kind}", given))
    return made


def _rows(case: Case) -> tuple[Numbers, Numbers, int]:
    return np.arange(len(case["x"])), case["labels"], len(case["x"])


def _softmax_right(case: Case) -> dict[str, Numbers]:
    loss = SoftmaxLoss()
    return {"loss": np.asarray(loss.forward(case["x"], case["labels"])), "dx": loss.backward()}


def _svm_right(case: Case) -> dict[str, Numbers]:
    loss = HingeLoss()
    return {"loss": np.asarray(loss.forward(case["x"], case["labels"])), "dx": loss.backward()}


def _logs(case: Case) -> Numbers:
    return log_softmax(case["x"])


def _softmax_dx(case: Case, taken: float, over: float) -> Numbers:
    rows, labels, _ = _rows(case)
    made = np.exp(_logs(case))
    made[rows, labels] -= taken
    return made / over


def _picked(case: Case, base: float = np.e, every: bool = False) -> Numbers:
    rows, labels, n = _rows(case)
    logs = _logs(case) / np.log(base)
    return np.asarray(-(logs.sum() if every else logs[rows, labels].sum()) / n)


def _mean_p(case: Case) -> Numbers:
    rows, labels, _ = _rows(case)
    return np.asarray(np.exp(_logs(case))[rows, labels].mean())


SOFTMAX = Kind(
    "softmax loss",
    ("softmax",),
    "softmax_loss(x, labels) → loss or (loss, dx)",
    ("loss", "dx"),
    (),
    cases,
    _softmax_right,
    {
        "loss": (
            Mistake("summed over the pictures; take the mean", lambda c: _picked(c) * len(c["x"])),
            Mistake("the logarithm has the base 2; take the natural one", lambda c: _picked(c, 2)),
            Mistake("the logarithm has the base 10; take the natural one", lambda c: _picked(c, 10)),
            Mistake("all classes count; take −log p of the right class alone",
                    lambda c: _picked(c, every=True)),
            Mistake("the probability itself; take −log of it", _mean_p),
        ),
        "dx": (
            Mistake("dx is not divided by the number of pictures", lambda c: _softmax_dx(c, 1, 1)),
            Mistake("1 is not taken off the right class: dx = (p − onehot)/N",
                    lambda c: _softmax_dx(c, 0, len(c["x"]))),
            Mistake("1 is not taken off the right class, and it is not divided by N",
                    lambda c: _softmax_dx(c, 0, 1)),
        ),
    },
)  # fmt: skip


def _over(case: Case, margin: float = 1.0, own: bool = False) -> Numbers:
    rows, labels, _ = _rows(case)
    made = np.maximum(case["x"] - case["x"][rows, labels][:, None] + margin, 0)
    if not own:
        made[rows, labels] = 0
    return made


def _mean_of(made: Callable[[Case], Numbers]) -> Callable[[Case], Numbers]:
    return lambda case: np.asarray(made(case).sum() / len(case["x"]))


def _svm_dx_wrong_alone(case: Case) -> Numbers:
    return (_over(case) > 0) / len(case["x"])


def _svm_dx_one(case: Case) -> Numbers:
    rows, labels, n = _rows(case)
    made = (_over(case) > 0).astype(float)
    made[rows, labels] = -1
    return made / n


SVM = Kind(
    "SVM loss",
    ("svm", "hinge"),
    "svm_loss(x, labels) → loss or (loss, dx), with a margin of 1",
    ("loss", "dx"),
    (),
    cases,
    _svm_right,
    {
        "loss": (
            Mistake("summed over the pictures; take the mean", lambda c: np.asarray(_over(c).sum())),
            Mistake("the right class counts too, with a loss of 1; leave it out",
                    _mean_of(lambda c: _over(c, own=True))),
            Mistake("the margin is missing: max(0, s_j − s_y + 1)", _mean_of(lambda c: _over(c, 0.0))),
            Mistake("the largest over the wrong classes is taken; take their sum",
                    _mean_of(lambda c: _over(c).max(axis=1))),
            Mistake("it is squared; take max(0, …) itself", _mean_of(lambda c: _over(c) ** 2)),
            Mistake("the mean over the classes is taken; take their sum",
                    _mean_of(lambda c: _over(c).mean(axis=1))),
        ),
        "dx": (
            Mistake("dx is not divided by the number of pictures",
                    lambda c: _svm_right(c)["dx"] * len(c["x"])),
            Mistake("the right class gets nothing; it gets minus one for each wrong class inside the margin",
                    _svm_dx_wrong_alone),
            Mistake("the right class gets −1; it gets −1 for every wrong class inside the margin",
                    _svm_dx_one),
        ),
    },
)  # fmt: skip
