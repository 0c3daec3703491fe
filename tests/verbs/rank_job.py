"""Run by torchrun, or alone: a small training, and what this process saw on the way.

Usage: python rank_job.py DATA FOLDER SEEN [A.B=C ...]; FOLDER is the run, SEEN a folder for what was seen:
`steps-RANK.json`, of every step its pass, pictures and threads, and `reads.txt`, a line for every picture
that any process read.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from striate.pictures.batches import Batch, Batches
from striate.pictures.source import Source
from striate.training import loop, update
from striate.training.ranks import joined
from striate.training.recipe import Recipe
from striate.training.state import Training
from striate.verbs.train import begin
from striate.verbs.train_order import Order
from tests.verbs import made

MODEL = "3x8x8: conv3p1-4 bn relu gap fc"


def note_reads(kind: type[Source], place: Path) -> None:
    """Every picture that is read, by this process or by a worker that it forks."""
    real, rank = kind.data, os.environ.get("RANK", "0")

    def data(self: Source, index: int, path: str) -> bytes:
        with open(place, "a") as file:
            file.write(f"{rank} {path}\n")
        return real(self, index, path)

    kind.data = data  # type: ignore[method-assign]


def note_steps(kept: list[dict[str, Any]]) -> None:
    """Every step: its number, its pass, the pictures this process had, and its threads."""
    real = update.one_update

    def one_update(here: Training, batches: Batches, batch: Batch, epoch: int, *rest: Any) -> Any:
        data = batches.pictures.dataset
        paths = [data.paths[int(row)] for row in batch.rows]
        kept.append({"epoch": epoch, "paths": paths, "threads": torch.get_num_threads()})
        return real(here, batches, batch, epoch, *rest)

    setattr(loop, "one_update", one_update)  # noqa: B010 it is not one of the names that loop exports


def main(data: str, folder: str, seen: str, *settings: str) -> None:
    """Train, and write down what was seen."""
    from striate.pictures.inputs.shards import Shards

    steps: list[dict[str, Any]] = []
    note_reads(Shards, Path(seen) / "reads.txt")
    note_steps(steps)
    recipe = Recipe().changed(settings)
    order = Order(data, MODEL, look_for_copies=False)
    with joined() as ranks:
        made.followed(begin(order, recipe, path=Path(folder), ranks=ranks))
    (Path(seen) / f"steps-{ranks.rank}.json").write_text(json.dumps(steps))


if __name__ == "__main__":
    main(*sys.argv[1:])
