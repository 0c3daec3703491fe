"""SmoothGrad-squared: the mean of squared gradients over noisy copies of a picture.

Smilkov and others (2017), "SmoothGrad". Of the variants, the squared one and VarGrad were better than random
where networks were trained again without the pixels found (Hooker and others 2019, "ROAR").
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from striate import seeds
from striate.seeing.asking import slopes

ROUNDS, SPREAD = 24, 0.15


def smooth_squared(
    model: nn.Module, pictures: Tensor, targets: Tensor, rounds: int = ROUNDS, seed: int = 0
) -> Tensor:
    """N C H W and N classes to N C H W, never negative. The noise of a picture depends on its place alone."""
    found = []
    for i, picture in enumerate(pictures):
        noisy = picture + noise(picture, rounds, seed, i)
        found.append(slopes(model, noisy, targets[i].expand(rounds)).square().mean(0))
    return torch.stack(found)


def noise(picture: Tensor, rounds: int, seed: int, index: int) -> Tensor:
    """Gaussian noise, rounds C H W, as wide as 15 % of what lies between the picture's least and greatest."""
    draw = seeds.generator(seed, "smoothgrad", index=index)
    drawn = torch.from_numpy(draw.standard_normal((rounds, *picture.shape)))
    return drawn.to(picture) * (picture.max() - picture.min()) * SPREAD
