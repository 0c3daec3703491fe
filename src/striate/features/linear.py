"""Linear classifiers: scores s = x W + b, one template for each class, fitted by gradient descent.

Softmax: the loss of a row is -log(exp(s_y) / sum_j exp(s_j)); its gradient by s is p - onehot(y).
SVM (Weston and Watkins, as in the lectures): sum over j != y of max(0, s_j - s_y + 1); its gradient by
s_j is 1 where the margin is not kept, and by s_y minus the number of those.
Both: mean over rows, plus strength / 2 * |W|^2; the bias is not held back.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from striate.features.descent import Descent, descend, steepest
from striate.features.kinds import Labels, Table


@final
@dataclass(frozen=True, eq=False)
class Linear:
    """weights: D K, bias: K."""

    weights: Table
    bias: Table

    def scores(self, table: Table) -> Table:
        """N D to N K."""
        made: Table = table @ self.weights + self.bias
        return made

    @property
    def parameters(self) -> int:
        """K (D + 1)."""
        return int(self.weights.size + self.bias.size)

    @property
    def multiply_adds(self) -> int:
        """Of one row: K D."""
        return int(self.weights.size)


class Pull(NamedTuple):
    """Of a batch: the mean loss, and its gradient by the N K scores."""

    loss: float
    scores: Table


Loss = Callable[[Table, Labels], Pull]


def softmax_loss(scores: Table, labels: Labels) -> Pull:
    """N K scores and N labels."""
    n, rows = len(scores), np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    share = np.exp(shifted)
    total = share.sum(axis=1, keepdims=True)
    loss = float((np.log(total[:, 0]) - shifted[rows, labels]).mean())
    share /= total
    share[rows, labels] -= 1
    share /= n
    return Pull(loss, share)


def hinge_loss(scores: Table, labels: Labels) -> Pull:
    """N K scores and N labels."""
    n, rows = len(scores), np.arange(len(scores))
    margin = scores - scores[rows, labels][:, None] + 1
    margin[rows, labels] = 0
    missed = (margin > 0).astype(scores.dtype)
    loss = float(np.maximum(margin, 0).sum() / n)
    missed[rows, labels] = -missed.sum(axis=1)
    missed /= n
    return Pull(loss, missed)


LOSSES: dict[str, Loss] = {"softmax": softmax_loss, "svm": hinge_loss}
# How curved a loss is by the scores, at most: 1/2 for softmax (Boehning 1992). The hinge has corners
# instead; a step as for a curve of 1 crosses them gently.
_CURVE = {"softmax": 0.5, "svm": 1.0}


def rate_for(kind: str, table: Table) -> float:
    """A first rate that does not overshoot."""
    return 0.5 / (_CURVE[kind] * steepest(table))


def fit_linear(
    table: Table, labels: Labels, classes: int, kind: str, strength: float, how: Descent
) -> Linear:
    """From N D rows: `kind` is softmax or svm. It begins with all weights 0."""
    loss = LOSSES[kind]
    model = Linear(np.zeros((table.shape[1], classes), np.float32), np.zeros(classes, np.float32))

    def gradients(rows: Labels) -> tuple[Table, Table]:
        some = table[rows]
        pull = loss(model.scores(some), labels[rows]).scores
        return some.T @ pull + np.float32(strength) * model.weights, pull.sum(axis=0)

    descend((model.weights, model.bias), gradients, len(table), how)
    return model


def objective(model: Linear, table: Table, labels: Labels, kind: str, strength: float) -> float:
    """What the fit makes small: the mean loss, plus strength / 2 * |W|^2."""
    held = float((model.weights.astype(np.float64) ** 2).sum())
    return LOSSES[kind](model.scores(table), labels).loss + strength / 2 * held
