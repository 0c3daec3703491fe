"""Small networks with everything that has broken tools like these: reused, in-place and functional ReLUs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Plain(nn.Module):
    """ReLUs as modules of their own, none in place: what other tools can read too."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.BatchNorm2d(6), nn.ReLU(inplace)
        )
        self.stage2 = nn.Sequential(nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.ReLU(inplace))
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        """N 3 H W to N 4."""
        return self.head(self.stage2(self.stage1(x)).mean((2, 3)))


class Reused(nn.Module):
    """One in-place ReLU used three times, a functional one whose result is not taken, and a shortcut."""

    def __init__(self) -> None:
        super().__init__()
        self.one = nn.Conv2d(3, 6, 3, padding=1)
        self.two = nn.Conv2d(6, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        """N 3 H W to N 4."""
        first = self.relu(self.norm(self.one(x)))
        second = self.relu(self.norm(self.two(first)) + first)
        third = self.two(second)
        F.relu(third, inplace=True)
        return self.head(self.drop(self.relu(third + second).mean((2, 3))))


def ready(make: Callable[[], nn.Module], seed: int = 0) -> Any:
    """In float64 and eval mode, with norms that have seen something, and the same weights in every test."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make().double()
        with torch.no_grad():
            model.train()
            model(torch.randn(16, 3, 12, 10, dtype=torch.float64) * 2 + 0.3)
    return model.eval()


def pictures(count: int = 3, size: tuple[int, int] = (12, 10), seed: int = 1) -> Tensor:
    """N 3 H W in float64."""
    drawn = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, *size, generator=drawn, dtype=torch.float64)
