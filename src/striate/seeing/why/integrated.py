"""Integrated gradients: what each number of a picture added on the straight way from a baseline to it.

All of them together should add up to how far the score moved; what is missing is the completeness gap, and
it is always told. Sundararajan, Taly, Yan (2017), "Axiomatic Attribution for Deep Networks".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from striate.seeing.asking import scores, slopes

STEPS = 50


class Integrated(NamedTuple):
    """values: N C H W; moved: N, score minus the baseline's; gap: N, sum of the values minus `moved`."""

    values: Tensor
    moved: Tensor
    gap: Tensor


def integrated(
    model: nn.Module,
    pictures: Tensor,
    targets: Tensor,
    baseline: Tensor | float = 0.0,
    steps: int = STEPS,
) -> Integrated:
    """N C H W and N classes. The integral is Gauss and Legendre's sum over `steps` points. The baseline 0 is
    the mean colour of what the network was trained on.
    """
    places, shares = np.polynomial.legendre.leggauss(steps)
    start = torch.zeros_like(pictures[:1]) + baseline
    at = torch.as_tensor((places + 1) / 2).to(pictures).view(-1, 1, 1, 1)
    share = torch.as_tensor(shares / 2).to(pictures).view(-1, 1, 1, 1)
    found = []
    for picture, target in zip(pictures, targets, strict=True):
        way = picture - start
        slope = slopes(model, start + at * way, target.expand(steps))
        found.append((slope * share).sum(0) * way[0])
    values = torch.stack(found)
    moved = scores(model, pictures, targets) - scores(
        model, start.expand(len(pictures), -1, -1, -1), targets
    )
    return Integrated(values, moved, values.flatten(1).sum(1) - moved)
