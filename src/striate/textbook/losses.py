"""How wrong the scores are, as one number, and which way to move them.

Scores are N K, one row for each picture; labels are N whole numbers 0 ... K-1.
"""

from __future__ import annotations

from typing import Protocol, final

import numpy as np

from striate.textbook.layer import Array, Labels, Layer


class Loss(Protocol):
    """A loss is the last step of the graph: its backward starts with dL/dL = 1."""

    def forward(self, scores: Array, labels: Labels) -> float:
        """N K and N to one number, the mean over the batch."""
        ...

    def backward(self) -> Array:
        """dL/dscores, N K."""
        ...


@final
class SoftmaxLoss:
    """L = mean of -log p[label], with p = softmax(scores): cross-entropy.

    dL/dscores = (p - onehot(labels)) / N
    """

    def forward(self, scores: Array, labels: Labels) -> float:
        """N K and N to one number."""
        self.log_p, self.labels = log_softmax(scores), labels
        return float(-self.log_p[np.arange(len(labels)), labels].mean())

    def backward(self) -> Array:
        """N K."""
        pull: Array = np.exp(self.log_p)
        pull[np.arange(len(pull)), self.labels] -= 1
        return pull / len(pull)


@final
class HingeLoss:
    """The multiclass SVM: every wrong class should score at least `margin` less than the right one.

        L = mean over pictures of  sum over j != y of  max(0, s[j] - s[y] + margin)

    A wrong class inside the margin gets 1 / N; the right class gets minus as many of these as there are.
    """

    def __init__(self, margin: float = 1.0) -> None:
        self.margin = margin

    def forward(self, scores: Array, labels: Labels) -> float:
        """N K and N to one number."""
        rows = np.arange(len(labels))
        self.labels = labels
        self.over = scores - scores[rows, labels][:, None] + self.margin
        self.over[rows, labels] = 0
        return float(np.maximum(self.over, 0).sum() / len(labels))

    def backward(self) -> Array:
        """N K."""
        pull = (self.over > 0).astype(float)
        pull[np.arange(len(pull)), self.labels] = -pull.sum(axis=1)
        return pull / len(pull)


def log_softmax(scores: Array) -> Array:
    """N K to N K: s - log(sum of e^s). The largest score is taken off first, so that nothing overflows."""
    below = scores - scores.max(axis=1, keepdims=True)
    made: Array = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return made


@final
class Softmax(Layer):
    """Scores to probabilities along the channels: p[k] = e^s[k] / sum over j of e^s[j]. N K ... to the same.

    dL/ds = p (upstream - sum over k of upstream[k] p[k])
    """

    def forward(self, x: Array) -> Array:
        """N K ... to the same."""
        self.p: Array = np.exp(log_softmax(x))
        return self.p

    def backward(self, upstream: Array) -> Array:
        """N K ... to the same."""
        mean = (upstream * self.p).sum(axis=1, keepdims=True)
        downstream: Array = self.p * (upstream - mean)
        return downstream
