"""Run by torchrun: gradients of several processes held against those of one. Prints one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch import nn

from striate.pictures.order import places
from striate.training import rank_norm
from striate.training import ranks as ranks_module
from striate.training.initialise import seeded
from striate.training.ranks import ALONE, Ranks, joined

N, STEPS = 13, 3
LATE = "late"  # rank 0 prepares for longer than a step may take


def network(kind: torch.dtype) -> nn.Module:
    """Two norms, one on a flat layer."""
    with seeded(3):
        made = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU(),
            nn.Conv2d(8, 8, 3, bias=False), nn.BatchNorm2d(8, momentum=0.3, affine=False),
            nn.Flatten(), nn.Linear(288, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4),
        )  # fmt: skip
    return made.to(kind)


def gradients(
    made: nn.Module, ranks: Ranks, rows: range, whole: int, step: int
) -> list[torch.Tensor]:
    """Of the mean loss over the whole batch; every rank has `rows` of it."""
    draw = torch.Generator().manual_seed(step)
    kind = next(made.parameters()).dtype
    images = torch.randn(whole, 3, 8, 8, generator=draw, dtype=torch.float64).to(kind)
    labels = torch.randint(0, 4, (whole,), generator=draw)
    made.zero_grad()
    part = slice(rows.start, rows.stop)
    loss = nn.functional.cross_entropy(made(images[part]), labels[part], reduction="sum")
    (loss / whole).backward()
    ranks.sum_gradients(made.parameters())
    return [p.grad.clone() for p in made.parameters() if p.grad is not None]


def main() -> None:
    """Both kinds of numbers, some steps, running statistics too."""
    if LATE in sys.argv:
        ranks_module.HANGS_AFTER_S = 15.0
    with joined() as ranks:
        found: dict[str, Any] = {}
        for name, kind in (("float64", torch.float64), ("float32", torch.float32)):
            alone, together = network(kind), network(kind)
            installed = rank_norm.install(together)
            worst = 0.0
            for step in range(STEPS):
                rows = places(N, 0, N, ranks.rank, ranks.count)
                here = gradients(together, ranks, rows, N, step)
                there = gradients(alone, ALONE, range(N), N, step)
                # By the largest gradient of all: a bias before a norm has none but rounding.
                largest = max(float(g.abs().max()) for g in there)
                apart = (float((a - b).abs().max()) for a, b in zip(here, there, strict=True))
                worst = max(worst, *(one / largest for one in apart))
            states = zip(alone.state_dict().items(), together.state_dict().items(), strict=True)
            statistics = max(
                float((a.double() - b.double()).abs().max()) for (n, a), (m, b) in states if n == m
            )
            found[name] = {"gradients": worst, "statistics": statistics, "norms": installed}
        if ranks.is_first and LATE in sys.argv:
            time.sleep(ranks_module.HANGS_AFTER_S + 5)
        told = ranks.told("a wörd" if ranks.is_first else "")
        found["told"] = told
        found["agreed"] = [ranks.agree(ranks.rank == 1), ranks.agree(False)]
        found["sum"] = ranks.sums_of(ranks.rank + 1, 10)
        if ranks.is_first:
            sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
