"""Run by torchrun: steps that cannot be done, and what each rank makes of it.

Usage: rank_update_job.py KIND FOLDER; each rank writes FOLDER/RANK.json.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from striate.errors import StriateError
from striate.training import rank_norm
from striate.training.loop import fit
from striate.training.ranks import joined
from striate.training.recipe import Recipe
from striate.training.state import Training
from tests.training import small

PLAIN = "1x8x8: conv3p1-8 relu max2 conv3p1-16 relu gap fc10"
MOST, BATCH, BAD = 40, 128, 3
MORE_THAN_THERE_IS = 2**60


class Hungry(nn.Module):
    """Wants more memory than any machine has when more than `most` pictures come at once."""

    def __init__(self, inner: nn.Module, most: int) -> None:
        super().__init__()
        self.inner, self.most = inner, most

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N K."""
        if self.training and len(x) > self.most:
            torch.empty(MORE_THAN_THERE_IS, dtype=torch.uint8)
        made: Tensor = self.inner(x)
        return made


class Poisoned(nn.Module):
    """Answers one picture of every batch with what is no number, if `here`."""

    def __init__(self, inner: nn.Module, *, here: bool) -> None:
        super().__init__()
        self.inner, self.here = inner, here

    def forward(self, x: Tensor) -> Tensor:
        """N C H W to N K."""
        keep = torch.ones(len(x), 1)
        if self.here:
            keep[BAD] = float("nan")
        made: Tensor = self.inner(x) * keep
        return made


def main(kind: str, folder: str) -> None:
    """A pass, on rank 1 with less memory, or with a picture that is no number."""
    recipe = Recipe().changed(("optimiser.name=sgd", "epochs=1", "pictures.augment=none"))
    told: dict[str, Any] = {}
    with joined() as ranks:
        inner = small.network(text=small.TEXT if kind == "norms" else PLAIN)
        network: nn.Module = Poisoned(inner, here=kind == "poison" and ranks.rank == 1)
        if kind != "poison":
            network = Hungry(inner, MOST if ranks.rank == 1 else BATCH)
        rank_norm.install(network)
        course = small.course(recipe, BATCH)
        here = Training.begin(network, recipe, course, ranks=ranks)
        batches = small.batches(recipe, BATCH, ranks.rank, ranks.count)
        try:
            told["steps"] = len(list(fit(network, batches, recipe, course, training=here)))
        except StriateError as fault:
            told |= {"code": fault.code, "text": fault.text, "hint": fault.hint}
            told["where"] = fault.where.splitlines()
        rows = next(iter(batches.epoch(0))).rows
        told["bad"] = small.pictures().dataset.paths[int(rows[BAD])]
        told |= {"micro_batch": here.micro_batch, "notes": here.notes, "step": here.step}
        weights = b"".join(v.detach().numpy().tobytes() for v in network.state_dict().values())
        told["weights"] = hashlib.sha256(weights).hexdigest()
        (Path(folder) / f"{ranks.rank}.json").write_text(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
