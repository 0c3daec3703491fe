"""The network of two layers of the lectures: s = max(0, x W1 + b1) W2 + b2, softmax, gradients by hand.

Backward: by s it is p - onehot(y); W2 gets h^T times that, h gets that times W2^T where h > 0, and W1
gets x^T times that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from striate import seeds
from striate.features.descent import Descent, descend
from striate.features.kinds import Labels, Table
from striate.features.linear import softmax_loss


@final
@dataclass(frozen=True, eq=False)
class TwoLayer:
    """first: D M, its bias: M; second: M K, its bias: K."""

    first: Table
    first_bias: Table
    second: Table
    second_bias: Table

    @property
    def weights(self) -> tuple[Table, Table, Table, Table]:
        """All four, in order."""
        return self.first, self.first_bias, self.second, self.second_bias

    def scores(self, table: Table) -> Table:
        """N D to N K."""
        made: Table = self.hidden(table) @ self.second + self.second_bias
        return made

    def hidden(self, table: Table) -> Table:
        """N D to N M."""
        made: Table = np.maximum(table @ self.first + self.first_bias, 0)
        return made

    @property
    def parameters(self) -> int:
        """M (D + 1) + K (M + 1)."""
        return sum(int(one.size) for one in self.weights)

    @property
    def multiply_adds(self) -> int:
        """Of one row: M D + K M."""
        return int(self.first.size + self.second.size)


def begun(width: int, hidden: int, classes: int, seed: int) -> TwoLayer:
    """He's start for rows of length 1: hidden values then have a spread of about 1."""
    rng = seeds.generator(seed, "two layers")
    first = rng.normal(size=(width, hidden)).astype(np.float32) * np.float32(2**0.5)
    second = rng.normal(size=(hidden, classes)).astype(np.float32) * np.float32((2 / hidden) ** 0.5)
    return TwoLayer(
        first, np.zeros(hidden, np.float32), second * np.float32(0.1), np.zeros(classes, np.float32)
    )


def gradients_of(
    model: TwoLayer, table: Table, labels: Labels, strength: float
) -> tuple[float, tuple[Table, Table, Table, Table]]:
    """The loss of N rows with strength / 2 * |W|^2, and its gradients in the order of `weights`."""
    hidden = model.hidden(table)
    loss, pull = softmax_loss(hidden @ model.second + model.second_bias, labels)
    back = (pull @ model.second.T) * (hidden > 0)
    held = sum(float((w.astype(np.float64) ** 2).sum()) for w in (model.first, model.second))
    grown = np.float32(strength)
    return loss + strength / 2 * held, (
        table.T @ back + grown * model.first, back.sum(axis=0),
        hidden.T @ pull + grown * model.second, pull.sum(axis=0),
    )  # fmt: skip


def fit_two_layer(
    table: Table, labels: Labels, classes: int, hidden: int, strength: float, how: Descent
) -> TwoLayer:
    """From N D rows of about length 1."""
    model = begun(table.shape[1], hidden, classes, how.seed)
    descend(
        model.weights,
        lambda rows: gradients_of(model, table[rows], labels[rows], strength)[1],
        len(table),
        how,
    )
    return model
