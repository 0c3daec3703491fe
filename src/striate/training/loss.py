"""What training makes small: softmax cross-entropy, or the multiclass hinge of the lectures.

Both are given as the sum over the pictures, so that the sums of micro-batches and of ranks add up to that
of the batch; whoever calls divides by the sum of the weights of the whole batch.

Shape legend: N pictures, K classes.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from striate.training.recipe_parts import LossPart


def loss_of(
    part: LossPart, logits: Tensor, labels: Tensor, partners: Tensor, share: float, weights: Tensor
) -> Tensor:
    """The sum over pictures of weight x (share x loss(labels) + (1 - share) x loss(partners)).

    logits: N K; labels, partners: N int64; weights: N. Computed in float32 at the least. NaN where any
    logit is infinite or NaN, also where the formula would not show it: the hinge of a true class at
    infinity is 0.

    >>> scores = torch.tensor([[3.2, 5.1, -1.7]])
    >>> cat, one = torch.tensor([0]), torch.ones(1)
    >>> round(float(loss_of(LossPart(), scores, cat, cat, 1.0, one)), 2)
    2.04
    """
    if logits.dtype in (torch.bfloat16, torch.float16):
        logits = logits.float()
    losses = _losses(part, logits, labels)
    if share != 1:
        losses = share * losses + (1 - share) * _losses(part, logits, partners)
    seen = (logits.detach() * 0).sum(dim=1)  # 0, or NaN
    return (weights * (losses + seen)).sum()


def _losses(part: LossPart, logits: Tensor, labels: Tensor) -> Tensor:
    """N K and N to N."""
    if part.name == "hinge":
        return _hinge(logits, labels, part.margin)
    return functional.cross_entropy(
        logits, labels, reduction="none", label_smoothing=max(0.0, part.smoothing)
    )


def _hinge(logits: Tensor, labels: Tensor, margin: float) -> Tensor:
    """The sum over the wrong classes j of max(0, s_j - s_true + margin), Weston and Watkins (1999)."""
    true = logits.gather(1, labels[:, None])  # N 1
    over = functional.relu(logits - true + margin)
    wrong = torch.ones_like(over).scatter_(1, labels[:, None], 0.0)
    return (over * wrong).sum(dim=1)
