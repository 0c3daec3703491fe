"""Pixels to numbers for the network, on any device: the bits that `Preparation.normalise` gives.

Shape legend: N pictures, C channels, H height, W width.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from striate.pictures.prepare import Preparation

_IN_CACHE = 2**18  # floats that go through all three operations before the next ones come
Floats = NDArray[np.float32]


def normalised(
    images: torch.Tensor, preparation: Preparation, to: torch.dtype = torch.float32
) -> torch.Tensor:
    """N H W C uint8 to N C H W: x / 255, minus mean, by std, each rounded to float32: the bits that
    `Preparation.normalise` gives.
    """
    N, H, W, C = images.shape
    # Whole lines at a time: mean and std repeated along a line, so that nothing is spread over three numbers.
    mean = np.tile(np.array(preparation.mean, np.float32), W)
    std = np.tile(np.array(preparation.std, np.float32), W)
    if images.device.type == "cpu":
        return _normalised_here(images, mean, std).to(to).view(N, H, W, C).permute(0, 3, 1, 2)
    # A tensor, since a plain 255 becomes a product with 1 / 255 on some devices.
    most = torch.full((1,), 255.0, device=images.device)
    lines = images.reshape(N * H, W * C).to(torch.float32)
    on_device = (torch.from_numpy(one).to(images.device) for one in (mean, std))
    made = lines.div_(most).sub_(next(on_device)).div_(next(on_device)).to(to)
    return made.view(N, H, W, C).permute(0, 3, 1, 2)


def _normalised_here(images: torch.Tensor, mean: Floats, std: Floats) -> torch.Tensor:
    """N * H lines of W * C, by NumPy: it asks for large pages, which torch does not, and it has no threads.
    Torch in a thread that works ahead starts threads of its own, and with more of them than cores those that
    train sleep at every turn: a step at 17 pixels took 0.38 s for 0.28.
    """
    lines = images.numpy().reshape(-1, len(mean))
    made = np.empty(lines.shape, np.float32)
    at_once = max(1, _IN_CACHE // len(mean))
    for start in range(0, len(lines), at_once):
        part = made[start : start + at_once]
        np.divide(lines[start : start + at_once], np.float32(255), out=part, dtype=np.float32)
        part -= mean
        part /= std
    return torch.from_numpy(made)
